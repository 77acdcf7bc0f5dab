"""Directional smoothness: the curvature that a step actually met."""

from __future__ import annotations

from torch import Tensor


def directional_smoothness(
    objective: float, objective_after: float, gradient: Tensor, displacement: Tensor
) -> float:
    r"""`L_t = 2[F(x + Δx) − F(x) − ⟨∇F(x), Δx⟩]/‖Δx‖²`; 0 for Δx = 0.

    At most L in magnitude where ∇F is L-Lipschitz on the segment. Its relative rounding error is about
    `4·ε·|F|/(|L_t|·‖Δx‖²)`, ε = 1.1e-16.
    """
    moved = float(displacement @ displacement)
    if moved == 0:
        return 0.0
    return 2 * (objective_after - objective - float(gradient @ displacement)) / moved
