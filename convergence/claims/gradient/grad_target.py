"""The gradient of the divergence in the target logits: escort minus target probabilities, rescaled."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 2.0))}


def _rounding(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """What r − p and autograd round relative to, with exponents of the size of the logits."""
    exponents = alpha * target.abs().amax(-1) + (1 - alpha).abs() * own.abs().amax(-1)
    return (((1 + alpha) / (alpha - 1).abs()) * (1 + exponents)).unsqueeze(-1)


def _scaled(target: Tensor, own: Tensor, alpha: Tensor, factor: Tensor) -> Sides:
    difference = divergence.escort(target, own, alpha=alpha) - torch.softmax(target, -1)
    gradient = divergence.gradient_target(target, own, alpha=alpha)
    return Sides(gradient, factor.unsqueeze(-1) * difference, scale=_rounding(target, own, alpha))


def _difference(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _scaled(target, own, alpha, alpha / (alpha - 1))


def _derivative(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    by_target, _ = definition.gradients(target, own, alpha)
    gradient = divergence.gradient_target(target, own, alpha=alpha)
    return Sides(gradient, by_target, scale=_rounding(target, own, alpha))


def _at_one(target: Tensor, own: Tensor) -> Sides:
    p, ratio = torch.softmax(target, -1), definition.log_ratio(target, own)
    gradient = divergence.gradient_target(target, own, alpha=1.0)
    return Sides(gradient, p * (ratio - (p * ratio).sum(-1, keepdim=True)))


def _without_alpha(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _scaled(target, own, alpha, 1 / (alpha - 1))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="grad-target",
    assertions=(
        Assertion(
            r"\nabla_{z_p} D_\alpha(p\|q) = \frac{\alpha}{\alpha-1} (r_\alpha - p) \quad (\alpha \ne 1)",
            "==",
            _difference,
        ),
        Assertion(
            r"\nabla_{z_p} D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}",
            "==",
            _derivative,
        ),
        Assertion(
            r"\nabla_{z_p} D_1(p\|q) = p \odot (\log p/q - \mathrm{KL}(p\|q))",
            "==",
            _at_one,
        ),
    ),
    assumptions=("finite logits", "α ≥ 0 finite"),
    source="ours, from jensen-gap",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\nabla_{z_p} D_\alpha(p\|q) = \frac{1}{\alpha-1} (r_\alpha - p)", "==", _without_alpha
    ),
)
