r"""The smooth function through given points, gradients and values, as something that SGD can be run on.

Among the L-smooth functions through the data it is the largest: with `c_i = (x_i − g_i/L)/2` and
`d_i = F_i + (L/2)‖x_i‖² − ‖g_i + L x_i‖²/(4L)`,

`F(y) = min_{λ in the simplex} { L‖y − Σλ_i c_i‖² + Σλ_i d_i } − (L/2)‖y‖²`,

which for `F + (L/2)‖·‖²` is the convex hull of the upper parabolas at the data (Taylor, Hendrickx & Glineur
2017). It is bounded below by `min_i F_i − ‖g_i‖²/(2L)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

ROUNDING = 1e-16


@dataclass(frozen=True)
class WorstFunction:
    """An L-smooth function F with `inf F ≥ 0`, its starting point and the biases that make SGD worst on it.

    Args:
        smoothness: L.
        points: `(T, d)`, where SGD goes; `points[0]` is the start.
        gradients: `(T, d)`, of F there.
        values: `(T,)`, of F there.
        biases: `(T − 1, d)`, added to the gradient at step t.
    """

    smoothness: float
    points: np.ndarray
    gradients: np.ndarray
    values: np.ndarray
    biases: np.ndarray

    @property
    def start(self) -> np.ndarray:
        """`x_0`, `(d,)`."""
        return self.points[0]

    def value(self, y: np.ndarray) -> float:
        """`F(y)`; y is `(d,)`."""
        weights = self._weights(y)
        gap = y - weights @ self._centres
        return float(self.smoothness * (gap @ gap - y @ y / 2) + weights @ self._offsets)

    def gradient(self, y: np.ndarray) -> np.ndarray:
        """`∇F(y) = 2L(y − Σλ_i c_i) − Ly`, `(d,)`."""
        gradient: np.ndarray = self.smoothness * (y - 2 * self._weights(y) @ self._centres)
        return gradient

    @cached_property
    def _centres(self) -> np.ndarray:
        centres: np.ndarray = (self.points - self.gradients / self.smoothness) / 2
        return centres

    @cached_property
    def _offsets(self) -> np.ndarray:
        slopes = self.gradients + self.smoothness * self.points
        parabola = self.smoothness * (self.points**2).sum(1) / 2 - (slopes**2).sum(1) / (4 * self.smoothness)
        offsets: np.ndarray = self.values + parabola
        return offsets

    def _weights(self, y: np.ndarray) -> np.ndarray:
        """A minimising λ; `Σλ_i c_i` is the same for all of them.

        An active-set method from the best vertex, until no vertex promises descent or rounding ends it.
        """
        shifted = self._centres - y
        quadratic = 2 * self.smoothness * shifted @ shifted.T
        vertices = np.diag(quadratic) / 2 + self._offsets
        tolerance = ROUNDING * np.abs(vertices).max()
        weights = np.zeros(len(shifted))
        weights[np.argmin(vertices)] = 1.0
        reached, before = vertices.min(), np.inf
        while reached < before:
            slope = quadratic @ weights + self._offsets
            entering = np.argmin(slope)
            if weights @ slope - slope[entering] <= tolerance:
                break
            active = np.union1d(np.flatnonzero(weights), entering)
            moved = np.zeros(len(weights))
            moved[active] = _improved(
                weights[active], quadratic[np.ix_(active, active)], slope[active], tolerance
            )
            before, reached = reached, moved @ (quadratic @ moved) / 2 + moved @ self._offsets
            weights = moved if reached < before else weights
        return weights


def _improved(weights: np.ndarray, quadratic: np.ndarray, slope: np.ndarray, tolerance: float) -> np.ndarray:
    """One Newton step among weights of sum 1, cut short where one of them becomes zero.

    Along a direction without curvature in which the objective falls, the step goes all the way to a zero.
    """
    plane = np.linalg.svd(np.ones((1, len(slope))))[2][1:].T
    curvatures, axes = np.linalg.eigh(plane.T @ quadratic @ plane)
    force = -axes.T @ (plane.T @ slope)
    flat = curvatures <= len(slope) * tolerance
    falls = np.abs(force[flat]).max(initial=0.0) > tolerance
    step = (
        np.where(flat, force, 0.0) if falls else np.where(flat, 0.0, force / np.where(flat, 1.0, curvatures))
    )
    direction = plane @ (axes @ step)
    reach = np.where(direction < 0, weights / np.where(direction < 0, -direction, 1.0), np.inf)
    length = reach.min() if falls else min(1.0, reach.min())
    moved: np.ndarray = np.where(reach <= length, 0.0, np.maximum(weights + length * direction, 0.0))
    return moved / moved.sum()
