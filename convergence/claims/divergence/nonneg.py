"""The Rényi divergence is not negative, and zero only at equality."""

import torch
from torch import Tensor

from convergence import divergence
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    # With such ranges every probability, and D, is far from underflow.
    target, own = pairs(coordinates, largest=100.0, masks=ANY)
    equal = coordinates.index(8) == 0
    return {
        "target": target,
        "own": torch.where(equal.unsqueeze(-1), target, own),
        "alpha": orders(coordinates),
    }


def _not_negative(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    target, own = target.clamp(min=-1e3), own.clamp(min=-1e3)
    alpha = alpha.clamp(
        max=100.0
    )  # so that there is a plain formula, which nothing keeps from being negative
    value = definition.divergence(target, own, alpha)
    return Sides(torch.zeros_like(value), value, scale=value.abs() + definition.size(target, own, alpha))


def _exactly_when(target: Tensor, own: Tensor, alpha: Tensor, *, strict: Tensor) -> Sides:
    positive = divergence.renyi_divergence(target, own, alpha=alpha) > 0
    masks = (target.isneginf() != own.isneginf()).any(-1)
    apart = definition.oscillation(target, own)
    decided = strict & (masks | (apart == 0) | (apart > 1e-12))  # below that, rounding of the logits
    return Sides(positive.double(), torch.where(decided, masks | (apart > 0), positive).double())


def _zero_only_at_equality(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _exactly_when(target, own, alpha, strict=alpha > 0)


def _zero_only_at_equality_for_zero(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _exactly_when(target, own, alpha, strict=alpha >= 0)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="nonneg",
    assertions=(
        Assertion(r"D_\alpha(p\|q) \ge 0", "<=", _not_negative),
        Assertion(
            r"D_\alpha(p\|q) = 0 \iff p = q \quad (\alpha > 0)", "==", _zero_only_at_equality, tolerance=0.5
        ),
    ),
    assumptions=("α ∈ [0, ∞]; logits may be −∞",),
    source="Rényi 1961",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"D_\alpha(p\|q) = 0 \iff p = q \quad (\alpha \ge 0)",
        "==",
        _zero_only_at_equality_for_zero,
        tolerance=0.5,
    ),
)
