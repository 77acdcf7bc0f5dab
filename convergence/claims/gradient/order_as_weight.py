"""Near agreement the order acts as a weight: RDML(α, β) is deep mutual learning with weight αβ."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims import definition
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders, pairs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, smallest=1e-3, largest=30.0, masks=("none", "two classes"))
    return {
        "target": target,
        "own": own,
        "alpha": orders(coordinates, atoms=(0.5, 1.0, 2.0), low=1e-3, high=20.0),
    }


def _bound(target: Tensor, own: Tensor, alpha: Tensor) -> Sides:
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    linear = alpha.unsqueeze(-1) * divergence.gradient_own(target, own, alpha=1.0)
    bound = gradient_bounds.order_as_weight_bound(
        alpha=alpha, oscillation=definition.oscillation(target, own)
    )
    # Both gradients are accurate relative to themselves, their difference is not.
    size = 1e-3 * (gradient.abs() + linear.abs()).sum(-1)
    return Sides((gradient - linear).abs().sum(-1), bound, scale=bound + size)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="order-as-weight",
    assertions=(
        Assertion(
            r"\|(q - r_\alpha) - \alpha (q - p)\|_1"
            r" \le \alpha |1-\alpha| \frac{\mathrm{osc}(\log p/q)^2}{6 \sqrt{3}}",
            "<=",
            _bound,
        ),
    ),
    assumptions=("p and q have the same support", "0 < α < ∞"),
    source="ours; the constant is the largest third cumulant, as a supremum found numerically",
    instances=INSTANCES,
    depends_on=("mean-value",),
    false_neighbour=Assertion(
        r"\|(q - r_\alpha) - \alpha (q - p)\|_1"
        r" \le 0.99 \, \alpha |1-\alpha| \frac{\mathrm{osc}(\log p/q)^2}{6 \sqrt{3}}",
        "<=",
        reduced(_bound),
    ),
)
