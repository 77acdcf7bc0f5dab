"""The Rényi divergence as the best compromise between p and q, which the escort strikes."""

from torch import Tensor

from convergence import divergence
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import logits, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates)
    return {
        "target": target,
        "own": own,
        "mixture": logits(coordinates),
        "alpha": orders(coordinates, atoms=(0.0, 0.5, 2.0)),
    }


def _kl(first: Tensor, second: Tensor) -> Tensor:
    return divergence.renyi_divergence(first, second, alpha=1.0)


def _compromise(target: Tensor, own: Tensor, mixture: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """`wKL(s‖p) + (1−w)KL(s‖q)`, and what it rounds relative to."""
    first, second = weight * _kl(mixture, target), (1 - weight) * _kl(mixture, own)
    return first + second, first.abs() + second.abs()


def _escort_logits(target: Tensor, own: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor]:
    """Logits of the escort, and what they round relative to."""
    order = alpha.unsqueeze(-1)
    size = alpha * target.abs().amax(-1) + (1 + alpha) * own.abs().amax(-1)
    return order * target + (1 - order) * own, 1e-3 * size


def _least(target: Tensor, own: Tensor, mixture: Tensor, alpha: Tensor) -> Sides:
    left = (1 - alpha) * divergence.renyi_divergence(target, own, alpha=alpha)
    right, size = _compromise(target, own, mixture, alpha)
    return Sides(left, right, scale=left.abs() + size)


def _attained(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    left = (1 - alpha) * divergence.renyi_divergence(target, own, alpha=alpha)
    escort, rounding = _escort_logits(target, own, alpha)
    right, size = _compromise(target, own, escort, alpha)
    return Sides(left, right, scale=left.abs() + size + rounding)


def _pythagoras(target: Tensor, own: Tensor, mixture: Tensor, alpha: Tensor) -> Sides:
    left, size = _compromise(target, own, mixture, alpha)
    escort, rounding = _escort_logits(target, own, alpha)
    distance = _kl(mixture, escort)
    right = distance + (1 - alpha) * divergence.renyi_divergence(target, own, alpha=alpha)
    return Sides(left, right, scale=size + distance + rounding)


def _weights_exchanged(target: Tensor, own: Tensor, mixture: Tensor, alpha: Tensor) -> Sides:
    left = (1 - alpha) * divergence.renyi_divergence(target, own, alpha=alpha)
    right, size = _compromise(target, own, mixture, 1 - alpha)
    return Sides(left, right, scale=left.abs() + size)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="variational",
    assertions=(
        Assertion(
            r"(1-\alpha) D_\alpha(p\|q) \le \alpha \mathrm{KL}(s\|p) + (1-\alpha) \mathrm{KL}(s\|q)",
            "<=",
            _least,
        ),
        Assertion(
            r"(1-\alpha) D_\alpha(p\|q)"
            r" = \alpha \mathrm{KL}(r_\alpha\|p) + (1-\alpha) \mathrm{KL}(r_\alpha\|q)",
            "==",
            _attained,
        ),
        Assertion(
            r"\alpha \mathrm{KL}(s\|p) + (1-\alpha) \mathrm{KL}(s\|q)"
            r" = \mathrm{KL}(s\|r_\alpha) + (1-\alpha) D_\alpha(p\|q)",
            "==",
            _pythagoras,
        ),
    ),
    assumptions=("finite logits of p, q and s", "α ≥ 0 finite, α ≠ 1"),
    source="van Erven & Harremoës 2014",
    instances=INSTANCES,
    depends_on=("nonneg",),
    false_neighbour=Assertion(
        r"(1-\alpha) D_\alpha(p\|q) \le (1-\alpha) \mathrm{KL}(s\|p) + \alpha \mathrm{KL}(s\|q)",
        "<=",
        _weights_exchanged,
    ),
)
