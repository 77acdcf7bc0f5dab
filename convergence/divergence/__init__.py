"""Divergences between softmax distributions, their gradients and bounds on them."""

from convergence.divergence.renyi import (
    escort,
    gradient_own,
    gradient_target,
    order_derivative,
    renyi_divergence,
)

__all__ = ["escort", "gradient_own", "gradient_target", "order_derivative", "renyi_divergence"]
