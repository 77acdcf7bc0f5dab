r"""Normal forms: the one decision procedure for equality, exact for every number of classes.

A term becomes a polynomial with rational coefficients in atoms: symbols, elements of families, exponentials of
monomials, logarithms, absolute values, sums over indices of unspecified range (flattened, so that
`(Σ_i f_i)² = Σ_{i,k} f_i f_k`), and whole subterms under negative or fractional powers. The rules used are those
of the field, `exp(x+y) = exp x exp y`, `log xy = log x + log y` for positive x and y, linearity of sums, and
renaming of bound indices. Numbers are rational throughout; a float is an error.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from itertools import permutations
from itertools import product as choices
from math import ceil, floor, gcd, lcm

from sympy import (
    Abs,
    Add,
    E,
    Expr,
    Float,
    Indexed,
    Integer,
    Max,
    Min,
    Mul,
    Pow,
    Rational,
    Symbol,
    exp,
    factorrat,
    log,
    sign,
)

from proofs.kernel.terms import (
    Binder,
    Grad,
    Index,
    LogPartition,
    Rejected,
    Slope,
    Softmax,
    Total,
    Value,
    substitute,
)

Monomial = frozenset[tuple[Expr, Fraction]]
Poly = dict[Monomial, Fraction]
ONE: Monomial = frozenset()


@cache
def normal(e: Expr) -> Poly:
    """The normal form of `e`, assuming that `e` is defined (see `signs.Signs.require_defined`)."""
    if isinstance(e, Rational):
        return constant(Fraction(int(e.p), int(e.q)))
    if isinstance(e, Float):
        raise Rejected(f"floating-point number {e} where exact is required")
    if isinstance(e, Add):
        return plus(*(normal(a) for a in e.args))
    if isinstance(e, Mul):
        return product(normal(a) for a in e.args)
    if isinstance(e, Pow):
        if isinstance(e.exp, Rational):
            return power(normal(e.base), Fraction(int(e.exp.p), int(e.exp.q)))
        if e.exp.is_integer and not positive_atom(e.base):
            return _integer_power(e.base, e.exp)
        return exponential(times(normal(e.exp), logarithm(normal(e.base))))
    if isinstance(e, exp) or e is E:
        return exponential(normal(e.args[0]) if e.args else constant(Fraction(1)))
    if isinstance(e, log):
        return logarithm(normal(e.args[0]))
    if isinstance(e, Abs):
        return absolute(normal(e.args[0]))
    if isinstance(e, Total):
        form = normal(e.body)
        for i in e.bound:
            form = total(form, i)
        return form
    if isinstance(e, Slope | Softmax | LogPartition):
        return normal(e.unfold())
    if isinstance(e, Value | Grad):
        return atom(_opaque(e))
    if isinstance(e, sign):
        return signum(normal(e.args[0]))
    if isinstance(e, Max | Min):
        value = e.func(*(expression(normal(a)) for a in e.args))
        return atom(value) if isinstance(value, e.func) else normal(value)
    if isinstance(e, Symbol | Indexed):
        return atom(e)
    raise Rejected(f"{type(e).__name__} is not a term: {e}")


def is_zero(e: Expr) -> bool:
    """Whether `e` is identically 0 where it is defined: its denominators are multiplied out first."""
    form = normal(e)
    while form:
        depth: dict[Expr, Fraction] = {}
        for monomial in form:
            for base, k in monomial:
                if k < 0 and isinstance(base, Add):
                    depth[base] = min(depth.get(base, k), k)
        if not depth:
            return False
        base, k = next(iter(depth.items()))
        raised = ({**dict(m), base: dict(m).get(base, Fraction(0)) + ceil(-k)} for m in form)
        form = plus(*(_reduced(powers, c) for powers, c in zip(raised, form.values(), strict=True)))
    return True


def constant(c: Fraction) -> Poly:
    """`c` as a polynomial."""
    return {ONE: c} if c else {}


def atom(e: Expr, k: Fraction = Fraction(1)) -> Poly:
    """`e^k` for an atom `e`."""
    return _reduced({e: k})


def plus(*forms: Poly) -> Poly:
    """Sum."""
    out: Poly = {}
    for form in forms:
        for monomial, c in form.items():
            out[monomial] = out.get(monomial, Fraction(0)) + c
    return {monomial: c for monomial, c in out.items() if c}


def times(f: Poly, g: Poly) -> Poly:
    """Product."""
    parts = []
    for m, c in f.items():
        for n, d in g.items():
            powers = dict(m)
            for base, k in n:
                powers[base] = powers.get(base, Fraction(0)) + k
            parts.append(_reduced(powers, c * d))
    return plus(*parts)


def product(forms: Iterable[Poly]) -> Poly:
    """Product of several."""
    out = constant(Fraction(1))
    for form in forms:
        out = times(out, form)
    return out


def _reduced(powers: dict[Expr, Fraction], c: Fraction = Fraction(1)) -> Poly:
    """`c Π base^k`, with whole powers of composite bases and even powers of absolute values multiplied out."""
    plain: dict[Expr, Fraction] = {}
    rest: list[Poly] = []
    for base, k in powers.items():
        whole = floor(k)
        if isinstance(base, Integer):
            c, k = c * Fraction(int(base)) ** whole, k - whole
        elif isinstance(base, Add | Mul) and whole >= 1:
            rest += [normal(base)] * whole
            k -= whole
        elif isinstance(base, Abs) and abs(k) >= 2:
            even = 2 * int(k / 2)
            rest.append(power(normal(base.args[0]), Fraction(even)))
            k -= even
        if k:
            plain[base] = k
    out = {frozenset(plain.items()): c} if c else {}
    for form in rest:
        out = times(out, form)
    return out


def power(form: Poly, k: Fraction) -> Poly:
    """`form^k` for a rational `k`."""
    if k.denominator == 1 and k >= 0:
        return product([form] * int(k))
    if not form:
        if k > 0:
            return {}
        raise Rejected("division by zero")
    if len(form) > 1:
        content, common, base = _primitive(form, signed=k.denominator == 1)
        return product(
            (_root(content, k), _reduced({b: n * k for b, n in common.items()}), _reduced({base: k}))
        )
    ((monomial, c),) = form.items()
    if k.denominator == 1:
        return _reduced({base: n * k for base, n in monomial}, c**k.numerator)
    out, lump = _root(abs(c), k), {ONE: Fraction(-1 if c < 0 else 1)}
    split = c > 0 and all(nonnegative_atom(base) for base, _ in monomial)
    for base, n in monomial:
        if split or positive_atom(base):
            out = times(out, _reduced({base: n * k}))
        elif n.denominator == 1 and n % 2 == 0:
            out = times(out, power(absolute(atom(base)), n * k))
        else:
            lump = times(lump, _reduced({base: n}))
    if lump == {ONE: 1}:
        return out
    ((left, sign_of),) = lump.items()
    if sign_of > 0 and len(left) == 1:
        ((base, n),) = left
        return times(out, _reduced({base: n * k}))
    return times(out, _reduced({expression(lump): k}))


def _integer_power(base: Expr, k: Expr) -> Poly:
    """`base^k` for an integer `k` without a value, where the base may be 0."""
    canonical = expression(normal(base))
    parts = [
        power(normal(base), c)
        if monomial == ONE
        else atom(Pow(canonical, expression({monomial: Fraction(1)})), c)
        for monomial, c in normal(k).items()
    ]
    return product(parts)


def exponential(form: Poly) -> Poly:
    """`exp(form)`: one atom per monomial, `exp(log x) = x`."""
    parts = []
    for monomial, c in form.items():
        if len(monomial) == 1 and (only := next(iter(monomial)))[1] == 1 and isinstance(only[0], log):
            parts.append(power(normal(only[0].args[0]), c))
        else:
            parts.append(_reduced({exp(expression({monomial: Fraction(1)})): c}))
    return product(parts)


def logarithm(form: Poly) -> Poly:
    """`log(form)`, split over factors that are positive by their kind."""
    if len(form) != 1:
        if not form:
            raise Rejected("logarithm of zero")
        content, common, base = _primitive(form, signed=False)
        factors = logarithm(_reduced(common))
        return plus(_log_rational(content), factors, {frozenset({(log(base), Fraction(1))}): Fraction(1)})
    ((monomial, c),) = form.items()
    out, lump = _log_rational(abs(c)), {ONE: Fraction(-1 if c < 0 else 1)}
    split = c > 0 and all(
        nonnegative_atom(base) for base, _ in monomial
    )  # none is 0, since the product is not
    for base, k in monomial:
        if isinstance(base, exp) or base is E:
            out = plus(out, times(constant(k), normal(base.args[0] if base.args else Integer(1))))
        elif split or positive_atom(base):
            out = plus(out, {frozenset({(log(base), Fraction(1))}): k})
        else:
            lump = times(lump, _reduced({base: k}))
    if lump == {ONE: 1}:
        return out
    ((left, sign_of),) = lump.items()
    if sign_of > 0 and len(left) == 1 and next(iter(left))[1].numerator % 2:
        ((base, k),) = left  # an odd or fractional power is positive only where its base is
        return plus(out, {frozenset({(log(base), Fraction(1))}): k})
    return plus(out, {frozenset({(log(expression(lump)), Fraction(1))}): Fraction(1)})


def absolute(form: Poly) -> Poly:
    """`|form|`."""
    if not form:
        return {}
    if len(form) > 1:
        content, common, base = _primitive(form, signed=True)
        value = Abs(base)
        bare = atom(value) if isinstance(value, Abs) else normal(value)
        return product((constant(abs(content)), absolute(_reduced(common)), bare))
    ((monomial, c),) = form.items()
    out = constant(abs(c))
    for base, k in monomial:
        known = nonnegative_atom(base) or k.denominator > 1 or k % 2 == 0
        out = times(out, _reduced({base if known else Abs(base): k}))
    return out


def signum(form: Poly) -> Poly:
    """`sign(form)`, odd, and blind to positive factors."""
    if not form:
        return {}
    _, _, base = _primitive(form, signed=False)
    flip = _leading(normal(base)) < 0
    value = sign(-base if flip else base)
    bare = atom(value) if isinstance(value, sign) else normal(value)
    return times(constant(Fraction(-1 if flip else 1)), bare)


def total(form: Poly, i: Index) -> Poly:
    """`Σ_i form`: linear, factors without `i` pulled out, products of sums flattened into one."""
    parts = []
    for monomial, c in form.items():
        outside: dict[Expr, Fraction] = {}
        inside: list[tuple[Expr, Fraction]] = []
        dummies: list[Index] = [i]
        for base, k in monomial:
            if i not in base.free_symbols:
                outside[base] = k
            elif isinstance(base, Total) and k.denominator == 1 and k > 0:
                for _ in range(int(k)):
                    new = {b: _name("~", len(dummies) + n, b.total) for n, b in enumerate(base.bound)}
                    (opened,) = normal(substitute(base.body, new))
                    inside += opened
                    dummies += new.values()
            else:
                inside.append((base, k))
        summed = _component(inside, dummies) if inside else normal(i.total)
        parts.append(times(_reduced(outside, c), summed))
    return plus(*parts)


def _component(factors: list[tuple[Expr, Fraction]], dummies: list[Index]) -> Poly:
    """`Σ_dummies Π factors` as one atom, its dummies named canonically above all names bound inside.

    A sum over one of them that another factor divides by is cancelled first, as in `Σ_{i,k} p_ik/Σ_i p_ik`.
    """
    for i in dummies if len(dummies) > 1 else ():
        inner = [(base, k) for base, k in factors if i in base.free_symbols]
        rest = dict(pair for pair in factors if pair not in inner)
        ((summed, _),) = next(iter(_component(inner, [i])))
        if rest.get(summed, 0) < 0:
            form = _reduced({**rest, summed: rest[summed] + 1})
            for k in dummies:
                form = form if k == i else total(form, k)
            return form
    level = _level(*(base for base, _ in factors))
    candidates = []
    for order in _orders(dummies, factors):
        names = {i: _name("_", level + n, i.total) for n, i in enumerate(order, 1)}
        renamed = product(power(normal(substitute(base, names)), k) for base, k in factors)
        candidates.append(Total(expression(renamed), *sorted(names.values(), key=str)))
    return {frozenset({(min(candidates, key=str), Fraction(1))}): Fraction(1)}


def _orders(dummies: list[Index], factors: list[tuple[Expr, Fraction]]) -> Iterable[tuple[Index, ...]]:
    """Orders of the dummies by how they occur, which does not depend on their names; ties in every order."""
    if len(dummies) == 1:
        return [(dummies[0],)]
    ties: dict[str, list[Index]] = {}
    for i in dummies:
        marks = {k: Index("this" if k == i else "that") for k in dummies}
        seen = sorted(f"{substitute(base, marks)}^{k}" for base, k in factors if i in base.free_symbols)
        ties.setdefault(f"{i.total} {seen}", []).append(i)
    groups = (permutations(ties[key]) for key in sorted(ties))
    return (tuple(i for group in choice for i in group) for choice in choices(*groups))


def _opaque(e: Value | Grad) -> Expr:
    """The same binder with its body in normal form and its bound index named canonically."""
    body, (j,) = expression(normal(e.body)), e.bound
    name = _name("_", _level(body) + 1, j.total)
    return e.func(expression(normal(substitute(body, {j: name}))), name, *e.free)


def _name(prefix: str, n: int, mass: Expr) -> Index:
    return Index(f"{prefix}{n}:{mass}", mass)


def _level(*terms: Expr) -> int:
    """The largest canonical name bound in the terms; a name that is free in them is bound further out, larger."""
    bound = (i.name for e in terms for binder in e.atoms(Binder) for i in binder.bound)
    return max((int(name[1:].split(":")[0]) for name in bound if name.startswith("_")), default=0)


def positive_atom(e: Expr, strict: bool = True) -> bool:
    """Whether `e` is positive by its kind alone (or, if not strict, at least not negative)."""
    if isinstance(e, Total | Add):
        form = normal(e.body if isinstance(e, Total) else e)
        return bool(form) and all(
            c > 0 and all(positive_atom(b, strict) for b, _ in m) for m, c in form.items()
        )
    if isinstance(e, Symbol | Indexed | Rational):
        return bool(e.is_positive if strict else e.is_nonnegative)
    return isinstance(e, exp) or e is E or (not strict and isinstance(e, Abs))


def nonnegative_atom(e: Expr) -> bool:
    """Whether `e` is at least 0 by its kind alone."""
    return positive_atom(e, strict=False)


def expression(form: Poly) -> Expr:
    """`form` as a sympy expression."""
    return Add(
        *(
            Mul(
                Rational(c.numerator, c.denominator),
                *(b ** Rational(k.numerator, k.denominator) for b, k in m),
            )
            for m, c in form.items()
        )
    )


def _primitive(form: Poly, signed: bool) -> tuple[Fraction, dict[Expr, Fraction], Expr]:
    """`form = content · common · base`: a rational, common powers of atoms, and a base fixed up to nothing.

    If signed, of any atoms, and the content makes the leading coefficient of the base positive; else the content
    is positive and the atoms are positive by their kind.
    """
    content = Fraction(
        gcd(*(c.numerator for c in form.values())), lcm(*(c.denominator for c in form.values()))
    )
    powers = [dict(m) for m in form]
    atoms = {b for m in powers for b in m if signed or positive_atom(b)}
    common = {b: min(m.get(b, Fraction(0)) for m in powers) for b in atoms}
    base = plus(
        *(
            _reduced({b: m.get(b, Fraction(0)) - common.get(b, Fraction(0)) for b in m | common}, c / content)
            for m, c in zip(powers, form.values(), strict=True)
        )
    )
    if signed and _leading(base) < 0:
        content, base = -content, {m: -c for m, c in base.items()}
    return content, {b: k for b, k in common.items() if k}, expression(base)


def _leading(form: Poly) -> Fraction:
    """The coefficient of the first term in a fixed order."""
    return min(form.items(), key=lambda term: str(expression({term[0]: Fraction(1)})))[1]


def _root(c: Fraction, k: Fraction) -> Poly:
    """`c^k`: a rational number, or roots of primes."""
    if k.denominator == 1:
        return constant(c**k.numerator)
    return _reduced({Integer(p): n * k for p, n in factorrat(Rational(c.numerator, c.denominator)).items()})


def _log_rational(c: Fraction) -> Poly:
    primes = factorrat(Rational(c.numerator, c.denominator)).items()
    return {frozenset({(log(Integer(p)), Fraction(1))}): Fraction(n) for p, n in primes}
