"""The Rényi divergence does not decrease with its order, and at which rate it grows."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    alpha = orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0))
    larger = torch.where(coordinates.index(8) == 0, torch.inf, alpha + coordinates.log_uniform(1e-3, 1e2))
    return {"target": target, "own": own, "alpha": alpha, "larger_alpha": larger}


def _monotone(target: Tensor, own: Tensor, alpha: Tensor, larger_alpha: Tensor) -> Sides:
    return Sides(
        divergence.renyi_divergence(target, own, alpha=alpha),
        divergence.renyi_divergence(target, own, alpha=larger_alpha),
    )


def _rate(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    with torch.enable_grad():
        order = torch.where(alpha == 1, 2.0, alpha).requires_grad_()
        value = definition.divergence(target, own, order)
        (slope,) = torch.autograd.grad(value.sum(), order)
    size = definition.size(target, own, order.detach()) * (1 + 1 / (order.detach() - 1).abs())
    return Sides(divergence.order_derivative(target, own, alpha=order.detach()), slope, scale=size)


def _rate_as_divergence(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    order = torch.where(alpha == 1, 2.0, alpha)
    escort = divergence.escort(target, own, alpha=order)
    log_escort = torch.log_softmax(order.unsqueeze(-1) * target + (1 - order).unsqueeze(-1) * own, -1)
    terms = escort * (log_escort - torch.log_softmax(target, -1))
    square = (1 - order).square()
    return Sides(
        divergence.order_derivative(target, own, alpha=order),
        terms.sum(-1) / square,
        scale=definition.size(target, own, order) / square,
    )


def _rate_at_one(target: Tensor, own: Tensor) -> Sides:
    variance = definition.variance(target, definition.log_ratio(target, own))
    return Sides(divergence.order_derivative(target, own, alpha=1.0), variance / 2)


def _ratio_monotone(target: Tensor, own: Tensor, alpha: Tensor, larger_alpha: Tensor) -> Sides:
    larger = larger_alpha.clamp(max=1e6)
    left = divergence.renyi_divergence(target, own, alpha=alpha) * larger
    return Sides(left, divergence.renyi_divergence(target, own, alpha=larger) * alpha)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="order-monotone",
    assertions=(
        Assertion(r"\alpha \le \alpha' \Rightarrow D_\alpha(p\|q) \le D_{\alpha'}(p\|q)", "<=", _monotone),
        Assertion(
            r"\partial_\alpha D_\alpha(p\|q) ="
            r" \frac{\mathrm{KL}(r_\alpha\|p)}{(1-\alpha)^2} \quad (\alpha \ne 1)",
            "==",
            _rate_as_divergence,
        ),
        Assertion(
            r"\partial_\alpha D_\alpha \text{ is the derivative of }"
            r" \frac{\log \sum_i p_i^\alpha q_i^{1-\alpha}}{\alpha-1}",
            "==",
            _rate,
        ),
        Assertion(
            r"\partial_\alpha D_\alpha(p\|q) = \frac{1}{2} \mathrm{Var}_p(\log p/q) \quad (\alpha = 1)",
            "==",
            _rate_at_one,
        ),
    ),
    assumptions=("D < ∞",),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    depends_on=("nonneg",),
    false_neighbour=Assertion(
        r"\alpha \le \alpha' \Rightarrow D_\alpha(p\|q)/\alpha \le D_{\alpha'}(p\|q)/\alpha'",
        "<=",
        _ratio_monotone,
    ),
)
