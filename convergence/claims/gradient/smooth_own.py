"""How smooth the divergence is in the own logits: the ends of the spectrum of its Hessian."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=("none", "none", "two classes"))
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))}


def covariance(probabilities: Tensor) -> Tensor:
    """`Σ(p) = diag(p) − ppᵀ`, `(N, C, C)`."""
    return torch.diag_embed(probabilities) - probabilities.unsqueeze(-1) * probabilities.unsqueeze(-2)


def _spectrum(target: Tensor, own: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    escort = divergence.escort(target, own, alpha=alpha)
    hessian = covariance(torch.softmax(own, -1)) - (1 - alpha).reshape(-1, 1, 1) * covariance(escort)
    values = torch.linalg.eigvalsh(hessian)
    return values[:, 0], values[:, -1]


def _rounding(alpha: Tensor) -> Tensor:
    return 1 + alpha


def _below(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    least, _ = _spectrum(target, own, alpha)
    return Sides(gradient_bounds.own_curvature(alpha)[0], least, scale=_rounding(alpha))


def _above(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    _, largest = _spectrum(target, own, alpha)
    return Sides(largest, gradient_bounds.own_curvature(alpha)[1], scale=_rounding(alpha))


def _too_small(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    _, largest = _spectrum(target, own, alpha)
    return Sides(largest, 0.99 * gradient_bounds.own_curvature(alpha)[1], scale=_rounding(alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="smooth-own",
    assertions=(
        Assertion(r"\nabla_{z_q}^2 D_\alpha(p\|q) \succeq -\frac{\max(1 - \alpha, 0)}{2} I", "<=", _below),
        Assertion(r"\nabla_{z_q}^2 D_\alpha(p\|q) \preceq \frac{\max(1, \alpha)}{2} I", "<=", _above),
    ),
    assumptions=("p and q have the same support", "α ≥ 0 finite"),
    source="ours, from hessian-own and Popoviciu's inequality",
    instances=INSTANCES,
    depends_on=("hessian-own",),
    false_neighbour=Assertion(
        r"\nabla_{z_q}^2 D_\alpha(p\|q) \preceq 0.99 \, \frac{\max(1, \alpha)}{2} I", "<=", _too_small
    ),
)
