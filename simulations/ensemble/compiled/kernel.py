"""What makes a problem run in the compiled engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from simulations.ensemble.compiled.descent import Blocks, Steps


@dataclass(frozen=True)
class Kernel:
    """Compiled SGD on one problem with Gaussian noise of the same variance in every coordinate.

    Args:
        run: function decorated with `compiled` that calls `descend` with the step and the function of the problem.
        noise_scale: standard deviation of the noise in each coordinate.
        parameters: rows of numbers, all of one length, that the function reads as an array `(k, m)`.
    """

    run: Callable[[Blocks, Steps], None]
    noise_scale: float
    parameters: Sequence[Sequence[float]] = ((0.0,),)
