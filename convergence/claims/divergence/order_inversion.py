"""The divergence of order α from the target is that of order 1/α from the escort."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, smallest=1e-3, masks=("none", "two classes"))
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0), low=1e-3)}


def _escort_logits(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    masked = target.isneginf()
    order = alpha.unsqueeze(-1)
    mixed = order * target.masked_fill(masked, 0) + (1 - order) * own.masked_fill(masked, 0)
    return mixed.masked_fill(masked, -torch.inf)


def _rounding(target: Tensor, own: Tensor, alpha: Tensor) -> Tensor:
    """The escort's logits round relative to these; D answers with at most its gradient's norm, about 2/α."""
    size = alpha * _largest(target) + (1 + alpha) * _largest(own)
    return 1e-3 * size * (1 + 1 / alpha).clamp(max=1e3)


def _largest(logits: Tensor) -> Tensor:
    return logits.masked_fill(logits.isneginf(), 0).abs().amax(-1)


def _inverted(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    left = divergence.renyi_divergence(target, own, alpha=alpha)
    escort = _escort_logits(target, own, alpha)
    right = divergence.renyi_divergence(escort, own, alpha=1 / alpha)
    return Sides(left, right, scale=left + _rounding(target, own, alpha))


def _arguments_exchanged(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    left = divergence.renyi_divergence(target, own, alpha=alpha)
    escort = _escort_logits(target, own, alpha)
    right = divergence.renyi_divergence(own, escort, alpha=1 / alpha)
    return Sides(left, right, scale=left + _rounding(target, own, alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="order-inversion",
    assertions=(Assertion(r"D_\alpha(p\|q) = D_{1/\alpha}(r_\alpha\|q)", "==", _inverted),),
    assumptions=("0 < α < ∞", "p ≪ q"),
    source="ours, from jensen-gap",
    instances=INSTANCES,
    false_neighbour=Assertion(r"D_\alpha(p\|q) = D_{1/\alpha}(q\|r_\alpha)", "==", _arguments_exchanged),
)
