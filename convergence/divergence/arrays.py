"""The same functions for NumPy arrays, for those who have no tensors: values only, the same results."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from convergence.divergence import renyi as tensors

Array = NDArray[np.floating[Any]]


def renyi_divergence(
    target: ArrayLike, own: ArrayLike, *, alpha: ArrayLike, reduction: str = "none"
) -> Array:
    """`D_α(softmax(target)‖softmax(own))`: see `convergence.renyi_divergence`."""
    return _call(tensors.renyi_divergence, target, own, alpha=alpha, reduction=reduction)


def escort(target: ArrayLike, own: ArrayLike, *, alpha: ArrayLike) -> Array:
    """`r_α ∝ p^α q^{1−α}`: see `convergence.escort`."""
    return _call(tensors.escort, target, own, alpha=alpha)


def gradient_own(target: ArrayLike, own: ArrayLike, *, alpha: ArrayLike) -> Array:
    """`∂D_α/∂own = q − r_α`: see `convergence.gradient_own`."""
    return _call(tensors.gradient_own, target, own, alpha=alpha)


def gradient_target(target: ArrayLike, own: ArrayLike, *, alpha: ArrayLike) -> Array:
    """`∂D_α/∂target = α/(α−1)·(r_α − p)`: see `convergence.gradient_target`."""
    return _call(tensors.gradient_target, target, own, alpha=alpha)


def order_derivative(target: ArrayLike, own: ArrayLike, *, alpha: ArrayLike) -> Array:
    """`∂D_α/∂α = KL(r_α‖p)/(1−α)²`: see `convergence.order_derivative`."""
    return _call(tensors.order_derivative, target, own, alpha=alpha)


def renyi_hvp(target: ArrayLike, own: ArrayLike, vector: ArrayLike, *, alpha: ArrayLike) -> Array:
    """Hessian in own times a vector: see `convergence.renyi_hvp`."""
    return _call(tensors.renyi_hvp, target, own, vector, alpha=alpha)


def _call(
    function: Callable[..., torch.Tensor], *arrays: ArrayLike, alpha: ArrayLike, **options: Any
) -> Array:
    order: Any = alpha if isinstance(alpha, int | float) else _tensor(alpha)
    with torch.no_grad():
        result: Array = function(*map(_tensor, arrays), alpha=order, **options).numpy()
    return result


def _tensor(array: ArrayLike) -> torch.Tensor:
    return torch.from_numpy(np.array(array))  # a copy: torch wants arrays that may be written to
