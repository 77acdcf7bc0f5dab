"""The gradient of the divergence in the own logits: own probabilities minus the escort, at every order."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))}


def _rounding(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """What q − r and autograd round relative to: probabilities, with exponents of the size of the logits."""
    exponents = alpha * target.abs().amax(-1) + (1 - alpha).abs() * own.abs().amax(-1)
    return (1 + exponents).unsqueeze(-1)


def _difference(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    difference = torch.softmax(own, -1) - divergence.escort(target, own, alpha=alpha)
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    return Sides(gradient, difference, scale=_rounding(target, own, alpha))


def _derivative(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    _, by_own = definition.gradients(target, own, alpha)
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    return Sides(gradient, by_own, scale=_rounding(target, own, alpha))


def _target_in_place_of_escort(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    return Sides(gradient, torch.softmax(own, -1) - torch.softmax(target, -1))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="grad-own",
    assertions=(
        Assertion(r"\nabla_{z_q} D_\alpha(p\|q) = q - r_\alpha", "==", _difference),
        Assertion(
            r"\nabla_{z_q} D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}",
            "==",
            _derivative,
        ),
    ),
    assumptions=("finite logits", "α ≥ 0 finite; at α = 1 it is q − p"),
    source="ours, from jensen-gap; classical at α = 1",
    instances=INSTANCES,
    false_neighbour=Assertion(r"\nabla_{z_q} D_\alpha(p\|q) = q - p", "==", _target_in_place_of_escort),
)
