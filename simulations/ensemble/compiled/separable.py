"""Compiled problems whose function is a sum over coordinates."""

from __future__ import annotations

import math

from simulations.ensemble.compiled.compile import Real, compiled, inlined, like
from simulations.ensemble.compiled.descent import Blocks, Steps, coordinate_step, descend
from simulations.ensemble.compiled.elementary import sine_of_turns


@inlined
def _quadratic_slope(x: Real, curvature: Real) -> Real:
    return curvature * x


@compiled
def quadratic(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: curvatures, bias."""
    descend(coordinate_step, _quadratic_slope, blocks, steps)


@inlined
def _double_well_slope(x: Real, tilt: Real) -> Real:
    reach = like(1.5, x)
    inside = min(max(x, -reach), reach)
    return inside * inside * inside - inside + like(5.75, x) * (x - inside) + tilt


@compiled
def double_well(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: tilts, zeros."""
    descend(coordinate_step, _double_well_slope, blocks, steps)


@inlined
def _rastrigin_slope(x: Real, _: Real) -> Real:
    return x + x + like(20 * math.pi, x) * sine_of_turns(x)


@compiled
def rastrigin(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: zeros, zeros."""
    descend(coordinate_step, _rastrigin_slope, blocks, steps)


@inlined
def _styblinski_tang_slope(x: Real, _: Real) -> Real:
    return (like(2, x) * x * x - like(16, x)) * x + like(2.5, x)


@compiled
def styblinski_tang(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: zeros, zeros."""
    descend(coordinate_step, _styblinski_tang_slope, blocks, steps)


@inlined
def _pl_sine_slope(x: Real, _: Real) -> Real:
    return x + x + like(3, x) * sine_of_turns(x * like(1 / math.pi, x))


@compiled
def pl_sine(blocks: Blocks, steps: Steps) -> None:
    """Rows of parameters: zeros, zeros."""
    descend(coordinate_step, _pl_sine_slope, blocks, steps)
