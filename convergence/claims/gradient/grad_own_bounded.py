"""The gradient in the own logits is bounded whatever the order, the classes and the distributions."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    return {"target": target, "own": own, "alpha": orders(coordinates)}


def _bounded(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    norms = (1, 2, float("inf"))
    sizes = torch.stack([torch.linalg.vector_norm(gradient, ord=norm, dim=-1) for norm in norms], -1)
    return Sides(sizes, sizes.new_tensor([gradient_bounds.own_gradient_bound(norm=norm) for norm in norms]))


def _too_small(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    size = divergence.gradient_own(target, own, alpha=alpha).norm(dim=-1)
    return Sides(size, torch.full_like(size, 1.4))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="grad-own-bounded",
    assertions=(
        Assertion(
            r"\|q - r_\alpha\|_1 \le 2,\ \|q - r_\alpha\|_2 \le \sqrt{2},\ \|q - r_\alpha\|_\infty \le 1",
            "<=",
            _bounded,
        ),
    ),
    assumptions=("α ∈ [0, ∞]; logits may be −∞",),
    source="ours: a difference of two distributions",
    instances=INSTANCES,
    false_neighbour=Assertion(r"\|q - r_\alpha\|_2 \le 1.4", "<=", _too_small),
)
