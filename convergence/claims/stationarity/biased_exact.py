"""Without noise: the mean squared gradient that a constant bias sustains, and where nothing is worse."""

import torch
from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs
from convergence.claims.samplers.quadratics import biased_descent


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    run = runs(coordinates, noisy=False, growing=False)
    return run | {"extremal_gradient_norm_squared": biased_descent(run)}


def _value(
    initial_gap: Tensor, step_size: Tensor, smoothness: Tensor, steps: Tensor, bias_bound: Tensor
) -> Tensor:
    return stationarity_bounds.biased_exact(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        bias_bound=bias_bound,
    )


def _holds(
    initial_gap: Tensor, step_size: Tensor, smoothness: Tensor, steps: Tensor, bias_bound: Tensor
) -> Tensor:
    rows = torch.stack((initial_gap, step_size, smoothness, steps, bias_bound), 1).tolist()
    return torch.tensor(
        [
            stationarity_bounds.biased_exact_holds(
                initial_gap=gap, step_size=eta, smoothness=curvature, steps=int(count), bias_bound=zeta
            )
            for gap, eta, curvature, count, zeta in rows
        ]
    )


def _bound(
    mean_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    bias_bound: Tensor,
) -> Sides:
    constants = (initial_gap, step_size, smoothness, steps, bias_bound)
    bound = _value(*constants)
    size = bound + 2 * smoothness * initial_gap + bias_bound.square()  # of terms that cancel
    return Sides(mean_gradient_norm_squared, torch.where(_holds(*constants), bound, torch.inf), scale=size)


def _reached(
    extremal_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    bias_bound: Tensor,
) -> Sides:
    bound = _value(initial_gap, step_size, smoothness, steps, bias_bound)
    size = bound + 2 * smoothness * initial_gap + bias_bound.square()
    return Sides(extremal_gradient_norm_squared, bound, scale=size)


INSTANCES = Sampler(_instances)
VALUE = (
    r"\zeta^2 + 2\zeta(G-\zeta) \frac{1-(1-h)^T}{hT} + (G-\zeta)^2 \frac{1-(1-h)^{2T}}{h(2-h)T}"
    r",\ G = \sqrt{2L\Delta}"
)

CLAIM = Claim(
    id="biased-exact",
    assertions=(
        Assertion(
            r"A^2 \le Q = " + VALUE + r" \text{ where the dual multipliers are feasible}", "<=", _bound
        ),
        Assertion(r"A^2 = Q \text{ for } F = \frac{L}{2} x^2,\ b = -\zeta", "==", _reached),
    ),
    assumptions=(
        *SGD,
        "M = σ = m = 0, h = ηL ≤ 1, G = √(2LΔ); the bound: G > 0 or T = 1, and not both h = 1 and ζ = 0 (`last-step`)",
        "the bound: h = 1, ζ = 0, ζ ≥ G, T ≤ 2, or all 1 − λ_t(1−k_t) ≥ 0, where k_t = (1−h)a_{t+1}/a_t"
        " on a_0 = G, a_{t+1} = (1−h)a_t + hζ, and λ_{T−2} = 1, λ_{t−1} = 1 + λ_t k_t",
        "on the quadratic x_0 = G/L",
    ),
    source="ours, from the dual of the performance-estimation problem",
    instances=INSTANCES,
    depends_on=("biased-programme",),
    false_neighbour=Assertion(r"A^2 \le 0.99 \, Q", "<=", reduced(_reached)),
)
