"""The double well, continued quadratically so that its gradient is Lipschitz everywhere."""

from __future__ import annotations

import itertools
import math

import numpy as np
from torch import Tensor

from simulations.ensemble.compiled import separable
from simulations.ensemble.compiled.kernel import Kernel
from simulations.problems.noise import gaussian
from simulations.problems.problem import Coercivity, Problem

REACH = 1.5
"""Up to here the well is `(x²−1)²/4`; beyond, its second-order Taylor polynomial at ±REACH."""


def double_well(dimension: int = 1, tilt: float = 0.0, noise_variance: float = 0.09) -> Problem:
    r"""`F(x) = Σ [w(x_i) + tilt·x_i]`, `w = (x²−1)²/4` for `|x| ≤ 3/2`, beyond that its Taylor parabola.

    `w″ = 3x²−1` lies in `[−1, 23/4]` inside and is 23/4 outside: `L = 23/4` everywhere, exactly.

    Args:
        dimension: d; there are 2^d wells, at `{−1, 1}^d` without tilt.
        tilt: slope that makes the wells unequal, `|tilt| < 2/√27`, so that both exist.
        noise_variance: σ² of the Gaussian noise (0.09: standard deviation 0.3 when d = 1).
    """
    parameters = dict(locals())
    if not abs(tilt) < 2 / math.sqrt(27):
        raise ValueError(f"tilt is {tilt}; between -0.3849 and 0.3849 there are two wells")
    left, barrier, right = sorted(np.roots([1.0, 0.0, -1.0, tilt]).real.tolist())
    # the largest value of x² − x(w′(x) + tilt) = 2x² − x⁴ − tilt·x; beyond ±3/2 it falls
    critical = np.roots([-4.0, 0.0, 4.0, -tilt]).real
    slack = float((2 * critical**2 - critical**4 - tilt * critical).max())

    def objective(x: Tensor) -> Tensor:
        inside = x.clamp(-REACH, REACH)
        outside = x - inside
        slope = inside * inside * inside - inside
        well = (inside * inside - 1).square() / 4
        return (well + slope * outside + 0.5 * (3 * REACH**2 - 1) * outside * outside + tilt * x).sum(1)

    def gradient(x: Tensor) -> Tensor:
        inside = x.clamp(-REACH, REACH)
        return inside * inside * inside - inside + (3 * REACH**2 - 1) * (x - inside) + tilt

    return Problem(
        name="double-well",
        dimension=dimension,
        objective=objective,
        gradient=gradient,
        smoothness=3 * REACH**2 - 1,
        minimum=dimension * min((v * v - 1) ** 2 / 4 + tilt * v for v in (left, right)),
        start=(0.5,) * dimension,
        noise=gaussian(dimension, noise_variance),
        kernel=Kernel(
            separable.double_well,
            math.sqrt(noise_variance / dimension),
            [[tilt] * dimension, [0.0] * dimension],
        ),
        coercivity=Coercivity(1.0, dimension * slack, math.sqrt(dimension) * abs(tilt)),
        basin=lambda x: x > barrier,
        parameters=parameters,
        minimisers=tuple(itertools.product((left, right), repeat=dimension)) if dimension <= 4 else (),
        sources={
            "smoothness": "w″ at |x| = 3/2 and beyond",
            "coercivity": "least c for a = 1",
            "minimum": "at the real roots of x³ − x + tilt",
        },
    )
