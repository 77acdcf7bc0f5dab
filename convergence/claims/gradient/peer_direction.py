"""How hard the divergence pulls on the target, and why targets are detached."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))}


def _bound(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    size = divergence.gradient_target(target, own, alpha=alpha).abs().sum(-1)
    oscillation = definition.oscillation(target, own)
    bound = gradient_bounds.target_gradient_bound(alpha=alpha, oscillation=oscillation.clamp(min=1e-300))
    return Sides(size, bound)


def _self_bounding(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    below = alpha < 1
    constant = gradient_bounds.target_self_bounding_constant(torch.where(below, alpha, 0.5))
    bound = constant * divergence.renyi_divergence(target, own, alpha=alpha)
    squared = divergence.gradient_target(target, own, alpha=alpha).square().sum(-1)
    return Sides(squared, torch.where(below, bound, torch.inf))


def _like_the_own(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    size = divergence.gradient_target(target, own, alpha=alpha).abs().sum(-1)
    return Sides(size, torch.full_like(size, 2.0))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="peer-direction",
    assertions=(
        Assertion(
            r"\|\nabla_{z_p} D_\alpha\|_1"
            r" \le \alpha \min(\frac{2}{|\alpha-1|}, \frac{1}{2} \mathrm{osc}(\log p/q))",
            "<=",
            _bound,
        ),
        Assertion(
            r"\|\nabla_{z_p} D_\alpha\|_2^2 \le \frac{\alpha}{1-\alpha} c(1-\alpha) D_\alpha(p\|q)"
            r" \quad (\alpha < 1)",
            "<=",
            _self_bounding,
        ),
    ),
    assumptions=("finite logits", "α ≥ 0 finite"),
    source="ours, from grad-target; the second from skew and self-bounding-best",
    instances=INSTANCES,
    depends_on=("skew", "order-lipschitz"),
    false_neighbour=Assertion(r"\|\nabla_{z_p} D_\alpha\|_1 \le 2", "<=", _like_the_own),
)
