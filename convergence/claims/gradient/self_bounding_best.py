"""The best constant of `self-bounding` at every order."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import ANY, orders, pairs
from convergence.claims.samplers.thresholds import constants, snapped


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, masks=ANY)
    alpha = snapped(orders(coordinates, atoms=(0.5, 0.72, 0.8, 0.85, 1.0, 2.0)))
    return {"target": target, "own": own, "alpha": alpha}


def _sides(target: Tensor, own: Tensor, alpha: Tensor, constant: Tensor) -> Sides:
    squared = divergence.gradient_own(target, own, alpha=alpha).square().sum(-1)
    return Sides(squared, constant * divergence.renyi_divergence(target, own, alpha=alpha))


def _usable(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _sides(target, own, alpha, gradient_bounds.self_bounding_usable(alpha))


def _best(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    return _sides(target, own, alpha, constants(gradient_bounds.self_bounding_best, alpha))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="self-bounding-best",
    assertions=(
        Assertion(
            r"\|\nabla_{z_q} D_\alpha\|_2^2 \le \max(\alpha, \frac{3\sqrt{5}-5}{2}) \, D_\alpha(p\|q)",
            "<=",
            _usable,
        ),
        Assertion(
            r"\|\nabla_{z_q} D_\alpha\|_2^2 \le c(\alpha) \, D_\alpha(p\|q)"
            r",\ c = \alpha \text{ for } \alpha \ge \frac{3\sqrt{5}-5}{2}"
            r",\ c = 4u(1-u) \text{ for } \alpha \le u,\ \frac{u}{1-u} = -2 \log(1-u)",
            "<=",
            _best,
        ),
    ),
    assumptions=(
        "0 < α < ∞; logits may be −∞",
        "between u and (3√5−5)/2, c(α) = sup 2(x−y)²/D_{1/α}(x‖y) over two classes, p = (x, 1−x), q = (y, 1−y)",
    ),
    source="ours: two classes suffice by order-inversion, data-processing and ‖v‖₂² ≤ ½‖v‖₁²",
    instances=INSTANCES,
    depends_on=("nonneg", "pinsker-best", "order-inversion", "self-bounding"),
    false_neighbour=Assertion(
        r"\|\nabla_{z_q} D_\alpha\|_2^2 \le 0.99 \, c(\alpha) \, D_\alpha(p\|q)", "<=", reduced(_best)
    ),
)
