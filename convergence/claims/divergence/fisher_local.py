"""Locally the divergence is α/2 times the Fisher metric of the logits."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import logits, orders


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    own = logits(coordinates, smallest=1e-3, largest=30.0)
    return {
        "own": own,
        "displacement": logits(coordinates, smallest=1e-3, largest=1.0),
        "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0), high=20.0),
    }


def _metric(own: Tensor, displacement: Tensor) -> Tensor:
    """`δᵀΣδ`."""
    return definition.variance(own, displacement)


def _remainder(own: Tensor, displacement: Tensor, alpha: Tensor, quadratic: Tensor) -> Sides:
    value = divergence.renyi_divergence(own + displacement, own, alpha=alpha)
    oscillation = displacement.amax(-1) - displacement.amin(-1)
    bound = gradient_bounds.fisher_remainder(alpha=alpha, oscillation=oscillation)
    # The sum of logits rounds, relative to them, and with it what D sees of the displacement.
    largest = own.abs().amax(-1) + displacement.abs().amax(-1)
    rounding = alpha * largest * (1e-3 * oscillation + 1e-20 * largest)
    return Sides((value - quadratic).abs(), bound, scale=value + quadratic + bound + rounding)


def _local(own: Tensor, displacement: Tensor, alpha: Tensor) -> Sides:
    return _remainder(own, displacement, alpha, alpha / 2 * _metric(own, displacement))


def _without_alpha(own: Tensor, displacement: Tensor, alpha: Tensor) -> Sides:
    return _remainder(own, displacement, alpha, _metric(own, displacement) / 2)


INSTANCES = Sampler(_instances)
BOUND = r"\frac{\alpha}{2} \max(1, \alpha) \, \frac{\mathrm{osc}(\delta)^3}{6 \sqrt{3}}"

CLAIM = Claim(
    id="fisher-local",
    assertions=(
        Assertion(
            r"|D_\alpha(z + \delta\|z) - \frac{\alpha}{2} \delta^\top \Sigma \delta| \le " + BOUND,
            "<=",
            _local,
        ),
    ),
    assumptions=("finite logits", "0 < α < ∞"),
    source="classical; the remainder ours, from mean-value and third cumulants",
    instances=INSTANCES,
    depends_on=("mean-value",),
    false_neighbour=Assertion(
        r"|D_\alpha(z + \delta\|z) - \frac{1}{2} \delta^\top \Sigma \delta| \le " + BOUND,
        "<=",
        _without_alpha,
    ),
)
