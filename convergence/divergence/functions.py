r"""Elementary functions that divide a vanishing quantity by its leading power, without cancellation.

Every function is accurate to a few roundings relative to its value, at and around 0 as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import torch
from torch import Tensor

TERMS = 16  # remainder below 1e-16 relative to the value, for arguments up to 1/2


def expm1_ratio(y: Tensor) -> Tensor:
    """`(e^y − 1)/y`, 1 at 0."""
    zero = y == 0
    return torch.where(zero, 1.0, torch.expm1(y) / torch.where(zero, 1.0, y))


def log1p_ratio(y: Tensor) -> Tensor:
    """`log(1 + y)/y`, 1 at 0."""
    zero = y == 0
    return torch.where(zero, 1.0, torch.log1p(y) / torch.where(zero, 1.0, y))


def entropy_ratio(y: Tensor) -> Tensor:
    """`(y e^y − e^y + 1)/y²`, ½ at 0."""
    near = y.abs() <= 0.5
    series = polynomial(y.clamp(-0.5, 0.5), [(n - 1) / factorial(n) for n in range(2, TERMS)])
    return torch.where(near, series, (y * torch.exp(y) - torch.expm1(y)) / torch.where(near, 1.0, y).square())


def entropy_ratio_slope(y: Tensor) -> Tensor:
    """Derivative of `entropy_ratio`: `(y²e^y − 2(y e^y − e^y + 1))/y³`, ⅓ at 0."""
    near = y.abs() <= 0.5
    series = polynomial(y.clamp(-0.5, 0.5), [(n - 1) * (n - 2) / factorial(n) for n in range(3, TERMS)])
    far = y.square() * torch.exp(y) - 2 * (y * torch.exp(y) - torch.expm1(y))
    return torch.where(near, series, far / torch.where(near, 1.0, y) ** 3)


def polynomial(y: Tensor, coefficients: Sequence[float | Tensor]) -> Tensor:
    """`Σ_k coefficients[k]·y^k` by Horner's rule."""
    value = torch.zeros_like(y)
    for coefficient in reversed(coefficients):
        value = value * y + coefficient
    return value


def order_polynomial(y: Tensor, alpha: Tensor) -> Tensor:
    r"""`[e^{αy} − αe^y − (1−α)]/(α(α−1)y²)` for `max(1, α)|y| ≤ ½`; ½ at 0, continuous in α at 0 and 1.

    Its series is `Σ_{k≥2} (1 + α + … + α^{k−2}) y^{k−2}/k!`, here in powers of `max(1, α)y`.
    """
    steepness = alpha.clamp(min=1)
    power = partial = torch.ones_like(alpha)
    coefficients = []
    for k in range(2, TERMS + 1):
        coefficients.append(partial / factorial(k))
        power = power / steepness
        partial = power + alpha / steepness * partial
    return polynomial(steepness * y, coefficients)
