"""The bias of mutual learning is at most the disagreement of the learners: when they agree there is none."""

from torch import Tensor

from convergence import divergence
from convergence.bounds import gradient as gradient_bounds
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.pairs import orders
from convergence.estimators.jacobian import centred_spectral_norm

CLASSES, SAMPLES, PEERS, PARAMETERS = 2, 2, 2, 2


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    """One learner with `PEERS` peers on `SAMPLES` samples, and how its logits depend on its parameters."""
    alpha, beta = orders(coordinates, atoms=(0.5, 1.0, 2.0)), coordinates.log_uniform(1e-2, 1e2)
    variety = coordinates.log_uniform(1e-3, 1).reshape(-1, 1, 1, 1)  # how samples and peers differ
    scale = coordinates.log_uniform(1e-6, 1e2).reshape(-1, 1, 1, 1)
    own = coordinates.log_uniform(1e-3, 1e2).reshape(-1, 1, 1, 1) * coordinates.take(1, 1, CLASSES)
    common = coordinates.take(1, 1, CLASSES)
    targets = own + scale * (common + variety * coordinates.take(SAMPLES, PEERS, CLASSES))
    own = own.expand_as(targets)
    jacobian = coordinates.take(1, CLASSES, PARAMETERS) + variety * coordinates.take(
        SAMPLES, CLASSES, PARAMETERS
    )

    order = alpha.reshape(-1, 1, 1)
    pull = divergence.gradient_own(targets, own, alpha=order).mean(2)  # over peers
    bias = beta.unsqueeze(1) * (pull.unsqueeze(2) @ jacobian).squeeze(2).mean(1)  # over samples
    disagreement = divergence.renyi_divergence(targets, own, alpha=order).mean(2)
    norms = centred_spectral_norm(jacobian.flatten(0, 1)).reshape(-1, SAMPLES)
    return {
        "alpha": alpha,
        "beta": beta,
        "bias_norm_squared": bias.square().sum(1),
        "weighted_disagreement": (norms.square() * disagreement).mean(1),
    }


def _sides(
    bias_norm_squared: Tensor, weighted_disagreement: Tensor, alpha: Tensor, beta: Tensor, factor: float
) -> Sides:
    constant = factor * gradient_bounds.self_bounding_usable(alpha)
    bound = gradient_bounds.self_limiting_bound(beta=beta, disagreement=constant * weighted_disagreement)
    return Sides(bias_norm_squared, bound)


def _bound(bias_norm_squared: Tensor, weighted_disagreement: Tensor, alpha: Tensor, beta: Tensor) -> Sides:
    return _sides(bias_norm_squared, weighted_disagreement, alpha, beta, 1.0)


def _too_small(
    bias_norm_squared: Tensor, weighted_disagreement: Tensor, alpha: Tensor, beta: Tensor
) -> Sides:
    return _sides(bias_norm_squared, weighted_disagreement, alpha, beta, 0.99)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="self-limiting",
    assertions=(
        Assertion(
            r"\|b_k\|^2 \le \beta^2 \, E[\|PJ\|_2^2 \, c(\alpha) \, \bar D_k]"
            r",\ c(\alpha) \le \max(\alpha, \frac{3\sqrt{5}-5}{2})",
            "<=",
            _bound,
        ),
    ),
    assumptions=(
        "b_k = ∇_θ E β/(K−1) Σ_{j≠k} D_α(p_j‖p_k), targets detached",
        "0 < α < ∞; c(α) as in self-bounding-best",
        "E over the samples of the objective; D̄_k the mean over the peers, P centres J = ∂z/∂θ over classes",
    ),
    source="ours, from self-bounding-best and Jensen's inequality",
    instances=INSTANCES,
    depends_on=("self-bounding-best",),
    false_neighbour=Assertion(
        r"\|b_k\|^2 \le 0.99 \, \beta^2 \, E[\|PJ\|_2^2 \, \max(\alpha, \frac{3\sqrt{5}-5}{2}) \, \bar D_k]",
        "<=",
        _too_small,
    ),
)
