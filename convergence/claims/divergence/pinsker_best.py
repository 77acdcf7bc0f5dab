"""Pinsker's inequality with the best constants for orders above 1."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs
from convergence.claims.samplers.thresholds import constants, snapped


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    return {"target": target, "own": own, "alpha": 1 / snapped(1 / orders(coordinates))}


def _usable(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = gradient_bounds.pinsker_usable(alpha) * definition.distance_squared(target, own)
    return Sides(bound, divergence.renyi_divergence(target, own, alpha=alpha))


def _sharp(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = constants(gradient_bounds.pinsker_best, alpha) * definition.distance_squared(target, own)
    return Sides(bound, divergence.renyi_divergence(target, own, alpha=alpha))


def _too_large(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    left, right, _ = _sharp(target, own, alpha)
    return Sides(1.01 * left, right)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="pinsker-best",
    assertions=(
        Assertion(
            r"D_\alpha(p\|q) \ge \frac{1}{2} \min(\alpha, \frac{5+3\sqrt{5}}{10}) \|p - q\|_1^2",
            "<=",
            _usable,
        ),
        Assertion(
            r"D_\alpha(p\|q) \ge \frac{1}{2 c(1/\alpha)} \|p - q\|_1^2"
            r" \quad (0.6138519 \text{ for } \alpha \ge 1.3979525)",
            "<=",
            _sharp,
        ),
    ),
    assumptions=(
        "α ∈ [0, ∞]; logits may be −∞",
        "c of self-bounding-best, between its two closed forms the best constant for two classes",
    ),
    source="ours, from order-inversion; two classes suffice by data processing",
    instances=INSTANCES,
    depends_on=("nonneg", "order-monotone", "data-processing", "pinsker"),
    false_neighbour=Assertion(
        r"D_\alpha(p\|q) \ge \frac{1.01}{2 c(1/\alpha)} \|p - q\|_1^2", "<=", _too_large
    ),
)
