"""Coarse-graining, by any stochastic matrix, does not increase the Rényi divergence."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, CLASSES, orders, pairs

OUTPUTS = 3
MIXING = 1e-4
"""Mixed probabilities round to 1e-16, not relative to a small divergence; that counts from here on."""


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, smallest=1e-2, largest=20.0, masks=ANY)
    shape = coordinates.take(CLASSES, OUTPUTS) * coordinates.log_uniform(1e-2, 1e2).reshape(-1, 1, 1)
    return {
        "target": target,
        "own": own,
        "channel": torch.softmax(shape, -1),
        "alpha": orders(coordinates),
    }


def _processed(logits: Tensor, channel: Tensor) -> Tensor:
    return torch.logsumexp(torch.log_softmax(logits, -1).unsqueeze(-1) + channel.log(), -2)


def _both(target: Tensor, own: Tensor, channel: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    after = divergence.renyi_divergence(_processed(target, channel), _processed(own, channel), alpha=alpha)
    return after, divergence.renyi_divergence(target, own, alpha=alpha)


def _not_increased(target: Tensor, own: Tensor, channel: Tensor, alpha: Tensor) -> Sides:
    after, before = _both(target, own, channel, alpha)
    return Sides(after, before, scale=before + MIXING)


def _contracted(target: Tensor, own: Tensor, channel: Tensor, alpha: Tensor) -> Sides:
    after, before = _both(target, own, channel, alpha)
    return Sides(after, 0.99 * before, scale=before + MIXING)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="data-processing",
    assertions=(Assertion(r"D_\alpha(pW\|qW) \le D_\alpha(p\|q)", "<=", _not_increased),),
    assumptions=("W a stochastic matrix", "α ∈ [0, ∞]; logits may be −∞"),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_\alpha(pW\|qW) \le 0.99 \, D_\alpha(p\|q)", "<=", _contracted),
)
