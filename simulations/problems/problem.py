"""What an SGD problem is: a function, its gradient, noise, bias, and the constants that bounds speak of."""

from __future__ import annotations

import math
import numbers
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

from torch import Tensor

from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.streams import Law

NOT_NEGATIVE = "a finite number of at least 0"
POSITIVE = "a positive finite number"
TINY = math.ulp(0.0)
"""The least positive number."""


def _check(name: str, value: object, low: float, allowed: str, *, high: float = math.inf) -> None:
    """Refuse what is no number in [low, high), or NaN; `allowed` says so in words."""
    right = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (right and low <= value < high):  # type: ignore[operator]
        raise ValueError(f"{name} is {value!r}; {allowed} is needed")


@dataclass(frozen=True)
class Noise:
    r"""The law of `n` in `g = ∇F + b + n`: `E[n|x] = 0`, `E‖n‖² ≤ growth·‖∇F+b‖² + variance`.

    Args:
        law: what a step draws from its stream.
        count: how many variates of `law` a replica takes each step.
        shape: `(variates (R, count), x (R, d), mean_gradient (R, d)) -> n (R, d)`, mean gradient `∇F + b`.
        variance: σ².
        growth: M.
        exact: whether `E‖n‖²` equals its bound at every x.
        isotropic: whether n is independent of x with covariance `(variance/d)·1`.
        scale: every variate is multiplied by it as it is drawn; costs less there than in `shape`.
    """

    law: Law
    count: int
    shape: Callable[[Tensor, Tensor, Tensor], Tensor]
    variance: float
    growth: float = 0.0
    exact: bool = True
    isotropic: bool = False
    scale: float = 1.0

    def __post_init__(self) -> None:
        if self.law not in get_args(Law):
            raise ValueError(f"noise law is {self.law!r}; one of {', '.join(get_args(Law))} is needed")
        if not isinstance(self.count, numbers.Integral) or self.count < 1:
            raise ValueError(f"noise count is {self.count!r}; a whole number of at least 1 is needed")
        _check("noise variance", self.variance, 0, NOT_NEGATIVE)
        _check("noise growth", self.growth, 0, NOT_NEGATIVE)
        _check("noise scale", self.scale, TINY, POSITIVE)


@dataclass(frozen=True)
class Bias:
    r"""The deterministic error `b` of the mean gradient: `‖b‖² ≤ relative·‖∇F‖² + bound²`.

    Args:
        function: `(x (R, d), gradient (R, d)) -> b (R, d)`.
        bound: ζ.
        relative: m ∈ [0, 1).
    """

    function: Callable[[Tensor, Tensor], Tensor]
    bound: float
    relative: float = 0.0

    def __post_init__(self) -> None:
        _check("bias bound", self.bound, 0, NOT_NEGATIVE)
        _check("relative bias", self.relative, 0, "a number in [0, 1)", high=1)


@dataclass(frozen=True)
class Coercivity:
    r"""Constants of `scope`: `⟨∇F(x), x⟩ ≥ rate·‖x‖² − slack` and `‖∇F(x)‖ ≤ L‖x‖ + gradient_at_origin`.

    Args:
        rate: a > 0.
        slack: c ≥ 0.
        gradient_at_origin: G₀; `‖∇F(0)‖` does, ∇F being L-Lipschitz.
    """

    rate: float
    slack: float = 0.0
    gradient_at_origin: float = 0.0


