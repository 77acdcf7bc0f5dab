"""Convexity: jointly for orders up to 1, in q for every order, in the own logits for orders from 1 on."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import logits, orders, pairs

ROUNDING = 1e-4
"""Mixtures of probabilities round to 1e-16, not relative to a small divergence; that counts from here on."""


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, smallest=1e-2, largest=20.0)
    return {
        "target": target,
        "own": own,
        "second_target": logits(coordinates, smallest=1e-2, largest=20.0),
        "second_own": logits(coordinates, smallest=1e-2, largest=20.0),
        "weight": coordinates.uniform(0.01, 0.99),
        "alpha": orders(coordinates),
    }


def _mixed(first: Tensor, second: Tensor, weight: Tensor) -> Tensor:
    """Logits of `λ softmax(first) + (1−λ) softmax(second)`."""
    share = weight.unsqueeze(-1)
    return torch.logaddexp(
        share.log() + torch.log_softmax(first, -1), (1 - share).log() + torch.log_softmax(second, -1)
    )


def _sides(middle: Tensor, first: Tensor, second: Tensor, weight: Tensor) -> Sides:
    average = weight * first + (1 - weight) * second
    return Sides(middle, average, scale=average + ROUNDING)


def _jointly(
    target: Tensor, own: Tensor, second_target: Tensor, second_own: Tensor, weight: Tensor, alpha: Tensor
) -> Sides:
    order = alpha.clamp(max=1)
    middle = divergence.renyi_divergence(
        _mixed(target, second_target, weight), _mixed(own, second_own, weight), alpha=order
    )
    first = divergence.renyi_divergence(target, own, alpha=order)
    return _sides(middle, first, divergence.renyi_divergence(second_target, second_own, alpha=order), weight)


def _in_own(target: Tensor, own: Tensor, second_own: Tensor, weight: Tensor, alpha: Tensor) -> Sides:
    middle = divergence.renyi_divergence(target, _mixed(own, second_own, weight), alpha=alpha)
    first = divergence.renyi_divergence(target, own, alpha=alpha)
    return _sides(middle, first, divergence.renyi_divergence(target, second_own, alpha=alpha), weight)


def _logits(target: Tensor, own: Tensor, second_own: Tensor, weight: Tensor, order: Tensor) -> Sides:
    share = weight.unsqueeze(-1)
    middle = divergence.renyi_divergence(target, share * own + (1 - share) * second_own, alpha=order)
    first = divergence.renyi_divergence(target, own, alpha=order)
    return _sides(middle, first, divergence.renyi_divergence(target, second_own, alpha=order), weight)


def _in_logits(target: Tensor, own: Tensor, second_own: Tensor, weight: Tensor, alpha: Tensor) -> Sides:
    return _logits(target, own, second_own, weight, alpha.clamp(min=1))


def _in_logits_always(
    target: Tensor, own: Tensor, second_own: Tensor, weight: Tensor, alpha: Tensor
) -> Sides:
    return _logits(target, own, second_own, weight, alpha)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="convex-in-q",
    assertions=(
        Assertion(
            r"D_\alpha(\lambda p + \bar\lambda p'\|\lambda q + \bar\lambda q')"
            r" \le \lambda D_\alpha(p\|q) + \bar\lambda D_\alpha(p'\|q') \quad (\alpha \le 1)",
            "<=",
            _jointly,
        ),
        Assertion(
            r"D_\alpha(p\|\lambda q + \bar\lambda q')"
            r" \le \lambda D_\alpha(p\|q) + \bar\lambda D_\alpha(p\|q')",
            "<=",
            _in_own,
        ),
        Assertion(r"z_q \mapsto D_\alpha(p\|q) \text{ is convex} \quad (\alpha \ge 1)", "<=", _in_logits),
    ),
    assumptions=("α ∈ [0, ∞]",),
    source="van Erven & Harremoës 2014; in the logits ours, from smooth-own",
    instances=INSTANCES,
    depends_on=("smooth-own",),
    false_neighbour=Assertion(
        r"z_q \mapsto D_\alpha(p\|q) \text{ is convex for every } \alpha", "<=", _in_logits_always
    ),
)
