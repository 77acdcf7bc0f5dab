"""Rigorous enclosures: terms of numbers as balls of `python-flint`, and branch and bound over boxes."""

from __future__ import annotations

from flint import arb, ctx
from sympy import Abs, Add, E, Expr, Max, Min, Mul, Pow, Rational, Symbol, exp, log

from proofs.kernel.terms import Rejected

PRECISION = 128


def enclose(e: Expr, box: dict[Symbol, arb]) -> arb:
    """A ball that contains the value of `e` wherever its symbols lie in `box`; NaN where `e` may be undefined."""
    if isinstance(e, Rational):
        return arb(int(e.p)) / int(e.q)
    if e in box:
        return box[e]
    parts = [enclose(a, box) for a in e.args]
    if isinstance(e, Add):
        return sum(parts[1:], parts[0])
    if isinstance(e, Mul):
        out = parts[0]
        for part in parts[1:]:
            out *= part
        return out
    if isinstance(e, Pow):
        return parts[0] ** int(e.exp) if e.exp.is_Integer else parts[0] ** parts[1]
    if isinstance(e, exp) or e is E:
        return (parts[0] if parts else arb(1)).exp()
    if isinstance(e, log):
        return parts[0].log()
    if isinstance(e, Abs):
        return abs(parts[0])
    if isinstance(e, Max | Min):
        choose = arb.max if isinstance(e, Max) else arb.min
        out = parts[0]
        for part in parts[1:]:
            out = choose(out, part)
        return out
    raise Rejected(f"{e} cannot be enclosed")


def sign_of_number(e: Expr) -> int | None:
    """The sign of a term without symbols, if its enclosure excludes 0."""
    before, ctx.prec = ctx.prec, PRECISION
    try:
        ball = enclose(e, {})
    finally:
        ctx.prec = before
    return 1 if ball > 0 else -1 if ball < 0 else None
