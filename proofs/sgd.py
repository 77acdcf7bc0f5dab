r"""The terms of section 3: SGD with bias and noise on an abstract function of a vector of unspecified dimension.

`x_{t+1} = x_t − η g_t`, `g = ∇F + b + n`. Iterates, bias and noise are families over steps t, outcomes ω and
coordinates j; `Total` over ω is the expectation. What `E[n|x] = 0` is used for, `E⟨∇F, n⟩ = E⟨b, n⟩ = 0`, is what is
supposed of the noise.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sympy import Expr, IndexedBase, Symbol

from proofs.kernel import Grad, Index, Relation, Time, Total, Value, eq, le, lt

steps = Symbol("T", integer=True, positive=True)
t = Time("t", steps)
j = Index("j", Symbol("d", integer=True, positive=True))
"""Coordinates."""

outcome = Index("omega", 1)
step_size, smoothness = Symbol("eta", positive=True), Symbol("L", positive=True)
noise_growth, noise, bias_bound, relative_bias = (
    Symbol(name, nonnegative=True) for name in ("M", "sigma", "zeta", "m")
)
least = Symbol("Fstar", real=True)
objective = Symbol("F", real=True)
iterate, bias, error = (IndexedBase(name, real=True) for name in "xbn")
here, there = IndexedBase("X", real=True), IndexedBase("Y", real=True)
h = step_size * smoothness * (noise_growth + 1)

Vector = Callable[[Any], Expr]


def dot(u: Vector, v: Vector) -> Expr:
    """`⟨u, v⟩`."""
    return Total(u(j) * v(j), j)


def norm2(u: Vector) -> Expr:
    """`‖u‖²`."""
    return dot(u, u)


def mean(e: Expr) -> Expr:
    """The expectation."""
    return Total(e, outcome)


def value(point: Vector) -> Expr:
    """`F(point)`."""
    return Value(point(j), j, objective)


def grad(point: Vector) -> Vector:
    """`∇F(point)`."""
    return lambda k: Grad(point(j), j, objective, k)


def x(time: Any) -> Vector:
    """The iterate."""
    return lambda k: iterate[time, outcome, k]


def b(time: Any) -> Vector:
    """The bias."""
    return lambda k: bias[time, outcome, k]


def n(time: Any) -> Vector:
    """The noise."""
    return lambda k: error[time, outcome, k]


def G(time: Any) -> Vector:
    """The gradient at the iterate."""
    return grad(x(time))


def drift(time: Any) -> Vector:
    """`∇F + b`."""
    return lambda k: G(time)(k) + b(time)(k)


def g(time: Any) -> Vector:
    """`∇F + b + n`."""
    return lambda k: drift(time)(k) + n(time)(k)


def point(base: IndexedBase) -> Vector:
    """An arbitrary point."""
    return lambda k: base[k]


_X, _Y = point(here), point(there)
_move: Vector = lambda k: _Y(k) - _X(k)  # noqa: E731

SMOOTH = le(value(_Y), value(_X) + dot(grad(_X), _move) + smoothness / 2 * norm2(_move), here, there)
"""The descent lemma for every two points: what L-smoothness is used for."""

BOUNDED = le(least, value(_X), here)
step_sizes = IndexedBase("eta", positive=True)
"""Step sizes that change from step to step."""

STEPS = eq(x(t + 1)(j), x(t)(j) - step_sizes[t] * g(t)(j), t, outcome, j)
CONSTANT = {step_sizes: lambda time: step_size}
STEP = STEPS.at(CONSTANT)
CENTRED = (eq(mean(dot(G(t), n(t))), 0, t), eq(mean(dot(b(t), n(t))), 0, t))
NOISE = le(mean(norm2(n(t))), noise_growth * mean(norm2(drift(t))) + noise**2, t)
BIAS = le(norm2(b(t)), relative_bias * norm2(G(t)) + bias_bound**2, t, outcome)
ABSOLUTE_BIAS = le(norm2(b(t)), bias_bound**2, t, outcome)
SGD: tuple[Relation, ...] = (SMOOTH, BOUNDED, STEP, *CENTRED, NOISE)
UNBIASED = eq(b(t)(j), 0, t, outcome, j)
SHORT, LENGTH = le(h, 1), lt(h, 2)

GAP = mean(value(x(0))) - least
"""`Δ = E F(x_0) − F*`."""

SQUARE = Total(mean(norm2(G(t))), t) / steps
"""`A²`."""
