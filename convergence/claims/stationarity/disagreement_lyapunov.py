"""Under the mutual flow two learners come together at every order, at a rate that is known."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    first, second = pairs(coordinates, largest=30.0)
    return {
        "logits": torch.stack((first, second), 1),
        "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0), low=1e-3, high=20.0),
        "beta": coordinates.log_uniform(1e-2, 1e2),
    }


def _least_probability(logits: Tensor, alpha: Tensor) -> Tensor:
    """The least class probability of `softmax(z₂ + s(z₁−z₂))` over `s ∈ [min(0, 1−α), max(1, α)]`.

    Its logarithm is concave in s, so that the ends of the interval are enough.
    """
    first, second = logits.unbind(1)
    ends = torch.stack(((1 - alpha).clamp(max=0), alpha.clamp(min=1)), 1).unsqueeze(-1)
    path = second.unsqueeze(1) + ends * (first - second).unsqueeze(1)
    return torch.softmax(path, -1).flatten(1).amin(1)


def _sides(logits: Tensor, alpha: Tensor, beta: Tensor, factor: float) -> Sides:
    """`d/dt‖δ‖²` of `ż = −V`, mutual terms only, against `−factor·4αβ p_min‖δ‖²`."""
    first, second = logits.unbind(1)
    force = beta.unsqueeze(1) * divergence.gradient_own(second, first, alpha=alpha)
    back = beta.unsqueeze(1) * divergence.gradient_own(first, second, alpha=alpha)
    apart = first - second
    apart = apart - apart.mean(1, keepdim=True)
    change = -2 * (apart * (force - back)).sum(1)
    rate = gradient_bounds.agreement_rate(
        alpha=alpha, beta=beta, least_probability=_least_probability(logits, alpha)
    )
    # Logits that agree up to rounding differ by 1e-16 of their size here, and by nothing in the gradient.
    rounding = 1e-20 * alpha * beta * logits.square().flatten(1).amax(1)
    size = (apart.abs() * (force.abs() + back.abs())).sum(1) + rounding
    return Sides(change, -factor * rate * apart.square().sum(1), scale=size)


def _approach(logits: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, alpha, beta, 1.0)


def _too_fast(logits: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    return _sides(logits, alpha, beta, 1.01)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="disagreement-lyapunov",
    assertions=(
        Assertion(
            r"\frac{d}{dt} \|\delta\|^2 \le -4 \alpha\beta \, p_{\min} \|\delta\|^2",
            "<=",
            _approach,
        ),
    ),
    assumptions=(
        "two learners with logits as parameters, dz_k/dt = −β ∇_{z_k} D_α(p_j‖p_k) only, 0 < α < ∞",
        "δ the centred difference of logits",
        "p_min over softmax(z₂ + s(z₁−z₂)), s from min(0, 1−α) to max(1, α)",
    ),
    source="ours, from grad-own: differences of softmax along segments",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"\frac{d}{dt} \|\delta\|^2 \le -4.04 \, \alpha\beta \, p_{\min} \|\delta\|^2",
        "<=",
        _too_fast,
    ),
)
