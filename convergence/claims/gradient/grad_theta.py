"""The gradient in the parameters: total variation times how differently the classes depend on them."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import CLASSES, orders, pairs
from convergence.estimators.jacobian import centred_spectral_norm, jacobian_diameter

PARAMETERS = 2


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    target, own = pairs(coordinates, largest=60.0)  # squared gradients do not underflow
    scale = coordinates.log_uniform(1e-2, 1e2).reshape(-1, 1, 1)
    jacobian = scale * coordinates.take(CLASSES, PARAMETERS)
    return {
        "target": target,
        "own": own,
        "alpha": orders(coordinates),
        "jacobian": jacobian,
        "diameter": jacobian_diameter(jacobian),
    }


def _gradient(target: Tensor, own: Tensor, alpha: Tensor, jacobian: Tensor) -> tuple[Tensor, Tensor]:
    """`‖Jᵀ(q − r)‖₂` and `TV(q, r)`."""
    gradient = divergence.gradient_own(target, own, alpha=alpha)
    return (gradient.unsqueeze(1) @ jacobian).squeeze(1).norm(dim=1), gradient.abs().sum(1) / 2


def _rounding(bound: Tensor, variation: Tensor, jacobian: Tensor) -> Tensor:
    """Q − r sums to 0 only up to the rounding of its terms, which what all rows of J share amplifies."""
    return bound + variation * jacobian.flatten(1).norm(dim=1)


def _diameter(target: Tensor, own: Tensor, alpha: Tensor, jacobian: Tensor, diameter: Tensor) -> Sides:
    size, variation = _gradient(target, own, alpha, jacobian)
    bound = gradient_bounds.parameter_gradient_bound(total_variation=variation, diameter=diameter)
    return Sides(size, bound, scale=_rounding(bound, variation, jacobian))


def _spectral(target: Tensor, own: Tensor, alpha: Tensor, jacobian: Tensor, diameter: Tensor) -> Sides:
    _, variation = _gradient(target, own, alpha, jacobian)
    return Sides(
        gradient_bounds.parameter_gradient_bound(total_variation=variation, diameter=diameter),
        gradient_bounds.spectral_gradient_bound(
            total_variation=variation, spectral_norm=centred_spectral_norm(jacobian)
        ),
    )


def _too_small(target: Tensor, own: Tensor, alpha: Tensor, jacobian: Tensor, diameter: Tensor) -> Sides:
    size, variation = _gradient(target, own, alpha, jacobian)
    bound = gradient_bounds.parameter_gradient_bound(total_variation=variation, diameter=diameter)
    return Sides(size, 0.99 * bound, scale=_rounding(bound, variation, jacobian))


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="grad-theta",
    assertions=(
        Assertion(
            r"\|\nabla_\theta D_\alpha\|_2 \le \mathrm{TV}(q, r_\alpha) \, \mathrm{diam}(J)", "<=", _diameter
        ),
        Assertion(
            r"\mathrm{TV}(q, r_\alpha) \, \mathrm{diam}(J)"
            r" \le \sqrt{2} \, \|PJ\|_2 \, \mathrm{TV}(q, r_\alpha)",
            "<=",
            _spectral,
        ),
    ),
    assumptions=("finite logits; the target does not depend on θ", "α ∈ [0, ∞]"),
    source="ours, from grad-own: q − r is a mixture of differences of one-hots",
    instances=INSTANCES,
    depends_on=("grad-own",),
    false_neighbour=Assertion(
        r"\|\nabla_\theta D_\alpha\|_2 \le 0.99 \, \mathrm{TV}(q, r_\alpha) \, \mathrm{diam}(J)",
        "<=",
        _too_small,
    ),
)
