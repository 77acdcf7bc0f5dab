"""The Rényi divergences of independent components add."""

from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    second_target, second_own = pairs(coordinates, masks=ANY)
    return {
        "target": target,
        "own": own,
        "second_target": second_target,
        "second_own": second_own,
        "alpha": orders(coordinates),
    }


def _product(first: Tensor, second: Tensor) -> Tensor:
    return (first.unsqueeze(-1) + second.unsqueeze(-2)).flatten(-2)


def _rounding(*logits: Tensor) -> Tensor:
    """A sum of logits rounds relative to the logits, and D answers with at most its gradient's norm."""
    return 1e-3 * sum(
        (z.masked_fill(z.isneginf(), 0).abs().amax(-1) for z in logits), start=0.0 * logits[0][:, 0]
    )


def _parts(
    target: Tensor, own: Tensor, second_target: Tensor, second_own: Tensor, alpha: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    whole = divergence.renyi_divergence(
        _product(target, second_target), _product(own, second_own), alpha=alpha
    )
    first = divergence.renyi_divergence(target, own, alpha=alpha)
    return whole, first, divergence.renyi_divergence(second_target, second_own, alpha=alpha)


def _adds(target: Tensor, own: Tensor, second_target: Tensor, second_own: Tensor, alpha: Tensor) -> Sides:
    whole, first, second = _parts(target, own, second_target, second_own, alpha)
    size = whole + first + second + _rounding(target, own, second_target, second_own)
    return Sides(whole, first + second, scale=size)


def _largest(target: Tensor, own: Tensor, second_target: Tensor, second_own: Tensor, alpha: Tensor) -> Sides:
    whole, first, second = _parts(target, own, second_target, second_own, alpha)
    size = whole + first + second + _rounding(target, own, second_target, second_own)
    return Sides(whole, first.maximum(second), scale=size)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="additive",
    assertions=(
        Assertion(r"D_\alpha(p \otimes p'\|q \otimes q') = D_\alpha(p\|q) + D_\alpha(p'\|q')", "==", _adds),
    ),
    assumptions=("α ∈ [0, ∞]; logits may be −∞",),
    source="Rényi 1961",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"D_\alpha(p \otimes p'\|q \otimes q') = \max(D_\alpha(p\|q), D_\alpha(p'\|q'))", "==", _largest
    ),
)
