r"""SGD in the plane whose distance to the origin is deterministic: the tight witnesses of floors and scope.

F is a function of ‖x‖, the bias is radial and the noise, of two signs, is perpendicular to x. Then
`‖x_{t+1}‖² = (‖x_t‖ − η(F' + b))² + η²n²` whatever the sign, so expectations need no average.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

STEPS = 200
"""Enough for contraction by 0.85 per step to leave 1e-14."""


def settle(
    start: Tensor,
    *,
    step_size: Tensor,
    gradient: Callable[[Tensor], Tensor],
    bias: Callable[[Tensor], Tensor],
    noise_variance: Tensor,
    noise_growth: Tensor,
) -> Tensor:
    """`‖x_t‖` `(N,)` after `STEPS` steps from `start`.

    `gradient` and `bias` are the radial components at a distance; the noise has `E‖n‖² = M(F' + b)² + σ²`.
    """
    distance = start
    for _ in range(STEPS):
        drift = gradient(distance) + bias(distance)
        squared = noise_growth * drift.square() + noise_variance
        distance = ((distance - step_size * drift).square() + step_size.square() * squared).sqrt()
    return distance
