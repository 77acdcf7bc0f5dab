"""At order ½ the Rényi divergence is symmetric, and twice the Bhattacharyya distance."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    return {"target": target, "own": own}


def _affinity(target: Tensor, own: Tensor) -> Tensor:
    """`log Σ √(pq)`, rounded relative to 1 + its size."""
    return torch.logsumexp((torch.log_softmax(target, -1) + torch.log_softmax(own, -1)) / 2, -1)


def _distance(target: Tensor, own: Tensor) -> Sides:
    distance = -2 * _affinity(target, own)
    value = divergence.renyi_divergence(target, own, alpha=0.5)
    return Sides(value, distance, scale=1 + distance.abs())


def _symmetric(target: Tensor, own: Tensor) -> Sides:
    forward = divergence.renyi_divergence(target, own, alpha=0.5)
    return Sides(forward, divergence.renyi_divergence(own, target, alpha=0.5))


def _without_two(target: Tensor, own: Tensor) -> Sides:
    distance = -_affinity(target, own)
    value = divergence.renyi_divergence(target, own, alpha=0.5)
    return Sides(value, distance, scale=1 + distance.abs())


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="bhattacharyya",
    assertions=(
        Assertion(r"D_{1/2}(p\|q) = -2 \log \sum_i \sqrt{p_i q_i}", "==", _distance),
        Assertion(r"D_{1/2}(p\|q) = D_{1/2}(q\|p)", "==", _symmetric),
    ),
    assumptions=("logits may be −∞",),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_{1/2}(p\|q) = -\log \sum_i \sqrt{p_i q_i}", "==", _without_two),
)
