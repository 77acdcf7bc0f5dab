"""What an SGD problem is: a function, its gradient, noise, bias, and the constants that bounds speak of."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from torch import Tensor

from simulations.ensemble.compiled.kernel import Kernel
from simulations.ensemble.streams import Law


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
    """

    law: Law
    count: int
    shape: Callable[[Tensor, Tensor, Tensor], Tensor]
    variance: float
    growth: float = 0.0
    exact: bool = True
    isotropic: bool = False


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
        basin: labels of basins of attraction, `(R, d) -> (R,)` integers; None for the nearest minimiser.
        coercivity: constants that keep SGD in a bounded scope; None where none are known.
        radius: of that ball; infinite for the whole space.
        smoothness_exact: whether no smaller L would do (otherwise L is an upper bound, perhaps a loose one).
        pl_constant: μ with `‖∇F‖² ≥ 2μ(F − F*)` everywhere; None where none is known.
        floor: η -> the stationary `E‖∇F‖²` where known exactly (infinite where SGD diverges); else None.
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
    floor: Callable[[float], float] | None = None
    floor_limit: float | None = None
    floor_slope: float | None = None
    kernel: Kernel | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.dimension < 1 or len(self.start) != self.dimension:
            raise ValueError(
                f"start has {len(self.start)} numbers; dimension is {self.dimension} (at least 1)"
            )
        if not (self.smoothness > 0 and math.isfinite(self.smoothness)):
            raise ValueError(f"smoothness is {self.smoothness}; a positive number is needed")
        if not 0 <= self.relative_bias < 1:
            raise ValueError(f"relative_bias is {self.relative_bias}; it must lie in [0, 1)")
        if min(self.bias_bound, self.noise_variance, self.noise_growth) < 0:
            raise ValueError("bias_bound, noise_variance and noise_growth must not be negative")

    def regularised(self, weight_decay: float) -> Problem:
        """The problem of `F + λ‖x‖²/2`, λ = weight_decay > 0, with the same noise and bias laws.

        Its `smoothness` is L + λ (exact only where it was); its minimum and minimisers are not known.
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
            pl_constant=None,
            coercivity=None,
            floor=None,
            floor_limit=None,
            floor_slope=None,
            kernel=None,
            parameters={**self.parameters, "weight_decay": weight_decay},
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
