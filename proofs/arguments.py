"""Small arguments that recur in proofs; each is a few rules of the kernel, so nothing here is trusted."""

from __future__ import annotations

from sympy import Abs, Expr

from proofs.kernel import Argument, Theorem, le


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
