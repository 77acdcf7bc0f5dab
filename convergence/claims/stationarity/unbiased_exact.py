"""Without bias the exact worst case of the mean squared gradient, for every number of steps."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs
from convergence.claims.samplers.quadratics import noisy_descent


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    run = runs(coordinates, largest_contraction=1.98, biased=False)
    return run | {"extremal_gradient_norm_squared": noisy_descent(run)}


def _exact(
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
) -> Tensor:
    return stationarity_bounds.unbiased_exact(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
    )


def _bound(
    mean_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
) -> Sides:
    bound = _exact(initial_gap, step_size, smoothness, steps, noise_variance, noise_growth)
    noise = step_size * smoothness * noise_variance  # of which what cancels at small T is made
    return Sides(mean_gradient_norm_squared, bound, scale=bound + noise)


def _reached(
    extremal_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
) -> Sides:
    bound = _exact(initial_gap, step_size, smoothness, steps, noise_variance, noise_growth)
    noise = step_size * smoothness * noise_variance
    return Sides(extremal_gradient_norm_squared, bound, scale=bound + noise)


INSTANCES = Sampler(_instances)
BOUND = r"X + (2L\Delta - X) \frac{1-\rho^T}{T(1-\rho)}"

CLAIM = Claim(
    id="unbiased-exact",
    assertions=(
        Assertion(
            r"A^2 \le " + BOUND + r",\ \rho = 1 - \eta L (2-h),\ X = \frac{\eta L \sigma^2}{2-h}",
            "<=",
            _bound,
        ),
        Assertion(
            r"A^2 = "
            + BOUND
            + r" \text{ for } F = \frac{L}{2} x^2,\ n = \pm \sqrt{M \|\nabla F\|^2 + \sigma^2}",
            "==",
            _reached,
        ),
    ),
    assumptions=(*SGD, "ζ = m = 0", "h = ηL(M+1) ∈ (0, 2)"),
    source="ours, from the descent lemma on every tail of the run",
    instances=INSTANCES,
    depends_on=("stationarity", "stationarity-sharp"),
    false_neighbour=Assertion(r"A^2 \le 0.99 \left( " + BOUND + r" \right)", "<=", reduced(_reached)),
)
