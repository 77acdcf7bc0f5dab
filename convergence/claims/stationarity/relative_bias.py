"""A bias that grows with the gradient: the bound on A as the root of one quadratic equation in A²."""

import torch
from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs
from convergence.claims.samplers.quadratics import biased_descent


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    run = runs(coordinates, relative=True)
    return run | {"extremal_gradient_norm_squared": biased_descent(run)}


def _bound(
    mean_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    bound = stationarity_bounds.relative_bias_bound(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
    )
    return Sides(mean_gradient_norm_squared, bound)


def _on_quadratic(
    extremal_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    constants = dict(locals())
    return _bound(constants.pop("extremal_gradient_norm_squared"), **constants)


def _without_growth(
    extremal_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    constants = dict(locals())
    square = constants.pop("extremal_gradient_norm_squared")
    return _bound(square, **(constants | {"relative_bias": torch.zeros_like(relative_bias)}))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="relative-bias",
    assertions=(
        Assertion(
            r"A \le A_+,\ A_+^2 - \left( (1-h) A_+ + h \sqrt{m A_+^2 + \zeta^2} \right)^2 = 2hR"
            r",\ R = \frac{\Delta}{\eta T} + \frac{\eta L \sigma^2}{2}",
            "<=",
            _bound,
        ),
        Assertion(
            r"A \le A_+ \text{ for } F = \frac{L}{2} x^2,\ b = -\sqrt{m \|\nabla F\|^2 + \zeta^2}",
            "<=",
            _on_quadratic,
        ),
    ),
    assumptions=(*SGD, "h = ηL(M+1) ≤ 1", "0 ≤ m < 1"),
    source="ours, from the descent lemma and Minkowski's inequality",
    instances=INSTANCES,
    depends_on=("stationarity",),
    false_neighbour=Assertion(
        r"A \le A_+ \text{ with } m = 0 \text{ in its equation, whatever } m", "<=", _without_growth
    ),
)
