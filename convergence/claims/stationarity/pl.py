"""Under the Polyak–Łojasiewicz condition the objective falls geometrically to a floor."""

import torch
from torch import Tensor

from convergence.bounds import stationarity as stationarity_bounds
from convergence.claims.assumptions import SGD
from convergence.claims.claim import Assertion, Claim, Sides
from convergence.claims.samplers import Coordinates, Sampler
from convergence.claims.samplers.descents import runs
from convergence.claims.samplers.radial import settle


def _instances(coordinates: Coordinates) -> dict[str, Tensor]:
    run = runs(coordinates, relative=True, least_curvature=0.05)
    # In the plane `F = μr²/2`, from its minimum outwards until bias and noise push no further.
    distance = settle(
        torch.zeros_like(run["step_size"]),
        step_size=run["step_size"],
        gradient=lambda distance: run["pl_constant"] * distance,
        bias=lambda _: -run["bias_bound"],
        noise_variance=run["noise_variance"],
        noise_growth=run["noise_growth"],
    )
    return run | {"asymptotic_gap": run["pl_constant"] / 2 * distance.square()}


def _bound(
    final_gap: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    pl_constant: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    bound = stationarity_bounds.pl_bound(
        initial_gap=initial_gap,
        step_size=step_size,
        smoothness=smoothness,
        steps=steps,
        pl_constant=pl_constant,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
        relative_bias=relative_bias,
    )
    return Sides(final_gap, bound, scale=bound + initial_gap)


def _floor(
    asymptotic_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    pl_constant: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
) -> Sides:
    floor = stationarity_bounds.pl_floor(
        step_size=step_size,
        smoothness=smoothness,
        pl_constant=pl_constant,
        noise_variance=noise_variance,
        noise_growth=noise_growth,
        bias_bound=bias_bound,
    )
    return Sides(asymptotic_gap, floor)


def _too_fast(
    final_gap: Tensor,
    initial_gap: Tensor,
    step_size: Tensor,
    smoothness: Tensor,
    steps: Tensor,
    pl_constant: Tensor,
    noise_variance: Tensor,
    noise_growth: Tensor,
    bias_bound: Tensor,
    relative_bias: Tensor,
) -> Sides:
    left, bound, scale = _bound(**locals())
    rate = step_size * pl_constant * (1 - relative_bias)
    transient = (1 - rate) ** steps * initial_gap
    return Sides(left, bound - transient + (1 - 2 * rate).clamp(min=0) ** steps * initial_gap, scale)


INSTANCES = Sampler(_instances)
FLOOR = r"\frac{\zeta^2 + \eta L \sigma^2}{2 \mu (1-m)}"

CLAIM = Claim(
    id="pl",
    assertions=(
        Assertion(rf"E F(x_T) - F^* \le (1 - \eta\mu(1-m))^T \Delta + {FLOOR}", "<=", _bound),
        Assertion(
            r"\limsup_T E F(x_T) - F^* \le \frac{A_\infty^2}{2\mu} \quad (m = 0)",
            "<=",
            _floor,
        ),
    ),
    assumptions=(
        *SGD[:-1],
        "‖∇F‖² ≥ 2μ(F − F*)",
        "η ≤ 1/((M+1)L)",
        "0 ≤ m < 1",
        "A_∞ the floor of noise-floor",
    ),
    source="ours, from the descent lemma; the sharper floor for m = 0 from noise-floor",
    instances=INSTANCES,
    depends_on=("stationarity",),
    false_neighbour=Assertion(rf"E F(x_T) - F^* \le (1 - 2\eta\mu(1-m))^T \Delta + {FLOOR}", "<=", _too_fast),
)
