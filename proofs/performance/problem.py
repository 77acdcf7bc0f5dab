r"""The class of SGD runs whose worst case is asked for, in units where smoothness and initial gap are 1.

With `x = √(Δ/L)·x'` and `F = Δ·F'` every run becomes one with `L = Δ = 1`, step size `h = ηL`, and squared
gradients, biases and noises divided by `LΔ`. All parameters of the scaled class are rational, so that
everything said about it can be checked in exact arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Literal, NamedTuple, get_args

Metric = Literal["average", "minimum", "last"]
Real = int | float | str | Fraction | Decimal
Combination = dict[int, Fraction]
"""Coefficients of a vector in the basis of a problem: `{index: coefficient}`."""


@dataclass(frozen=True)
class Problem:
    r"""Runs `x_{t+1} = x_t − h(g_t + b_t + n_t)`, `g_t = ∇F(x_t)`, on 1-smooth F with `F(x_0) − F* ≤ 1`.

    `‖b_t‖² ≤ m‖g_t‖² + ζ²`; `E[n_t | past] = 0` and `E‖n_t‖² ≤ σ²`. What is measured are the T squared
    gradient norms `‖g_0‖², …, ‖g_{T−1}‖²`: their average, their minimum, or the last of them. Hence only the
    first T − 1 biases and noises matter.

    The basis of the Gram matrix is `g_0, b_0, n_0, g_1, b_1, n_1, …, g_{T−1}`, without the `b_t` where biases
    are zero (ζ = m = 0) and without the `n_t` where noise is (σ = 0).

    Args:
        steps: T ≥ 1.
        step_size: h = ηL > 0.
        bias_bound_squared: ζ²/(LΔ) ≥ 0.
        relative_bias: m in [0, 1).
        noise_variance: σ²/(LΔ) ≥ 0.
        metric: which function of the squared gradient norms.
    """

    steps: int
    step_size: Fraction
    bias_bound_squared: Fraction
    relative_bias: Fraction
    noise_variance: Fraction
    metric: Metric

    @property
    def biased(self) -> bool:
        """Whether biases other than zero are allowed."""
        return bool(self.bias_bound_squared or self.relative_bias)

    @property
    def noisy(self) -> bool:
        """Whether noise other than zero is allowed."""
        return bool(self.noise_variance)

    @cached_property
    def _stride(self) -> int:
        return 1 + self.biased + self.noisy

    @property
    def dimension(self) -> int:
        """Number of basis vectors."""
        return self._stride * (self.steps - 1) + 1

    def gradient(self, t: int) -> int:
        """Basis index of `g_t`, t < T."""
        return self._stride * t

    def bias(self, t: int) -> int:
        """Basis index of `b_t`, t < T − 1, if `biased`."""
        return self._stride * t + 1

    def noise(self, t: int) -> int:
        """Basis index of `n_t`, t < T − 1, if `noisy`."""
        return self._stride * t + 1 + self.biased

    def displacement(self, i: int, j: int) -> Combination:
        """`x_i − x_j`: plus or minus h times what the steps between i and j moved along."""
        step = self.step_size if i < j else -self.step_size
        first, last = self._stride * min(i, j), self._stride * max(i, j)
        return dict.fromkeys(range(first, last), step)


class Units(NamedTuple):
    """What the problem was scaled by: points by `√(Δ/L)`, function values by Δ, squared gradients by `LΔ`."""

    smoothness: Fraction
    initial_gap: Fraction

    @property
    def squared_gradient(self) -> Fraction:
        """`LΔ`."""
        return self.smoothness * self.initial_gap


def scaled_problem(
    *,
    steps: int,
    step_size: Real,
    smoothness: Real,
    bias_bound: Real,
    relative_bias: Real = 0,
    noise_variance: Real = 0,
    initial_gap: Real = 1,
    metric: Metric = "average",
) -> tuple[Problem, Units]:
    """The problem in units of L = Δ = 1, and those units.

    A float stands for the decimal number it prints as, so `0.1` means 1/10.

    Raises:
        TypeError: if `steps` is no integer or a parameter no real number.
        ValueError: if a parameter lies outside its range.
    """
    if isinstance(steps, bool) or not isinstance(steps, int):
        raise TypeError(f"steps must be an integer ≥ 1, got {steps!r}")
    if steps < 1:
        raise ValueError(f"steps must be ≥ 1, got {steps}")
    if metric not in get_args(Metric):
        raise ValueError(f"metric must be one of {', '.join(get_args(Metric))}, got {metric!r}")
    eta = _rational("step_size", step_size, "> 0", lambda value: value > 0)
    zeta = _rational("bias_bound", bias_bound, "≥ 0", lambda value: value >= 0)
    sigma_squared = _rational("noise_variance", noise_variance, "≥ 0", lambda value: value >= 0)
    m = _rational("relative_bias", relative_bias, "in [0, 1)", lambda value: 0 <= value < 1)
    units = Units(
        smoothness=_rational("smoothness", smoothness, "> 0", lambda value: value > 0),
        initial_gap=_rational("initial_gap", initial_gap, "> 0", lambda value: value > 0),
    )
    squared = units.squared_gradient
    problem = Problem(steps, eta * units.smoothness, zeta**2 / squared, m, sigma_squared / squared, metric)
    return problem, units


def _rational(name: str, value: Real, allowed: str, holds: Callable[[Fraction], bool]) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a real number {allowed}, got {value!r}")
    try:
        rational = Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)
    except (ValueError, ArithmeticError):
        raise ValueError(f"{name} must be a finite number {allowed}, got {value!r}") from None
    if not holds(rational):
        raise ValueError(f"{name} must be {allowed}, got {value}")
    return rational
