"""Relations of the kernel in the notation of the theory, as LaTeX and as plain text.

A softmax of the logits of p and q mixed in proportion `x : 1 − x` is `r_x`: p at 1, q at 0, r at α. Divergences,
relative entropies and variances of such distributions go by their names; outcomes of an expectation are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Add, Expr, Indexed, Integer, Max, Min, Symbol, expand, latex, log, sstr

from proofs.kernel import Index, Relation, Softmax, Total
from proofs.kernel.normal import is_zero
from proofs.kernel.terms import Binder, LogPartition, Opaque, Slope, Value, free
from proofs.notation import alpha, own, target
from proofs.notation import order as real_order

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "eta": "η", "kappa": "κ", "lambda": "λ", "mu": "μ",
    "omega": "ω", "rho": "ρ", "sigma": "σ", "theta": "θ", "xi": "ξ", "zeta": "ζ",
}  # fmt: skip
PLAIN_FORMS = {
    "=": "=", "<=": "≤", "<": "<", "!=": "≠", "forall": "{0}  for all {1}",
    "element": "{0}_{1}", "sum": "Σ_{1}[{0}]", "mean": "E[{0}]", "D": "D_{2}({0}‖{1})", "KL": "KL({0}‖{1})",
    "Var": "Var_{0}({1})", "mixture": "r^({0})", "softmax": "softmax({0})", "A": "A({0})", "value": "{1}({0})",
    "Abs": "|{0}|", "Max": "max({0})", "Min": "min({0})",
    "positive": "{0} > 0", "nonnegative": "{0} ≥ 0", "whole": "{0} = 1, 2, …", "real": "{0} real",
    "grad": "∂_{2}{1}({0})", "slope": "(d/d{1})^{3}[{0}] at {1}={2}", "first slope": "d/d{1}[{0}] at {1}={2}",
}  # fmt: skip
LATEX_FORMS = {
    "=": "=", "<=": r"\le", "<": "<", "!=": r"\ne", "forall": r"{0} \quad \forall {1}",
    "element": "{{{0}}}_{{{1}}}", "sum": r"\sum_{{{1}}} \left[ {0} \right]", "mean": r"\mathbb{{E}} \left[ {0} \right]",
    "D": r"D_{{{2}}}({0} \| {1})", "KL": r"\mathrm{{KL}}({0} \| {1})",
    "Var": r"\mathrm{{Var}}_{{{0}}}\left({1}\right)", "mixture": "r^{{({0})}}",
    "softmax": r"\mathrm{{softmax}}({0})", "A": r"A\left({0}\right)", "value": r"{1}\left({0}\right)",
    "Abs": r"\left| {0} \right|", "Max": r"\max\left({0}\right)", "Min": r"\min\left({0}\right)",
    "positive": "{0} > 0", "nonnegative": r"{0} \ge 0", "whole": r"{0} = 1, 2, \dots", "real": r"{0} \text{{ real}}",
    "grad": r"\partial_{{{2}}} {1}\left({0}\right)",
    "slope": r"\left. \frac{{d^{{{3}}}}}{{d{1}^{{{3}}}}} \right|_{{{1}={2}}} \left[ {0} \right]",
    "first slope": r"\left. \frac{{d}}{{d{1}}} \right|_{{{1}={2}}} \left[ {0} \right]",
}  # fmt: skip


@dataclass(frozen=True)
class Notation:
    """How terms are written: `write` prints what sympy knows, `forms` hold the rest."""

    write: Callable[[Any], str]
    symbol: Callable[[str], str]
    forms: Mapping[str, str]

    def relation(self, r: Relation) -> str:
        """The relation, with what it quantifies after it."""
        text = f"{self.term(r.left)} {self.forms[r.op]} {self.term(r.right)}"
        names = [self.symbol(str(s)) for s in r.forall if not _is_outcome(s)]
        return self.forms["forall"].format(text, ", ".join(names)) if names else text

    def kinds(self, *relations: Relation) -> list[str]:
        """What symbols and families stand for, by kind: `α, η > 0`, `ζ ≥ 0`, `T = 1, 2, …`, `x, y real`."""
        sides = [side for r in relations for side in (r.left, r.right)]
        functions = {e.free[0] for side in sides for e in side.atoms(Opaque)}
        names: dict[str, list[str]] = {"positive": [], "nonnegative": [], "whole": [], "real": []}
        for s in sorted(frozenset().union(*map(free, sides)) - functions, key=str):
            if not isinstance(s, Index):
                of = getattr(s, "label", s)
                signed = "positive" if of.is_positive else "nonnegative" if of.is_nonnegative else "real"
                names["whole" if of.is_integer else signed].append(self.symbol(str(s)))
        return [self.forms[kind].format(", ".join(found)) for kind, found in names.items() if found]

    def term(self, e: Any) -> str:
        """The term."""
        return self.write(self._short(e))

    def _short(self, e: Any) -> Any:
        """The term with one symbol for whatever has a name, else with short arguments."""
        if isinstance(e, log) and isinstance(e.args[0], Total) and (found := self._divergence(e.args[0])):
            return found
        if isinstance(e, Symbol):
            return Symbol(self.symbol(e.name))
        if isinstance(e, Indexed):
            return self._element(self.symbol(str(e.base)), [i for i in e.indices if not _is_outcome(i)])
        if isinstance(e, Total):
            return self._entropy(e) or self._variance(e) or self._total(e)
        if isinstance(e, Softmax):
            return self._element(self._distribution(e), [e.free[0]])
        if isinstance(e, Binder):
            return self._binder(e)
        if isinstance(e, Abs | Max | Min):
            return self._named(type(e).__name__, ", ".join(map(self.term, e.args)))
        return e.func(*map(self._short, e.args)) if e.args else e

    def _named(self, form: str, *parts: Any) -> Symbol:
        return Symbol(self.forms[form].format(*parts))

    def _element(self, name: str, indices: list[Any]) -> Symbol:
        terms = [self.term(i) for i in indices]
        shown = ",".join(f"({i})" if " " in i and self is PLAIN else i for i in terms if i).replace(" ", "")
        return self._named("element", name, shown) if shown else Symbol(name)

    def _total(self, e: Total) -> Symbol:
        indices = [i for i in e.bound if not _is_outcome(i)]
        if not indices:
            return self._named("mean", self.term(e.body))
        return self._named("sum", self.term(e.body), ",".join(self.term(i) for i in indices))

    def _binder(self, e: Binder) -> Symbol:
        if isinstance(e, Slope):
            return self._named("slope" if e.free[1] != 1 else "first slope", *map(self.term, e.args))
        vector = self.term(_without(e.body, e.bound[0]))
        if isinstance(e, LogPartition):
            return self._named("A", vector)
        return self._named("value" if isinstance(e, Value) else "grad", vector, *map(self.term, e.free))

    def _distribution(self, e: Softmax) -> str:
        """The name of the distribution: p, q, r, another mixture of their logits, or a softmax."""
        order = _order(e)
        if order is None:
            return self.forms["softmax"].format(self.term(_without(e.body, e.bound[0])))
        names = {Integer(1): "p", Integer(0): "q", alpha: "r", real_order: "r"}
        return names.get(order) or self.forms["mixture"].format(self.term(order))

    def _divergence(self, e: Total) -> Expr | None:
        """`log Σ f^x g^{1−x} = (x − 1) D_x(f‖g)`, for softmaxes f and g."""
        powers = e.body.as_powers_dict()
        if len(powers) != 2 or not all(isinstance(f, Softmax) for f in powers):
            return None
        pairs = sorted(
            powers.items(), key=lambda pair: (isinstance(pair[1], Add), bool(pair[1].is_negative), str(pair))
        )
        (f, order), (g, rest) = pairs
        if order + rest != 1:
            return None
        names = self._distribution(f), self._distribution(g)
        return (self._short(order) - 1) * self._named("D", *names, self.term(order))

    def _entropy(self, e: Total) -> Symbol | None:
        """`Σ f log f/g`."""
        for f in e.body.args:
            ratio = e.body / f
            if (
                isinstance(f, Softmax)
                and isinstance(ratio, log)
                and isinstance(g := f / ratio.args[0], Softmax)
            ):
                return self._named("KL", self._distribution(f), self._distribution(g))
        return None

    def _variance(self, e: Total) -> Symbol | None:
        """`Σ f (x − Σ f x)²`."""
        powers = e.body.as_powers_dict()
        f = next((f for f, n in powers.items() if isinstance(f, Softmax) and n == 1), None)
        deviation = next((x for x, n in powers.items() if isinstance(x, Add) and n == 2), None)
        if len(powers) != 2 or f is None or deviation is None or len(e.bound) != 1:
            return None
        for mean in (-a for a in deviation.args if isinstance(-a, Total)):
            if is_zero(mean - Total(f * (deviation + mean), *e.bound)):
                return self._named(
                    "Var", self._distribution(f), self.term(_without(deviation + mean, e.bound[0]))
                )
        return None


def _is_outcome(s: Any) -> bool:
    """Whether it is an index of outcomes, over which a sum is a mean."""
    return isinstance(s, Index) and s.total == 1


def _without(body: Expr, i: Any) -> Expr:
    """The vector whose component at `i` is the body."""
    images: dict[Any, Any] = {}
    for e in body.atoms(Indexed, Softmax):
        if isinstance(e, Softmax) and e.free[0] == i:
            images[e] = Softmax(e.body, e.bound[0], Symbol(""))
        elif isinstance(e, Indexed) and i in e.indices:
            rest = tuple(k for k in e.indices if k != i and not _is_outcome(k))
            images[e] = e.base[rest] if rest else Symbol(str(e.base))
    return body.xreplace(images)


def _order(e: Softmax) -> Expr | None:
    """The x for which the distribution is a mixture `softmax(x a + (1 − x) b)` of the logits of p and q."""
    j = e.bound[0]
    order = expand(e.body).coeff(target[j])
    mixed = order * target[j] + (1 - order) * own[j]
    return order if j not in free(order) and expand(e.body - mixed) == 0 else None


def _plain_symbol(name: str) -> str:
    """`alpha` as α, `xi1` as ξ1, `alphaprime` as α', `Fstar` as F⋆."""
    greek = next((word for word in GREEK if name.startswith(word)), None)
    name = name if greek is None else GREEK[greek] + name.removeprefix(greek)
    return name.replace("prime", "'").replace("star", "⋆")


def _latex_symbol(name: str) -> str:
    return latex(Symbol(name.replace("star", r"^{\star}")))


PLAIN = Notation(lambda e: sstr(e).replace("**", "^").replace("*", "·"), _plain_symbol, PLAIN_FORMS)
LATEX = Notation(latex, _latex_symbol, LATEX_FORMS)
