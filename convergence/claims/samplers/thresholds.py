"""Orders for claims whose best constant is in closed form outside one short interval, and sought inside."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from convergence.bounds import gradient as gradient_bounds


def snapped(alpha: Tensor) -> Tensor:
    """Orders between the two thresholds of `self-bounding-best` put on a grid of hundredths, others as is.

    There the constant is found by a search of its own, which a few orders share.
    """
    between = (alpha > gradient_bounds.CORNER) & (alpha < gradient_bounds.LOCAL_ORDER)
    return torch.where(between, (100 * alpha).round() / 100, alpha)


def constants(function: Callable[[float], float], alpha: Tensor) -> Tensor:
    """`function` of every order, `(N,)`."""
    orders, place = alpha.unique(return_inverse=True)
    return torch.tensor([function(order) for order in orders.tolist()], dtype=alpha.dtype)[place]
