r"""The quantities of the theory as terms over an index of unspecified range.

`p = softmax(a)` and `q = softmax(b)` for logits `a`, `b`; every function takes families as functions of an index.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Abs, Expr, IndexedBase, Symbol, log, sympify

from proofs.kernel import Index, LogPartition, Softmax, Total

Family = Callable[[Any], Expr]

i, k, m, n = (Index(name, Symbol("C", integer=True, positive=True)) for name in "ikmn")
"""Classes."""

target, own, direction, other, third = (IndexedBase(name, real=True) for name in ("a", "b", "w", "u", "c"))
"""Logits of p and q, directions, and logits of a third distribution."""

alpha = Symbol("alpha", positive=True)
order = Symbol("alpha", real=True)
"""The order where the formulas hold for every real number."""

s = Symbol("s", real=True)


def family(base: IndexedBase) -> Family:
    """The family as a function of its index."""
    return lambda n: base[n]


a, b, w, u, c = (family(base) for base in (target, own, direction, other, third))


def log_partition(v: Family) -> Expr:
    r"""`A(v) = log Σ_i exp v_i`."""
    return LogPartition(v(i), i)


def softmax(v: Family) -> Family:
    r"""`exp v_n / Σ_i exp v_i`."""
    return lambda n: Softmax(v(i), i, n)


def mixed(order: Any, v: Family = a, z: Family = b) -> Family:
    """`order·v + (1 − order)·z`."""
    return lambda n: order * v(n) + (1 - order) * z(n)


def escort(order: Any, v: Family = a, z: Family = b) -> Family:
    r"""`r_α = softmax(α z_p + (1−α) z_q)`."""
    return softmax(mixed(order, v, z))


t = Symbol("t", real=True)
"""Position on the line from q (at 0) to p (at 1), and beyond, in logits."""

tilted = softmax(mixed(t))
path = log_partition(mixed(t))
"""`φ(t) = A(t z_p + (1−t) z_q)`."""

low, high = Symbol("lo", real=True), Symbol("hi", real=True)
"""Bounds of a family: its oscillation is at most `hi − lo`."""

p, q, r = softmax(a), softmax(b), escort(alpha)


def renyi(order: Any, f: Family = p, g: Family = q) -> Expr:
    r"""`log(Σ_i f_i^α g_i^{1−α})/(α − 1)` for α ≠ 1."""
    order = sympify(order)
    return log(Total(f(i) ** order * g(i) ** (1 - order), i)) / (order - 1)


def kl(f: Family = p, g: Family = q) -> Expr:
    r"""`Σ_i f_i log(f_i/g_i)`."""
    return Total(f(i) * log(f(i) / g(i)), i)


def mean(f: Family, x: Family) -> Expr:
    r"""`Σ_i f_i x_i`."""
    return Total(f(i) * x(i), i)


def variance(f: Family, x: Family) -> Expr:
    r"""`Σ_i f_i (x_i − Σ f x)²`."""
    return Total(f(i) * (x(i) - Total(f(k) * x(k), k)) ** 2, i)


def covariance(f: Family, x: Family, y: Family) -> Expr:
    r"""`Σ_i f_i (x_i − Σ f x)(y_i − Σ f y)`."""
    return Total(f(i) * (x(i) - Total(f(k) * x(k), k)) * (y(i) - Total(f(k) * y(k), k)), i)


def third_cumulant(f: Family, x: Family) -> Expr:
    r"""`Σ_i f_i (x_i − Σ f x)³`."""
    return Total(f(i) * (x(i) - Total(f(k) * x(k), k)) ** 3, i)


def log_ratio(n: Any) -> Expr:
    r"""`log p_n/q_n`, up to a constant: the difference of logits."""
    return a(n) - b(n)


def norm1(x: Family) -> Expr:
    r"""`Σ_i |x_i|`."""
    return Total(Abs(x(i)), i)


def square(x: Family) -> Expr:
    r"""`Σ_i x_i²`."""
    return Total(x(i) ** 2, i)
