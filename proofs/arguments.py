"""Small arguments that recur in proofs; each is a few rules of the kernel, so nothing here is trusted."""

from __future__ import annotations

from sympy import Abs, Expr, Integer

from proofs.kernel import Argument, Theorem, Time, le
from proofs.kernel.rules import Using
from proofs.kernel.terms import substitute


def times_sign(kernel: Argument, factor: Expr, e: Expr, least: Theorem, most: Theorem) -> Theorem:
    """`factor·e ≤ |e|` from `−1 ≤ factor` and `factor ≤ 1`."""
    up, down = kernel.absolute(e), kernel.absolute(-e)
    return kernel.combine(
        le(factor * e, Abs(e)), ((1 + factor) / 2, up), ((1 - factor) / 2, down), using=(least, most)
    )


def reflected(kernel: Argument, lower: Theorem, upper: Theorem) -> list[Theorem]:
    """`−hi ≤ −x` and `−x ≤ −lo` from `lo ≤ x` and `x ≤ hi`."""
    return [
        kernel.combine(le(-upper.right, -upper.left), (1, upper)),
        kernel.combine(le(-lower.right, -lower.left), (1, lower)),
    ]


def geometric(
    kernel: Argument, t: Time, sequence: Expr, rate: Expr, limit: Expr, one_step: Theorem, using: Using = ()
) -> Theorem:
    """`e_t ≤ e* + ρ^t (e_0 − e*)` from `e_{t+1} ≤ ρ e_t + (1 − ρ) e*` for all t, ρ ≥ 0."""
    begun = substitute(sequence, {t: Integer(0)})
    claim = le(sequence, limit + rate**t * (begun - limit))
    start = kernel.combine(claim.at({t: Integer(0)}))
    supposed = kernel.suppose(claim)
    return kernel.induction(
        t, start, kernel.combine(claim.at({t: t + 1}), (1, one_step), (rate, supposed), using=using), claim
    )
