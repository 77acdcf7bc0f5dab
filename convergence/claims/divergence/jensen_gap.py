"""The Rényi divergence as the Jensen gap of the log-partition function: what the other identities rest on."""

from torch import Tensor, logsumexp

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.0, 0.5, 2.0))}


def _gap(target: Tensor, own: Tensor, alpha: Tensor, weight: Tensor) -> Sides:
    mixed = weight.unsqueeze(-1) * target + (1 - weight).unsqueeze(-1) * own
    terms = (logsumexp(mixed, -1), weight * logsumexp(target, -1), (1 - weight) * logsumexp(own, -1))
    size = weight.abs() * target.abs().amax(-1) + (1 - weight).abs() * own.abs().amax(-1) + 2
    excess = alpha - 1
    return Sides(
        divergence.renyi_divergence(target, own, alpha=alpha),
        (terms[0] - terms[1] - terms[2]) / excess,
        scale=size / excess.abs(),
    )


def _identity(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _gap(target, own, alpha, alpha)


def _weights_exchanged(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _gap(target, own, alpha, 1 - alpha)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="jensen-gap",
    assertions=(
        Assertion(
            r"D_\alpha(p\|q) ="
            r" \frac{A(\alpha z_p + (1-\alpha) z_q) - \alpha A(z_p) - (1-\alpha) A(z_q)}{\alpha - 1}",
            "==",
            _identity,
        ),
    ),
    assumptions=("finite logits", "α ≥ 0 finite, α ≠ 1"),
    source="ours; for exponential families van Erven & Harremoës 2014",
    instances=INSTANCES,
    false_neighbour=Assertion(
        r"D_\alpha(p\|q) ="
        r" \frac{A((1-\alpha) z_p + \alpha z_q) - (1-\alpha) A(z_p) - \alpha A(z_q)}{\alpha - 1}",
        "==",
        _weights_exchanged,
    ),
)
