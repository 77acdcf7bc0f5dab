"""The Hessian of the divergence in the own logits: a difference of two Fisher metrics."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import CLASSES, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, largest=1e2)
    return {
        "target": target,
        "own": own,
        "displacement": coordinates.take(CLASSES),
        "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0)),
    }


def _metric(probabilities: Tensor, direction: Tensor) -> Tensor:
    """`Σ(p)v`."""
    return probabilities * (direction - (probabilities * direction).sum(-1, keepdim=True))


def _second_derivative(target: Tensor, own: Tensor, alpha: Tensor, direction: Tensor) -> Tensor:
    with torch.enable_grad():
        own = own.detach().requires_grad_()
        value = definition.divergence(target, own, alpha)
        (gradient,) = torch.autograd.grad(value.sum(), own, create_graph=True)
        return torch.autograd.grad((gradient * direction).sum(), own)[0]


def _sides(target: Tensor, own: Tensor, alpha: Tensor, displacement: Tensor, weight: Tensor) -> Sides:
    escort = divergence.escort(target, own, alpha=alpha)
    second = weight.unsqueeze(-1) * _metric(escort, displacement)
    exponents = alpha * target.abs().amax(-1) + (1 + alpha) * own.abs().amax(-1)
    return Sides(
        _second_derivative(target, own, alpha, displacement),
        _metric(torch.softmax(own, -1), displacement) - second,
        scale=((1 + alpha) * (1 + exponents)).unsqueeze(-1),
    )


def _hessian(target: Tensor, own: Tensor, alpha: Tensor, displacement: Tensor) -> Sides:
    return _sides(target, own, alpha, displacement, 1 - alpha)


def _without_factor(target: Tensor, own: Tensor, alpha: Tensor, displacement: Tensor) -> Sides:
    return _sides(target, own, alpha, displacement, torch.ones_like(alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="hessian-own",
    assertions=(
        Assertion(r"\nabla_{z_q}^2 D_\alpha(p\|q) = \Sigma(q) - (1-\alpha) \Sigma(r_\alpha)", "==", _hessian),
    ),
    assumptions=("finite logits", "α ≥ 0 finite"),
    source="ours, from grad-own",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\nabla_{z_q}^2 D_\alpha(p\|q) = \Sigma(q) - \Sigma(r_\alpha)", "==", _without_factor
    ),
)
