"""False neighbours of propositions, refuted exactly: instances in closed form, all hypotheses checked or argued.

An instance gives a number of classes, coordinates, outcomes and steps, and the value of every symbol and family. Sums
become finite, and signs of the numbers that are left are decided by exact normal forms or rigorous enclosures.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from sympy import (
    Abs,
    Expr,
    Float,
    Indexed,
    IndexedBase,
    Max,
    Min,
    Rational,
    Symbol,
    diff,
    expand,
    factor,
    log,
    sign,
    sympify,
)

from proofs.kernel import Index, Rejected, Relation, Time, Total, le
from proofs.kernel.interval import sign_of_number
from proofs.kernel.normal import is_zero
from proofs.kernel.signs import KNOWN, Signs
from proofs.kernel.terms import Defined, Grad, Opaque, free
from proofs.notation import i as classes
from proofs.notation import own, p, q, target
from proofs.printing import PLAIN

DISTRIBUTIONS: Mapping[Any, tuple[str, Callable[[Any], Expr]]] = {target: ("p", p), own: ("q", q)}
"""Families over the classes that are shown as what they are logits of."""


@dataclass(frozen=True)
class Neighbour:
    """A proposition that is slightly too strong, and an instance that refutes it.

    Args:
        goal: name of the goal of the proof that it sharpens; it has the same hypotheses, unless they are `given`.
        claims: what it claims, of what the goal shows.
        values: numbers for symbols, functions of their indices for families, a function of a list of coordinates for an
            abstract function, and for an index of outcomes how many there are, equally likely.
        given: other hypotheses, where it is these that are mis-stated.
        settles: the time from which on nothing changes, as the two times after it must bear out; without it, families
            are formulas in time.
        because: why a hypothesis holds whose check is beyond signs and normal forms.
    """

    goal: str
    claims: Callable[..., Relation]
    values: Mapping[Any, Any]
    given: tuple[Relation, ...] | None = None
    settles: int | None = None
    because: Mapping[Relation, str] = field(default_factory=dict)


def logits_of(*weights: Any) -> Callable[[Any], Expr]:
    """Logits of the distribution with these weights."""
    return lambda i: log(sympify(weights[int(i)]))


def reduced(*shows: Relation) -> Relation:
    """The last relation with one percent less on its right."""
    return le(shows[-1].left, Rational(99, 100) * shows[-1].right)


def refute(neighbour: Neighbour, given: Sequence[Relation], shows: Sequence[Relation]) -> dict[str, object]:
    """The instance and both sides there, in closed form, for a goal `given ⊢ shows`.

    Raises:
        Rejected: a hypothesis does not hold there, the neighbour does, or that is undecided.
    """
    instance, relation = Instance(neighbour.values, neighbour.settles), neighbour.claims(*shows)
    for hypothesis in given if neighbour.given is None else neighbour.given:
        if hypothesis not in neighbour.because and not instance.satisfies(hypothesis):
            raise Rejected(f"the instance does not satisfy {PLAIN.relation(hypothesis)}")
    left, right = instance.of(relation.left), instance.of(relation.right)
    found = sign_of(right - left)
    if found is None or found in KNOWN[relation.op]:
        raise Rejected(f"the instance does not refute {PLAIN.relation(relation)}")
    size = max(abs(float(left)), abs(float(right)))
    sides = {"left side": _number(left), "right side": _number(right)}
    granted = {"by hand": "; ".join(dict.fromkeys(neighbour.because.values()))} if neighbour.because else {}
    margin = -abs(float(right - left)) / size
    return {**instance.described(relation, *given), **granted, **sides, "margin": margin}


def sides_at(neighbour: Neighbour, relation: Relation) -> tuple[str, str, float]:
    """Both sides of a relation at the instance, and how near they are: the ratio of the smaller to the larger."""
    instance = Instance(neighbour.values, neighbour.settles)
    left, right = instance.of(relation.left), instance.of(relation.right)
    small, large = sorted((abs(float(left)), abs(float(right))))
    return _number(left), _number(right), small / large if large else 1.0


class Instance:
    """Values for what relations speak of."""

    def __init__(self, values: Mapping[Any, Any], settles: int | None = None):
        self.settles = settles
        self.values = {key: v if callable(v) else sympify(v) for key, v in values.items()}
        if any(isinstance(v, Expr) and v.has(Float) for v in self.values.values()):
            raise Rejected("a counterexample is exact; it has no floating-point numbers")
        for key, v in self.values.items():
            if isinstance(key, Symbol) and not callable(v):
                _require_kind(key, v)

    def of(self, e: Any, at: Mapping[Any, Any] | None = None) -> Any:
        """The value of a term, with indices and quantified symbols at the values `at`."""
        here = {**self.values, **(at or {})}
        if isinstance(e, Symbol):
            return here[e] if e in here else self._missing(e)
        if isinstance(e, Indexed):
            value = sympify(here[e.base](*(self.of(i, at) for i in e.indices)))
            _require_kind(e, value)
            return value
        if isinstance(e, Total):
            return self._sum(e, at or {})
        if isinstance(e, Opaque):
            return self._function(e, at or {})
        if isinstance(e, Defined):
            return self.of(e.unfold(), at)
        parts = [self.of(a, at) for a in e.args]
        if isinstance(e, Abs | Max | Min | sign):
            return _resolved(e, parts)
        return e.func(*parts) if parts else e

    def _missing(self, e: Symbol) -> Any:
        if isinstance(e, Time):
            return e
        raise Rejected(f"the instance gives no value of {e}")

    def _enumerated(self, i: Index) -> bool:
        return self.settles is not None or not isinstance(i, Time)

    def _range(self, i: Index) -> range:
        """What the index runs through in a sum."""
        size = sympify(self.values.get(i, 1)) if i.total == 1 else self.of(i.total)
        if not size.is_Integer or size < 1:
            raise Rejected(f"{i} cannot run through {size} values")
        return range(int(size))

    def _places(self, i: Index) -> range:
        """All values of a quantified index that matter."""
        return range((self.settles or 0) + 1) if isinstance(i, Time) else self._range(i)

    def _sum(self, e: Total, at: Mapping[Any, Any]) -> Expr:
        spans = [self._range(i) for i in e.bound]
        terms = [
            self.of(e.body, {**at, **dict(zip(e.bound, place, strict=True))}) for place in product(*spans)
        ]
        means = [len(span) for i, span in zip(e.bound, spans, strict=True) if i.total == 1]
        weight = sympify(1)
        for count in means:
            weight /= count
        return weight * sum(terms)

    def _function(self, e: Opaque, at: Mapping[Any, Any]) -> Expr:
        (j,), (name, *component) = e.bound, e.free
        span = self._range(j)
        point = [self.of(e.body, {**at, j: n}) for n in span]
        variables = [Symbol(f"x_{n}", real=True) for n in span]
        f = sympify(self.values[name](variables))
        if isinstance(e, Grad):
            f = diff(f, variables[int(self.of(component[0], at))])
        return f.subs(dict(zip(variables, point, strict=True)), simultaneous=True)

    def satisfies(self, relation: Relation) -> bool:
        """Whether the relation holds for all values of what it quantifies."""
        indices = [s for s in relation.forall if isinstance(s, Index) and self._enumerated(s)]
        others = {s: s if isinstance(s, Symbol) else _generic(s) for s in relation.forall if s not in indices}
        later = [
            range(self.settles + 3) if self.settles is not None and isinstance(i, Time) else self._places(i)
            for i in indices
        ]
        for place in product(*later):
            gap = self.of(relation.gap, {**others, **dict(zip(indices, place, strict=True))})
            if not _known(gap, relation.op):
                return False
        return True

    def described(self, *relations: Relation) -> dict[str, object]:
        """The values, under the names of the quantities, as text."""
        out: dict[str, object] = {}
        elements = {e for r in relations for side in (r.left, r.right) for e in side.atoms(Indexed)}
        general = sorted(elements, key=lambda e: (str(e.base), sum(isinstance(i, Index) for i in e.indices)))
        for base, e in {e.base: e for e in general}.items():
            if base in self.values:
                of_classes = [getattr(i, "total", None) for i in e.indices] == [classes.total]
                name, shown = DISTRIBUTIONS.get(base if of_classes else None, (PLAIN.symbol(str(base)), None))
                out[name] = self._tabulated(e if shown is None else shown(e.indices[0]))
        for key, value in self.values.items():
            if isinstance(key, Index) and key.total == 1:
                out["outcomes"] = str(value)
            elif isinstance(key, Symbol):
                out[PLAIN.symbol(key.name)] = PLAIN.write(self._formula(value) if callable(value) else value)
        return out

    def _formula(self, f: Callable[[Any], Any]) -> Expr:
        dimension = int(next(v for s, v in self.values.items() if str(s) == "d"))
        return sympify(f([Symbol(f"x_{n}" if dimension > 1 else "x") for n in range(dimension)]))

    def _tabulated(self, e: Expr) -> str:
        """The elements in a list, as formulas in time unless all settles, or the one that all of them are."""
        indices = sorted((i for i in free(e) if isinstance(i, Index) and self._enumerated(i)), key=str)
        places = product(*map(self._places, indices))
        times = {i: i for i in free(e) if isinstance(i, Time)} if self.settles is None else {}
        values = [
            PLAIN.write(expand(self.of(e, times | dict(zip(indices, at, strict=True))))) for at in places
        ]
        return values[0] if len(set(values)) == 1 else f"({', '.join(values)})"


def sign_of(e: Expr) -> int | None:
    """The sign of a number, or None where the term is no number or nothing is known."""
    found = sign_of_number(e) if not free(e) else None
    return 0 if found is None and is_zero(expand(e)) else found


def _require_kind(of: Expr, value: Expr) -> None:
    """Reject a value, a number or a formula in time, that a symbol or an element of a family cannot have."""
    signed = (
        _known(value, "<" if of.is_positive else "<=") if of.is_nonnegative else value.is_real is not False
    )
    if not signed or (of.is_integer and not value.is_integer):
        raise Rejected(f"{of} cannot be {value}")


def _known(gap: Expr, op: str) -> bool:
    """Whether the sign of the gap is known, and that of the relation."""
    found, signs = sign_of(gap), Signs(())
    if found is not None:
        return found in KNOWN[op]
    return any(signs.of(form) <= KNOWN[op] for form in (gap, expand(gap), factor(gap)))


def _generic(base: IndexedBase) -> Callable[..., Expr]:
    return lambda *indices: Symbol("_".join(map(str, (base, *indices))), real=True)


def _resolved(e: Expr, parts: list[Any]) -> Any:
    """An absolute value, an extremum or a sign of numbers, by rigorous comparison."""
    if isinstance(e, Abs | sign) and not free(parts[0]):
        found = sign_of(parts[0])
        if found is None:
            raise Rejected(f"the sign of {parts[0]} is not decided")
        return found * parts[0] if isinstance(e, Abs) else sympify(found)
    if isinstance(e, Max | Min) and not any(map(free, parts)):
        best, sense = parts[0], 1 if isinstance(e, Max) else -1
        for other in parts[1:]:
            found = sign_of(sense * (other - best))
            if found is None:
                raise Rejected(f"{other} and {best} are not compared")
            best = other if found == 1 else best
        return best
    return e.func(*parts)


def _number(e: Expr) -> str:
    """A number in closed form, where that is short, and in decimals."""
    exact, decimals = PLAIN.write(e), f"{float(e):.9g}"
    return exact if exact == decimals else f"{exact} = {decimals}" if len(exact) <= 80 else decimals
