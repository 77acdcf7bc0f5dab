"""The squared gradient is at most max(1, α) times the divergence: where learners agree nothing pulls."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    return {"target": target, "own": own, "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0))}


def _sides(target: Tensor, own: Tensor, alpha: Tensor, constant: Tensor) -> Sides:
    squared = divergence.gradient_own(target, own, alpha=alpha).square().sum(-1)
    return Sides(squared, constant * divergence.renyi_divergence(target, own, alpha=alpha))


def _self_bounding(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _sides(target, own, alpha, gradient_bounds.self_bounding_constant(alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="self-bounding",
    assertions=(
        Assertion(
            r"\|\nabla_{z_q} D_\alpha(p\|q)\|_2^2 \le \max(1, \alpha) \, D_\alpha(p\|q)", "<=", _self_bounding
        ),
    ),
    assumptions=("0 < α < ∞; logits may be −∞",),
    source="ours, from smooth-own and nonneg",
    instances=INSTANCES,
    depends_on=("nonneg", "grad-own", "smooth-own"),
    false_neighbour=Assertion(
        r"\|\nabla_{z_q} D_\alpha(p\|q)\|_2^2 \le 0.99 \max(1, \alpha) \, D_\alpha(p\|q)",
        "<=",
        reduced(_self_bounding),
    ),
)
