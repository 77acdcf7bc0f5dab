"""The Rényi divergence as a function of the Hellinger divergence (Tsallis relative entropy) of its order."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    # Moderate ranges and orders: elsewhere the sum over- or underflows, though D does not.
    target, own = pairs(coordinates, largest=5.0)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 2.0), high=5.0)}


def _hellinger(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """`H_α = (Σ p^α q^{1−α} − 1)/(α−1)`; the numerator rounds relative to 1 and the sum."""
    order = alpha.unsqueeze(-1)
    exponents = order * torch.log_softmax(target, -1) + (1 - order) * torch.log_softmax(own, -1)
    return (exponents.exp().sum(-1) - 1) / (alpha - 1)


def _logarithm(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    left = (alpha - 1) * divergence.renyi_divergence(target, own, alpha=alpha)
    right = torch.log1p((alpha - 1) * _hellinger(target, own, alpha))
    return Sides(left, right, scale=1 + (-left).exp() + left.abs())


def _equal(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    hellinger = _hellinger(target, own, alpha)
    scale = 1 / (alpha - 1).abs() + hellinger
    return Sides(divergence.renyi_divergence(target, own, alpha=alpha), hellinger, scale=scale)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="tsallis-hellinger",
    assertions=(
        Assertion(
            r"(\alpha-1) D_\alpha(p\|q) = \log(1 + (\alpha-1) H_\alpha(p\|q))"
            r",\ H_\alpha = \frac{\sum_i p_i^\alpha q_i^{1-\alpha} - 1}{\alpha-1}",
            "==",
            _logarithm,
        ),
    ),
    assumptions=("D < ∞", "α ≥ 0 finite, α ≠ 1"),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_\alpha(p\|q) = H_\alpha(p\|q)", "==", _equal),
)
