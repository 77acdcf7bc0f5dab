"""Rigorous enclosures: terms of numbers as balls of `python-flint`, and branch and bound over boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import reduce

import sympy as sp
from flint import arb, ctx

from proofs.kernel.terms import Rejected

MOST_BOXES = 200_000


def enclose(e: sp.Expr, values: Mapping[sp.Expr, arb]) -> arb:
    """A ball that contains `e` wherever it is defined and its symbols lie in the balls `values`; may be NaN."""
    if e in values:
        return values[e]
    if isinstance(e, sp.Rational):
        return arb(int(e.p)) / int(e.q)
    parts = [enclose(a, values) for a in e.args]
    if isinstance(e, sp.Add | sp.Mul):
        return reduce(arb.__add__ if isinstance(e, sp.Add) else arb.__mul__, parts)
    if isinstance(e, sp.Pow):
        base, k = parts
        if base > 0 or e.exp.is_integer or not k > 0:
            return base ** (int(e.exp) if e.exp.is_Integer else k)
        return arb(0).union(base.upper() ** k)  # where the power is defined, 0 ≤ base
    if isinstance(e, sp.exp) or e is sp.E:
        return (parts[0] if parts else arb(1)).exp()
    if isinstance(e, sp.log):
        return parts[0].log()
    raise Rejected(f"{e} cannot be enclosed")


def sign_of_number(e: sp.Expr) -> int | None:
    """The sign of a term without symbols, if an enclosure excludes 0."""
    with ctx.workprec(128), suppress(Rejected):
        ball = enclose(e, {})
        return 1 if ball > 0 else -1 if ball < 0 else None
    return None


def positive(e: sp.Expr, box: Mapping[sp.Symbol, tuple[sp.Expr, sp.Expr]], where: Sequence[sp.Expr]) -> None:
    """Show `e > 0` on the part of the box where no term of `where` is negative."""
    symbols, corners = tuple(box), [[enclose(end, {}) for end in ends] for ends in box.values()]
    stack: list[tuple[arb, ...]] = [tuple(low.union(high) for low, high in corners)]
    count = 0
    while stack:
        count += 1
        here = stack.pop()
        values = dict(zip(symbols, here, strict=True))
        if enclose(e, values) > 0 or any(enclose(condition, values) < 0 for condition in where):
            continue
        if count > MOST_BOXES:
            raise Rejected(f"undecided after {count} boxes, at {', '.join(map(str, here))}")
        widest = max(range(len(here)), key=lambda n: float(here[n].rad()))
        low, middle, high = here[widest].lower(), arb(here[widest].mid()), here[widest].upper()
        for part in (low.union(middle), middle.union(high)):
            stack.append((*here[:widest], part, *here[widest + 1 :]))
