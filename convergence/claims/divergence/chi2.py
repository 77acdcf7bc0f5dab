"""At order 2 the Rényi divergence is a function of Pearson's χ²."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import DOMINATED, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    # A ratio p/q beyond e^300 would overflow in χ², though not in D.
    target, own = pairs(coordinates, largest=150.0, masks=DOMINATED)
    return {"target": target, "own": own}


def _chi_squared(target: Tensor, own: Tensor) -> Tensor:
    """`Σ (p−q)²/q`, with q − p as the gradient at order 1: free of cancellation."""
    difference = divergence.gradient_own(target, own, alpha=1.0)
    q = torch.softmax(own, -1)
    return torch.where(q > 0, difference * (difference / q), 0).sum(-1)


def _order_two(target: Tensor, own: Tensor) -> Sides:
    value = divergence.renyi_divergence(target, own, alpha=2.0)
    return Sides(value, torch.log1p(_chi_squared(target, own)))


def _reversed(target: Tensor, own: Tensor) -> Sides:
    value = divergence.renyi_divergence(target, own, alpha=2.0)
    return Sides(value, torch.log1p(_chi_squared(own, target)))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="chi2",
    assertions=(
        Assertion(
            r"D_2(p\|q) = \log(1 + \chi^2(p\|q)),\ \chi^2(p\|q) = \sum_i \frac{(p_i - q_i)^2}{q_i}",
            "==",
            _order_two,
        ),
    ),
    assumptions=("p ≪ q",),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_2(p\|q) = \log(1 + \chi^2(q\|p))", "==", _reversed),
)
