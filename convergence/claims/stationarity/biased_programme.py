"""Without noise: what every run's gradients satisfy, and hence a convex programme that bounds them."""

import torch
from torch import Tensor

from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import HORIZON, Oracle, descend
from convergence.claims.samplers.landscapes import landscape


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """Noiseless runs of `HORIZON` steps under a bias of any sign, which follows the gradient's or not."""
    smoothness = coordinates.log_uniform(0.1, 10)
    none = torch.zeros_like(smoothness)
    zeta = smoothness * coordinates.log_uniform(0.03, 3) * coordinates.uniform(0, 1)
    step_size = coordinates.log_uniform(0.05, 1) / smoothness
    function, start = landscape(coordinates, smoothness), 3 * coordinates.take()
    run = descend(
        function,
        start,
        step_size.unsqueeze(1).expand(-1, HORIZON),
        Oracle(bias_bound=zeta, relative_bias=none, noise_variance=none, noise_growth=none),
        bias=coordinates.take(HORIZON),
        noise=torch.zeros_like(smoothness).unsqueeze(1).expand(-1, HORIZON),
    )
    return {
        "initial_gap": (run.objective[:, 0] - function.minimum()).clamp(min=0),
        "step_size": step_size,
        "smoothness": smoothness,
        "bias_bound": zeta,
        "gradient_norm_squared": run.gradient_norm_squared,
    }


def _constraints(
    gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    bias_bound: Tensor,
    weight: float,
) -> Sides:
    contraction = (step_size * smoothness).unsqueeze(1)
    size = gradient_norm_squared.sqrt()
    reach = (1 - contraction) * size + contraction * bias_bound.unsqueeze(1)
    used = size[:, :-1].square() - reach[:, :-1].square() + weight * (size[:, 1:] - reach[:, :-1]).square()
    spent = torch.cat((torch.zeros_like(used[:, :1]), used.cumsum(1)), 1)
    budget = (2 * smoothness * initial_gap).unsqueeze(1)
    magnitude = budget + gradient_norm_squared.cumsum(1) + reach.square().cumsum(1)
    return Sides(spent + gradient_norm_squared, budget.expand_as(spent), scale=magnitude)


def _feasible(
    gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return _constraints(**locals(), weight=0.5)


def _as_if_convex(
    gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    bias_bound: Tensor,
) -> Sides:
    return _constraints(**locals(), weight=1.0)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="biased-programme",
    assertions=(
        Assertion(
            r"\sum_{t<m} [a_t^2 - y_t^2 + \frac{1}{2} (a_{t+1} - y_t)^2] + a_m^2 \le 2L\Delta \ (m < T)"
            r",\ a_t = \|\nabla F(x_t)\|,\ y_t = (1-h) a_t + h\zeta",
            "<=",
            _feasible,
        ),
    ),
    assumptions=(*SGD, "M = σ = m = 0, h = ηL ≤ 1", "T iterates x_0, …, x_{T−1}"),
    source="ours, from the interpolation inequality of smooth functions; A² ≤ the maximum of Σa_t²/T",
    instances=INSTANCES,
    depends_on=("stationarity-sharp",),
    false_neighbour=Assertion(
        r"\sum_{t<m} [a_t^2 - y_t^2 + (a_{t+1} - y_t)^2] + a_m^2 \le 2L\Delta", "<=", _as_if_convex
    ),
)
