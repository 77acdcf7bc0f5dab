"""Tuning the order moves the escort, and with it the gradient, no faster than the log-ratio spreads."""

import torch
from torch import Tensor

from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    # Farther apart, the escort at a large order is one-hot to the last digit and does not move.
    target, own = pairs(coordinates, smallest=1e-3, largest=5.0)
    return {
        "target": target,
        "own": own,
        "alpha": orders(coordinates, atoms=(0.0, 0.5, 1.0, 2.0), high=5.0),
    }


def _speed(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """`‖∂_α r_α‖₁` by automatic differentiation of the escort, class by class."""
    ratio = definition.log_ratio(target, own)
    with torch.enable_grad():
        order = alpha.detach().requires_grad_()
        escort = torch.softmax(own + order.unsqueeze(-1) * ratio, -1)
        speeds = [torch.autograd.grad(r.sum(), order, retain_graph=True)[0] for r in escort.unbind(-1)]
    return torch.stack(speeds, -1).abs().sum(-1)


def _deviation(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    ratio = definition.log_ratio(target, own)
    return definition.variance(own + alpha.unsqueeze(-1) * ratio, ratio).sqrt()


def _by_deviation(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return Sides(
        _speed(target, own, alpha), _deviation(target, own, alpha), scale=definition.oscillation(target, own)
    )


def _by_oscillation(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    bound = gradient_bounds.escort_order_bound(definition.oscillation(target, own))
    return Sides(_deviation(target, own, alpha), bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="order-lipschitz",
    assertions=(
        Assertion(
            r"\|\partial_\alpha r_\alpha\|_1 \le \mathrm{std}_{r_\alpha}(\log p/q)", "<=", _by_deviation
        ),
        Assertion(
            r"\mathrm{std}_{r_\alpha}(\log p/q) \le \frac{1}{2} \mathrm{osc}(\log p/q)", "<=", _by_oscillation
        ),
    ),
    assumptions=("finite logits", "α ≥ 0 finite"),
    source="ours, from Cauchy–Schwarz and Popoviciu's inequality",
    instances=INSTANCES,
    depends_on=("mean-value",),
    false_neighbour=Assertion(
        r"\|\partial_\alpha r_\alpha\|_1 \le 0.99 \, \mathrm{std}_{r_\alpha}(\log p/q)",
        "<=",
        reduced(_by_deviation),
    ),
)
