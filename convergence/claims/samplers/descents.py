r"""Short runs of biased, noisy SGD on landscapes; expectations are exact, over all paths of the noise."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Coordinates
from convergence.claims.samplers.landscapes import Landscape, landscape

HORIZON = 5
"""Most steps of a run; 2^4 paths lead to its last gradient."""


class Oracle(NamedTuple):
    """What stands between SGD and the gradient; every constant `(N,)`."""

    bias_bound: Tensor
    relative_bias: Tensor
    noise_variance: Tensor
    noise_growth: Tensor


class Descent(NamedTuple):
    """Expectations along a run: squared gradients and biases `(N, HORIZON)`, objective `(N, HORIZON + 1)`."""

    gradient_norm_squared: Tensor
    bias_norm_squared: Tensor
    objective: Tensor


def descend(
    function: Landscape, start: Tensor, step_sizes: Tensor, oracle: Oracle, bias: Tensor, noise: Tensor
) -> Descent:
    r"""SGD from `start` `(N,)` with `step_sizes` `(N, HORIZON)`.

    `b = −bias_t·√(mF'² + ζ²)·sign F'` and `n = ±noise_t·√(M(F'+b)² + σ²)` with equal chance; `bias` in
    [−1, 1] and `noise` in [0, 1] `(N, HORIZON)` say how much of what is allowed is used.
    """
    constants = [value.unsqueeze(1) for value in oracle]
    zeta, relative, variance, growth = constants
    x = start.unsqueeze(1)
    gradients, biases, objectives = [], [], [function.objective(x).mean(1)]
    for t in range(step_sizes.shape[1]):
        gradient = function.gradient(x)
        away = torch.where(gradient < 0, -1.0, 1.0)
        pull = -bias[:, t, None] * away * (relative * gradient.square() + zeta.square()).sqrt()
        spread = noise[:, t, None] * (growth * (gradient + pull).square() + variance).sqrt()
        gradients.append(gradient.square().mean(1))
        biases.append(pull.square().mean(1))
        ahead = x - step_sizes[:, t, None] * (gradient + pull)
        reach = step_sizes[:, t, None] * spread
        x = torch.cat((ahead - reach, ahead + reach), 1)
        objectives.append(function.objective(x).mean(1))
    return Descent(torch.stack(gradients, 1), torch.stack(biases, 1), torch.stack(objectives, 1))


def runs(
    coordinates: Coordinates,
    *,
    smallest_contraction: float = 0.05,
    largest_contraction: float = 1.0,
    biased: bool = True,
    noisy: bool = True,
    relative: bool = False,
    growing: bool = True,
    least_curvature: float = -1.0,
) -> dict[str, Tensor]:
    """Runs with constant step size as instances: every constant of the bounds, and what the run did.

    Args:
        coordinates: to read from.
        smallest_contraction: of `h = ηL(M+1)`.
        largest_contraction: likewise.
        biased: whether ζ may be positive.
        noisy: whether σ² may be positive.
        relative: whether m may be positive.
        growing: whether M may be positive.
        least_curvature: of F'', in units of L.
    """
    smoothness = coordinates.log_uniform(0.1, 10)
    none = torch.zeros_like(smoothness)
    scale = smoothness * coordinates.log_uniform(0.03, 3)  # of bias and noise, against gradients of size L
    oracle = Oracle(
        bias_bound=scale * coordinates.uniform(0, 1) if biased else none,
        relative_bias=coordinates.uniform(0, 0.9) if relative else none,
        noise_variance=(scale * coordinates.uniform(0, 1)).square() if noisy else none,
        noise_growth=coordinates.uniform(-1, 2).clamp(min=0) if growing else none,
    )
    contraction = coordinates.log_uniform(smallest_contraction, largest_contraction)
    step_size = contraction / (smoothness * (oracle.noise_growth + 1))
    steps = coordinates.index(HORIZON) + 1
    function = landscape(coordinates, smoothness, least_curvature=least_curvature)
    start = 3 * coordinates.take()
    run = descend(
        function,
        start,
        step_size.unsqueeze(1).expand(-1, HORIZON),
        oracle,
        coordinates.take(HORIZON),
        coordinates.uniform(0, 1, HORIZON),
    )
    taken = (torch.arange(HORIZON) < steps.unsqueeze(1)).to(smoothness.dtype) / steps.unsqueeze(1)
    minimum = function.minimum()
    final = run.objective.gather(1, steps.unsqueeze(1)).squeeze(1)
    return {
        "initial_gap": (run.objective[:, 0] - minimum).clamp(min=0),
        "step_size": step_size,
        "smoothness": smoothness,
        "steps": steps.to(smoothness.dtype),
        **oracle._asdict(),
        "pl_constant": function.curvatures.amin(1),
        "mean_gradient_norm_squared": (taken * run.gradient_norm_squared).sum(1),
        "mean_bias_norm_squared": (taken * run.bias_norm_squared).sum(1),
        "final_gap": final - minimum,
    }
