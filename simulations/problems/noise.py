"""Laws of gradient noise that do not depend on the objective."""

from __future__ import annotations

import math

from torch import Tensor

from simulations.problems.problem import Noise


def gaussian(dimension: int, variance: float) -> Noise | None:
    """Isotropic Gaussian noise with `E‖n‖² = variance`; None for variance 0."""
    if variance < 0:
        raise ValueError(f"noise_variance is {variance}; it must not be negative")
    if variance == 0:
        return None
    scale = math.sqrt(variance / dimension)

    def shape(variates: Tensor, x: Tensor, mean_gradient: Tensor) -> Tensor:
        return scale * variates

    return Noise("normal", dimension, shape, variance)