@dataclass(frozen=True)
class Problem:
    r"""A frozen SGD problem; every function maps a batch of R points `(R, d)` and looks at each row alone.

    Args:
        name: as users spell it.
        dimension: d.
        objective: F, `(R, d) -> (R,)`.
        gradient: ∇F, `(R, d) -> (R, d)`.
        smoothness: L, a Lipschitz constant of ∇F on the ball `‖x‖ ≤ radius`.
        minimum: F*, the infimum of F; None where unknown.
        start: x₀, `d` numbers.
        noise: law of the gradient noise; None for none.
        bias: error of the mean gradient; None for none.
        minimisers: known local minimisers, each `d` numbers.
        basin: labels of basins of attraction, `(R, d) -> (R,)` or `(R, k)`: points share a basin where all their
            labels are equal. None for the nearest minimiser, which by symmetry may tell basins apart, or nearly so.
        coercivity: constants that keep SGD in a bounded scope; None where none are known.
        radius: of that ball; infinite for the whole space.
        smoothness_exact: whether no smaller L would do (otherwise L is an upper bound, perhaps a loose one).
        pl_constant: μ with `‖∇F‖² ≥ 2μ(F − F*)` everywhere; None where none is known.
        floor: η -> the stationary `E‖∇F‖²` (infinite where SGD diverges; None where it is not known); None if never.
        floor_limit: its limit for η → 0.
        floor_slope: its derivative there.
        kernel: compiled form of it all; None where only the general engine can run it.
        parameters: what the problem was made with.
        sources: constant -> where it comes from.
    """

    name: str
    dimension: int
    objective: Callable[[Tensor], Tensor]
    gradient: Callable[[Tensor], Tensor]
    smoothness: float
    minimum: float | None
    start: tuple[float, ...]
    noise: Noise | None = None
    bias: Bias | None = None
    minimisers: tuple[tuple[float, ...], ...] = ()
    basin: Callable[[Tensor], Tensor] | None = None
    coercivity: Coercivity | None = None
    radius: float = math.inf
    smoothness_exact: bool = True
    pl_constant: float | None = None
    floor: Callable[[float], float | None] | None = None
    floor_limit: float | None = None
    floor_slope: float | None = None
    kernel: Kernel | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.dimension, numbers.Integral) or self.dimension < 1:
            raise ValueError(f"dimension is {self.dimension!r}; a whole number of at least 1 is needed")
        self._check_point("start", self.start)
        for minimiser in self.minimisers:
            self._check_point("a point of minimisers", minimiser)
        _check("smoothness", self.smoothness, TINY, POSITIVE)
        if self.coercivity is not None:
            _check("rate of coercivity", self.coercivity.rate, TINY, POSITIVE)
            _check("slack of coercivity", self.coercivity.slack, 0, NOT_NEGATIVE)
            _check("gradient_at_origin", self.coercivity.gradient_at_origin, 0, NOT_NEGATIVE)
        if self.minimum is not None:
            _check("minimum", self.minimum, -sys.float_info.max, "a finite number, or None,")
        if self.pl_constant is not None:
            _check("pl_constant", self.pl_constant, TINY, f"{POSITIVE}, or None,")
        if self.radius != math.inf:
            _check("radius", self.radius, TINY, "a positive number")

    def _check_point(self, name: str, point: Sequence[float]) -> None:
        numeric = all(isinstance(x, numbers.Real) and math.isfinite(x) for x in point)
        if not numeric or len(point) != self.dimension:
            raise ValueError(f"{name} is {point!r}; {self.dimension} finite numbers are needed (dimension)")

    def regularised(self, weight_decay: float) -> Problem:
        """The problem of `F + λ‖x‖²/2`, λ = weight_decay > 0, with the same noise and bias laws.

        Its `smoothness` is L + λ (exact only where it was); its minimum, minimisers and basins are not known.
        """
        if not (weight_decay > 0 and math.isfinite(weight_decay)):
            raise ValueError(f"weight_decay is {weight_decay}; a positive number is needed")
        objective, gradient, noise = self.objective, self.gradient, self.noise
        if noise and not noise.growth:
            # A minibatch's noise is measured from the mean gradient of the problem without decay.
            shape = noise.shape
            noise = replace(noise, shape=lambda v, x, mean: shape(v, x, mean - weight_decay * x))
        return replace(
            self,
            objective=lambda x: objective(x) + 0.5 * weight_decay * (x * x).sum(1),
            gradient=lambda x: gradient(x) + weight_decay * x,
            noise=noise,
            smoothness=self.smoothness + weight_decay,
            minimum=None,
            minimisers=(),
            basin=None,
            pl_constant=None,
            coercivity=None,
            floor=None,
            floor_limit=None,
            floor_slope=None,
            kernel=None,
            parameters={
                **self.parameters,
                "weight_decay": self.parameters.get("weight_decay", 0.0) + weight_decay,
            },
        )

    @property
    def noise_variance(self) -> float:
        """The constant σ²."""
        return self.noise.variance if self.noise else 0.0

    @property
    def noise_growth(self) -> float:
        """The constant M."""
        return self.noise.growth if self.noise else 0.0

    @property
    def bias_bound(self) -> float:
        """The constant ζ."""
        return self.bias.bound if self.bias else 0.0

    @property
    def relative_bias(self) -> float:
        """The constant m."""
        return self.bias.relative if self.bias else 0.0

    @property
    def largest_step_size(self) -> float:
        """`1/((M+1)L)`, the largest step size of `stationarity`."""
        return 1 / ((self.noise_growth + 1) * self.smoothness)
