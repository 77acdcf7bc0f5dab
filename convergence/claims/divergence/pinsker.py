"""Pinsker's inequality for every order: the Rényi divergence bounds the total variation."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    return {"target": target, "own": own, "alpha": orders(coordinates)}


def _pinsker(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = gradient_bounds.pinsker_constant(alpha) * definition.distance_squared(target, own)
    return Sides(bound, divergence.renyi_divergence(target, own, alpha=alpha))


def _beyond_one(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = alpha.clamp(max=3.0) / 2 * definition.distance_squared(target, own)
    return Sides(bound, divergence.renyi_divergence(target, own, alpha=alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="pinsker",
    assertions=(Assertion(r"D_\alpha(p\|q) \ge \frac{\min(\alpha, 1)}{2} \|p - q\|_1^2", "<=", _pinsker),),
    assumptions=("α ∈ [0, ∞]; logits may be −∞",),
    source="Gilardoni 2010; van Erven & Harremoës 2014",
    instances=INSTANCES,
    depends_on=("order-monotone", "variational"),
    false_neighbour=Assertion(
        r"D_\alpha(p\|q) \ge \frac{\min(\alpha, 3)}{2} \|p - q\|_1^2", "<=", _beyond_one
    ),
)
