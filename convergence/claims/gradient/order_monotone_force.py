"""A larger order pulls harder, in the 1-norm and for every pair."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, smallest=1e-2, largest=30.0)
    alpha = orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))
    larger = torch.where(coordinates.index(8) == 0, torch.inf, alpha + coordinates.log_uniform(1e-3, 10))
    return {"target": target, "own": own, "alpha": alpha, "larger_alpha": larger}


def _force(target: Tensor, own: Tensor, alpha: Tensor, norm: int) -> Tensor:
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    return torch.linalg.vector_norm(gradient, ord=norm, dim=-1)


def _monotone(target: Tensor, own: Tensor, alpha: Tensor, larger_alpha: Tensor) -> Sides:
    return Sides(_force(target, own, alpha, 1), _force(target, own, larger_alpha, 1))


def _monotone_in_two_norm(target: Tensor, own: Tensor, alpha: Tensor, larger_alpha: Tensor) -> Sides:
    return Sides(_force(target, own, alpha, 2), _force(target, own, larger_alpha, 2))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="order-monotone-force",
    assertions=(
        Assertion(
            r"\alpha \le \alpha' \Rightarrow \|q - r_\alpha\|_1 \le \|q - r_{\alpha'}\|_1", "<=", _monotone
        ),
    ),
    assumptions=("finite logits", "α ∈ [0, ∞]"),
    source="ours, from the likelihood-ratio order of escorts",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\alpha \le \alpha' \Rightarrow \|q - r_\alpha\|_2 \le \|q - r_{\alpha'}\|_2",
        "<=",
        _monotone_in_two_norm,
    ),
)
