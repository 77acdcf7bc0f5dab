"""The bounded scope: how far from the origin SGD goes on searching."""

import math

import torch
from torch import Tensor

from convergence.bounds import scope as scope_bounds
from convergence.claims.assumptions import STEP
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.radial import settle


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """`F' = ℓr − κ` at distance r in the plane, so a wreath of minima at κ/ℓ, with bias outwards.

    For any w ∈ (0, 1): `F'r ≥ (1−w)ℓr² − κ²/(4wℓ)`; without repulsion (κ = 0) also with w = 0.
    """
    curvature, share = coordinates.log_uniform(0.1, 10), coordinates.uniform(0.05, 0.5)
    repelling = coordinates.index(2) == 1
    share = torch.where(repelling, share, 0)
    scale, angle = coordinates.log_uniform(0.1, 10), coordinates.uniform(0, math.pi / 2)
    repulsion = torch.where(repelling, scale * coordinates.uniform(0, 1), 0)
    bias_bound, noise_variance = scale * angle.cos(), (scale * angle.sin()).square()
    coercivity = (1 - share) * curvature
    step_size = coordinates.log_uniform(0.3, 1) * coercivity / (4 * curvature.square())
    distance = settle(
        scale / curvature * coordinates.log_uniform(0.1, 10),
        step_size=step_size,
        gradient=lambda distance: curvature * distance - repulsion,
        bias=lambda _: -bias_bound,
        noise_variance=noise_variance,
        noise_growth=torch.zeros_like(scale),
    )
    return {
        "step_size": step_size,
        "coercivity": coercivity,
        "slack": torch.where(repelling, repulsion.square() / (4 * share.clamp(min=1e-3) * curvature), 0),
        "smoothness": curvature,
        "gradient_at_origin": repulsion,
        "bias_bound": bias_bound,
        "noise_variance": noise_variance,
        "mean_square_distance": distance.square(),
    }


def _sides(mean_square_distance: Tensor, radius: Tensor) -> Sides:
    return Sides(mean_square_distance, radius.square())


def _bound(
    mean_square_distance: Tensor,
    step_size: Tensor,
    coercivity: Tensor,
    slack: Tensor,
    smoothness: Tensor,
    gradient_at_origin: Tensor,
    bias_bound: Tensor,
    noise_variance: Tensor,
) -> Sides:
    constants = dict(locals())
    return _sides(constants.pop("mean_square_distance"), scope_bounds.scope_radius(**constants))


def _sharp(
    mean_square_distance: Tensor,
    step_size: Tensor,
    coercivity: Tensor,
    slack: Tensor,
    smoothness: Tensor,
    gradient_at_origin: Tensor,
    bias_bound: Tensor,
    noise_variance: Tensor,
) -> Sides:
    constants = dict(locals())
    return _sides(constants.pop("mean_square_distance"), scope_bounds.scope_radius_sharp(**constants))


INSTANCES = Sampler(_instances)
RADIUS = (
    r"s_* = \frac{B + \sqrt{B^2 + (2a - \eta L^2) K}}{2a - \eta L^2}"
    r",\ B = \zeta + \eta L (G_0 + \zeta),\ K = 2c + \eta ((G_0 + \zeta)^2 + \sigma^2)"
)

CLAIM = Claim(
    id="scope",
    assertions=(
        Assertion(
            r"\limsup_t E\|x_t\|^2"
            r" \le \frac{2}{a} \left( 2c + \frac{\zeta^2}{a} + \eta (2 (G_0 + \zeta)^2 + \sigma^2) \right)",
            "<=",
            _bound,
        ),
        Assertion(r"\limsup_t E\|x_t\|^2 \le s_*^2,\ " + RADIUS, "<=", _sharp),
    ),
    assumptions=(
        STEP,
        "⟨∇F(x), x⟩ ≥ a‖x‖² − c, ‖∇F(x)‖ ≤ L‖x‖ + G₀, a > 0",
        "‖b‖ ≤ ζ, E‖n‖² ≤ σ²",
        "η ≤ a/(4L²), for the second η < 2a/L²",
    ),
    source="ours, from the recursion of E‖x_t‖²",
    instances=INSTANCES,
    false_neighbour=Assertion(r"\limsup_t E\|x_t\|^2 \le 0.99 \, s_*^2", "<=", reduced(_sharp)),
)
