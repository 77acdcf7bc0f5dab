"""Exchanging the arguments exchanges α and 1 − α."""

from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    # From 1e-5 on, 1 − (1 − α) = α to the tolerance.
    alpha = orders(coordinates, atoms=(0.5,), low=1e-5, high=1 - 1e-5)
    return {"target": target, "own": own, "alpha": alpha}


def _skew(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    forward = divergence.renyi_divergence(target, own, alpha=alpha)
    backward = divergence.renyi_divergence(own, target, alpha=1 - alpha)
    return Sides((1 - alpha) * forward, alpha * backward)


def _symmetric(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return Sides(
        divergence.renyi_divergence(target, own, alpha=alpha),
        divergence.renyi_divergence(own, target, alpha=alpha),
    )


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="skew",
    assertions=(
        Assertion(r"(1-\alpha) D_\alpha(p\|q) = \alpha D_{1-\alpha}(q\|p)", "==", _skew, tolerance=1e-8),
    ),
    assumptions=("0 < α < 1; logits may be −∞",),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_\alpha(p\|q) = D_\alpha(q\|p)", "==", _symmetric),
)
