"""How far two learners are from descending one potential: the curl of their field."""

import torch
from torch import Tensor

from convergence.claims import definition
from convergence.claims.assumptions import FORCES
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import CLASSES, orders

EVERYWHERE = ((0.5, 0.0, -0.5), (1.0, 0.0, 0.0))
"""Logits of two learners at which the curl of no order but 0 and ½ vanishes."""


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    alphas = [orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0), low=1e-3, high=10.0) for _ in range(2)]
    scale = coordinates.log_uniform(1e-3, 10).reshape(-1, 1, 1)
    return {
        "logits": scale * coordinates.take(2, CLASSES),
        "alphas": torch.stack(alphas, 1),
        "betas": coordinates.log_uniform(1e-2, 1e2, 2),
        "directions": coordinates.take(2, CLASSES),
    }


def _mixed_derivative(target: Tensor, own: Tensor, alpha: Tensor, along: Tensor, across: Tensor) -> Tensor:
    """`acrossᵀ (∂/∂target ∂D/∂own) along`, `(N,)`, by differentiating the plain formula twice."""
    with torch.enable_grad():
        target, own = target.detach().requires_grad_(), own.detach().requires_grad_()
        value = definition.divergence(target, own, alpha)
        (by_own,) = torch.autograd.grad(value.sum(), own, create_graph=True)
        (by_target,) = torch.autograd.grad((by_own * across).sum(), target)
    return (by_target * along).sum(-1)


def _curl(logits: Tensor, alphas: Tensor, betas: Tensor, directions: Tensor) -> Tensor:
    """`uᵀ[∂V₁/∂z₂ − (∂V₂/∂z₁)ᵀ]w` for the two `directions` u, w."""
    (first, second), (u, w) = logits.unbind(1), directions.unbind(1)
    forth = betas[:, 0] * _mixed_derivative(second, first, alphas[:, 0], along=w, across=u)
    back = betas[:, 1] * _mixed_derivative(first, second, alphas[:, 1], along=u, across=w)
    return forth - back


def _metric(probabilities: Tensor, u: Tensor, w: Tensor) -> Tensor:
    """`uᵀΣ(p)w`."""
    mean_u, mean_w = (probabilities * u).sum(-1, keepdim=True), (probabilities * w).sum(-1, keepdim=True)
    return (probabilities * (u - mean_u) * (w - mean_w)).sum(-1)


def _formula(logits: Tensor, alphas: Tensor, betas: Tensor, directions: Tensor) -> Tensor:
    (first, second), (u, w) = logits.unbind(1), directions.unbind(1)
    one, other = alphas.unsqueeze(-1).unbind(1)
    escort = torch.softmax(one * second + (1 - one) * first, -1)
    back = torch.softmax(other * first + (1 - other) * second, -1)
    weights = alphas * betas
    return -(weights[:, 0] * _metric(escort, u, w) - weights[:, 1] * _metric(back, u, w))


def _identity(logits: Tensor, alphas: Tensor, betas: Tensor, directions: Tensor) -> Sides:
    left = _curl(logits, alphas, betas, directions)
    size = (betas * (1 + alphas)).sum(1) * (1 + logits.abs().flatten(1).amax(1))
    return Sides(left, _formula(logits, alphas, betas, directions), scale=size)


def _equal(logits: Tensor, alpha: Tensor, betas: Tensor, directions: Tensor) -> Sides:
    """Whether the curl vanishes at equal orders and equal weights."""
    alphas, betas = alpha.unsqueeze(1).expand(-1, 2), betas[:, :1].expand(-1, 2)
    left = _curl(logits, alphas, betas, directions)
    size = (betas * (1 + alphas)).sum(1) * (1 + logits.abs().flatten(1).amax(1))
    return Sides(left, torch.zeros_like(left), scale=size)


def _vanishes(logits: Tensor, betas: Tensor, directions: Tensor) -> Sides:
    half, zero = torch.full_like(betas[:, 0], 0.5), torch.zeros_like(betas[:, 0])
    at_half, at_zero = (_equal(logits, alpha, betas, directions) for alpha in (half, zero))
    left = torch.stack((at_half.left, at_zero.left), 1)
    assert at_half.scale is not None
    return Sides(left, torch.zeros_like(left), scale=at_half.scale.unsqueeze(1).expand_as(left))


def _vanishes_nowhere_else(alphas: Tensor) -> Sides:
    logits = torch.tensor(EVERYWHERE, dtype=alphas.dtype).expand(len(alphas), 2, CLASSES)
    orders, equal = alphas[:, :1].expand(-1, 2), torch.ones_like(alphas)
    axis = torch.zeros_like(logits)
    axis[..., 0] = 1
    turns = _formula(logits, orders, equal, axis).abs() > 1e-12
    other = (alphas[:, 0] > 0) & (alphas[:, 0] != 0.5)
    return Sides(turns.double(), other.double())


def _vanishes_always(logits: Tensor, alphas: Tensor, betas: Tensor, directions: Tensor) -> Sides:
    return _equal(logits, alphas[:, 0], betas, directions)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="curl",
    assertions=(
        Assertion(
            r"\frac{\partial V_1}{\partial z_2} - \left( \frac{\partial V_2}{\partial z_1} \right)^\top"
            r" = -[\alpha_1\beta_1 \Sigma(r_{\alpha_1}(p_2, p_1))"
            r" - \alpha_2\beta_2 \Sigma(r_{\alpha_2}(p_1, p_2))]",
            "==",
            _identity,
        ),
        Assertion(
            r"\alpha_1 = \alpha_2 \in \{0, \frac{1}{2}\},\ \beta_1 = \beta_2"
            r" \Rightarrow \text{it vanishes everywhere}",
            "==",
            _vanishes,
        ),
        Assertion(
            r"\alpha_1 = \alpha_2 \notin \{0, \frac{1}{2}\},\ \beta_1 = \beta_2 \ne 0"
            r" \Rightarrow \text{it does not}",
            "==",
            _vanishes_nowhere_else,
            tolerance=0.5,
        ),
    ),
    assumptions=(FORCES, "two learners with logits as parameters", "C ≥ 2", "targets detached"),
    source="ours, from grad-own",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\alpha_1 = \alpha_2,\ \beta_1 = \beta_2 \Rightarrow \text{it vanishes everywhere}",
        "==",
        _vanishes_always,
    ),
)
