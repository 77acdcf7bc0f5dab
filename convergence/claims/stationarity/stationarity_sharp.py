"""The sharper form of `stationarity` without relative bias, for every step size below 2/((M+1)L)."""

from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides, reduced
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    return runs(coordinates, largest_contraction=1.98)


def _bound(
    mean_gradient_norm_squared: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
) -> Sides:
    bound = stationarity_bounds.stationarity_sharp(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
    )
    return Sides(mean_gradient_norm_squared, bound)


INSTANCES = Sampler(_instances)

CLAIM = Claim(
    id="stationarity-sharp",
    assertions=(
        Assertion(
            r"A \le \frac{|1-h| \zeta' + \sqrt{\zeta'^2 + 4 (1 - h/2) R'}}{2 - h}"
            r",\ \zeta' = \zeta \sqrt{1 - \frac{1}{T}}"
            r",\ R' = \frac{\Delta}{\eta T} + (1 - \frac{1}{T}) \frac{\eta L \sigma^2}{2}",
            "<=",
            _bound,
        ),
    ),
    assumptions=(*SGD, "h = ηL(M+1) ∈ (0, 2)", "m = 0"),
    source="ours, from the descent lemma; the last step is not paid for",
    instances=INSTANCES,
    depends_on=("stationarity",),
    false_neighbour=Assertion(
        r"A^2 \le 0.99 \left( \frac{|1-h| \zeta' + \sqrt{\zeta'^2 + 4 (1 - h/2) R'}}{2 - h} \right)^2",
        "<=",
        reduced(_bound),
    ),
)
