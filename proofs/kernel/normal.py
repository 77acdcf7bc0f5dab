r"""Normal forms: the one decision procedure for equality, exact for every number of classes.

A term becomes a polynomial with rational coefficients in atoms: symbols, elements of families, exponentials of
monomials, logarithms, absolute values, sums over indices of unspecified range (flattened, so that
`(Σ_i f_i)² = Σ_{i,k} f_i f_k`), and whole subterms under negative or fractional powers. The rules used are those
of the field, `exp(x+y) = exp x exp y`, `log xy = log x + log y` for positive x and y, linearity of sums, and
renaming of bound indices. Numbers are rational throughout; a float is an error.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from fractions import Fraction
from functools import cache, reduce
from math import ceil, floor, gcd, lcm
from typing import Any

import sympy as sp

from proofs.kernel.terms import Binder, Defined, Index, Opaque, Rejected, Total, substitute

Monomial = frozenset[tuple[sp.Expr, Fraction]]
Poly = dict[Monomial, Fraction]
ONE: Monomial = frozenset()


@cache
def normal(e: sp.Expr) -> Poly:
    """The normal form of `e`, assuming that `e` is defined (see `signs.Signs.require_defined`)."""
    for kind, form in FORMS:
        if isinstance(e, kind):
            return form(e)
    raise Rejected(f"{type(e).__name__} is not an exact term: {e}")


def _power_of(e: sp.Pow) -> Poly:
    if isinstance(e.exp, sp.Rational):
        return power(normal(e.base), Fraction(int(e.exp.p), int(e.exp.q)))
    if e.exp.is_integer and not positive_atom(e.base):
        return _integer_power(e.base, e.exp)
    return exponential(times(normal(e.exp), logarithm(normal(e.base))))


def _rebuilt(e: sp.Max | sp.Min | sp.sign) -> Poly:
    value = e.func(*(expression(normal(a)) for a in e.args))
    return _atom(value) if isinstance(value, e.func) else normal(value)


def is_zero(e: sp.Expr) -> bool:
    """Whether `e` is identically 0 where it is defined: its denominators are multiplied out first."""
    form = normal(e)
    while form:
        depths = ((b, k) for monomial in form for b, k in monomial if k < 0 and isinstance(b, sp.Add))
        base, k = min(depths, key=lambda pair: (str(pair[0]), pair[1]), default=(None, 0))
        if base is None:
            return False
        raised = ({**dict(m), base: dict(m).get(base, Fraction(0)) + ceil(-k)} for m in form)
        form = plus(*(_reduced(powers, c) for powers, c in zip(raised, form.values(), strict=True)))
    return True


def constant(c: Fraction) -> Poly:
    """`c` as a polynomial."""
    return {ONE: c} if c else {}


def plus(*forms: Poly) -> Poly:
    """Sum."""
    out: Poly = {}
    for monomial, c in (term for form in forms for term in form.items()):
        out[monomial] = out.get(monomial, Fraction(0)) + c
    return {monomial: c for monomial, c in out.items() if c}


def times(f: Poly, g: Poly) -> Poly:
    """Product."""
    parts = []
    for (m, c), (n, d) in itertools.product(f.items(), g.items()):
        powers = dict(m)
        for base, k in n:
            powers[base] = powers.get(base, Fraction(0)) + k
        parts.append(_reduced(powers, c * d))
    return plus(*parts)


def product(forms: Iterable[Poly]) -> Poly:
    """Product of several."""
    return reduce(times, forms, constant(Fraction(1)))


def _atom(e: sp.Expr, k: Fraction = Fraction(1)) -> Poly:
    return _reduced({e: k})


def _reduced(powers: dict[sp.Expr, Fraction], c: Fraction = Fraction(1)) -> Poly:
    """`c Π base^k`, with whole powers of composite bases and even powers of absolute values multiplied out."""
    plain: dict[sp.Expr, Fraction] = {}
    rest: list[Poly] = []
    for base, k in powers.items():
        whole = floor(k)
        if isinstance(base, sp.Integer):
            c, k = c * Fraction(int(base)) ** whole, k - whole
        elif isinstance(base, sp.Add | sp.Mul) and whole >= 1:
            rest, k = rest + [normal(base)] * whole, k - whole
        elif isinstance(base, sp.Abs) and abs(k) >= 2:
            even = Fraction(2 * int(k / 2))
            rest, k = [*rest, power(normal(base.args[0]), even)], k - even
        if k:
            plain[base] = k
    return reduce(times, rest, {frozenset(plain.items()): c} if c else {})


def power(form: Poly, k: Fraction) -> Poly:
    """`form^k` for a rational `k`."""
    if k.denominator > 1:
        return exponential(times(constant(k), logarithm(form))) if form else {}
    if k >= 0:
        return product([form] * int(k))
    if not form:
        raise Rejected("division by zero")
    content, common, base = _primitive(form, signed=True)
    return times(_reduced({b: n * k for b, n in common.items()}, content**k.numerator), _atom(base, k))


def _integer_power(base: sp.Expr, k: sp.Expr) -> Poly:
    """`base^k` for an integer `k` without a value, where the base may be 0."""
    exponents, bare = normal(k).items(), expression(normal(base))
    if any(c.denominator > 1 for _, c in exponents):
        return _atom(sp.Pow(bare, k))
    return product(
        power(normal(base), c) if m == ONE else _atom(sp.Pow(bare, expression({m: Fraction(1)})), c)
        for m, c in exponents
    )


def exponential(form: Poly) -> Poly:
    """`exp(form)`: one atom per monomial, `exp(c log x) = x^c`."""
    parts = []
    for monomial, c in form.items():
        alone = expression({monomial: Fraction(1)})
        parts.append(_atom(alone.args[0] if isinstance(alone, sp.log) else sp.exp(alone), c))
    return product(parts)


def logarithm(form: Poly) -> Poly:
    """`log(form)`, split over the factors that are positive by their kind, or by the sign of the product."""
    if not form:
        raise Rejected("logarithm of zero")
    content, common, base = _primitive(form, signed=False)
    if len(form) == 1:  # what is not positive by its kind is left in the base, a product
        ((monomial, c),) = normal(base).items()
        odd = len(monomial) == 1 and all(k.numerator % 2 for _, k in monomial)
        if c == 1 and (odd or all(positive_atom(b, strict=False) for b, _ in monomial)):
            common, base = common | dict(monomial), sp.Integer(1)
    primes = sp.factorrat(sp.Rational(content.numerator, content.denominator))
    # √2 may be among the common atoms: 2 then occurs twice
    numbers = [(sp.Integer(p), Fraction(k)) for p, k in primes.items()]
    return plus(*(_times_log(b, k) for b, k in (*numbers, *common.items(), (base, Fraction(1))) if b != 1))


def _times_log(base: sp.Expr, k: Fraction) -> Poly:
    """`k log base`."""
    if isinstance(base, sp.exp) or base is sp.E:
        return times(constant(k), normal(base.args[0] if base.args else sp.Integer(1)))
    return {frozenset({(sp.log(base), Fraction(1))}): k}


def absolute(form: Poly) -> Poly:
    """`|form|`."""
    if not form:
        return {}
    content, common, base = _primitive(form, signed=True)
    out = constant(abs(content))
    for b, k in common.items():
        known = positive_atom(b, strict=False) or k.denominator > 1 or k % 2 == 0
        out = times(out, _atom(b if known else sp.Abs(b), k))
    value = sp.Abs(base)
    return times(out, _atom(value) if isinstance(value, sp.Abs) else normal(value))


def _primitive(form: Poly, signed: bool) -> tuple[Fraction, dict[sp.Expr, Fraction], sp.Expr]:
    """`form = content · common · base`: a rational, common powers of atoms, and a base fixed up to nothing.

    If signed, of any atoms, and the content makes the leading coefficient of the base positive; else the content
    is positive and the atoms are positive by their kind.
    """
    ratios = [c.as_integer_ratio() for c in form.values()]
    content = Fraction(gcd(*(n for n, _ in ratios)), lcm(*(d for _, d in ratios)))
    powers = [dict(m) for m in form]
    atoms = {b for m in powers for b in m if signed or positive_atom(b)}
    common = {b: min(m.get(b, Fraction(0)) for m in powers) for b in atoms}
    shifted = ({b: m.get(b, Fraction(0)) - common.get(b, Fraction(0)) for b in m | common} for m in powers)
    base = plus(*(_reduced(m, c / content) for m, c in zip(shifted, form.values(), strict=True)))
    first = min(base, key=lambda m: str(expression({m: Fraction(1)})))  # in an order that is always the same
    if signed and base[first] < 0:
        content, base = -content, {m: -c for m, c in base.items()}
    return content, {b: k for b, k in common.items() if k}, expression(base)


def total(form: Poly, i: Index) -> Poly:
    """`Σ_i form`: linear, factors without `i` pulled out, products of sums flattened into one."""
    parts = []
    for monomial, c in form.items():
        outside: dict[sp.Expr, Fraction] = {}
        inside: list[tuple[sp.Expr, Fraction]] = []
        dummies: list[Index] = [i]
        for base, k in monomial:
            if i not in base.free_symbols:
                outside[base] = k
            elif isinstance(base, Total) and k.denominator == 1 and k > 0:
                for _ in range(int(k)):
                    new = {b: _name("~", len(dummies) + n, b.total) for n, b in enumerate(base.bound)}
                    ((factors, sign),) = normal(substitute(base.body, new)).items()
                    inside, dummies, c = [*inside, *factors], [*dummies, *new.values()], c * sign
            else:
                inside.append((base, k))
        parts.append(times(_reduced(outside, c), _sum_of(inside, dummies) if inside else normal(i.total)))
    return plus(*parts)


def _sum_of(factors: list[tuple[sp.Expr, Fraction]], dummies: list[Index]) -> Poly:
    """`Σ_dummies Π factors` as one atom, its dummies named canonically above all names bound inside.

    A sum over one of them that another factor divides by is cancelled first, as in `Σ_{i,k} p_ik/Σ_i p_ik`.
    """
    for i in dummies if len(dummies) > 1 else ():
        inner = [(base, k) for base, k in factors if i in base.free_symbols]
        rest = dict(pair for pair in factors if pair not in inner)
        ((summed, _),) = next(iter(_sum_of(inner, [i])))
        if rest.get(summed, 0) < 0:
            form = _reduced({**rest, summed: rest[summed] + 1})
            for k in dummies:
                form = form if k == i else total(form, k)
            return form
    level, candidates = _level(*(base for base, _ in factors)), []
    for order in itertools.permutations(dummies):
        names = {i: _name("_", level + n, i.total) for n, i in enumerate(order, 1)}
        renamed = product(power(normal(substitute(base, names)), k) for base, k in factors)
        candidates.append(Total(expression(renamed), *sorted(names.values(), key=str)))
    return _atom(min(candidates, key=str))


def _opaque(e: Opaque) -> Poly:
    """The same binder with its body in normal form and its bound index named canonically."""
    body, (j,) = expression(normal(e.body)), e.bound
    name = _name("_", _level(body) + 1, j.total)
    return _atom(e.func(expression(normal(substitute(body, {j: name}))), name, *e.free))


def _name(prefix: str, n: int, mass: sp.Expr) -> Index:
    return Index(f"{prefix}{n}:{mass}", mass, canonical=True)


def _level(*terms: sp.Expr) -> int:
    """The largest canonical name bound in the terms; one that is free in them is bound further out, larger."""
    bound = (i.name for e in terms for binder in e.atoms(Binder) for i in binder.bound)
    return max((int(name[1:].split(":")[0]) for name in bound if name.startswith("_")), default=0)


def positive_atom(e: sp.Expr, strict: bool = True) -> bool:
    """Whether `e` is positive by its kind alone (or, if not strict, at least not negative)."""
    if isinstance(e, Total | sp.Add):
        terms = normal(e.body if isinstance(e, Total) else e).items()
        return bool(terms) and all(c > 0 and all(positive_atom(b, strict) for b, _ in m) for m, c in terms)
    if isinstance(e, sp.Symbol | sp.Indexed | sp.Rational):
        return bool(e.is_positive if strict else e.is_nonnegative)
    return isinstance(e, sp.exp) or e is sp.E or (not strict and isinstance(e, sp.Abs))


def expression(form: Poly) -> sp.Expr:
    """`form` as a sympy expression."""
    powers = lambda m: (b ** sp.Rational(k.numerator, k.denominator) for b, k in m)  # noqa: E731
    return sp.Add(*(sp.Mul(sp.Rational(c.numerator, c.denominator), *powers(m)) for m, c in form.items()))


FORMS: tuple[tuple[Any, Callable[[Any], Poly]], ...] = (
    (sp.Rational, lambda e: constant(Fraction(int(e.p), int(e.q)))),
    (sp.Add, lambda e: plus(*map(normal, e.args))),
    (sp.Mul, lambda e: product(map(normal, e.args))),
    (sp.Pow, _power_of),
    (sp.exp, lambda e: exponential(normal(e.args[0]))),
    (type(sp.E), lambda e: exponential(constant(Fraction(1)))),
    (sp.log, lambda e: logarithm(normal(e.args[0]))),
    (sp.Abs, lambda e: absolute(normal(e.args[0]))),
    (Total, lambda e: reduce(total, e.bound, normal(e.body))),
    (Defined, lambda e: normal(e.unfold())),
    (Opaque, _opaque),
    (sp.Max | sp.Min | sp.sign, _rebuilt),
    (sp.Symbol | sp.Indexed, _atom),
)
