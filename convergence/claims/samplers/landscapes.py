r"""Smooth nonconvex functions of one variable whose constants are known exactly, to run SGD on.

Piecewise quadratics: F'' is constant on each of four intervals, between −L and L. The extremal functions of
smooth optimisation in one variable are of this kind, and their minimum is in closed form.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Coordinates

PIECES = 4
FAR = 1e6
"""Stands for the ends of the line; no path goes there."""


@dataclass(frozen=True)
class Landscape:
    """N piecewise quadratics of one variable.

    Args:
        slope: F'(0), `(N,)`.
        curvatures: F'' on each piece, `(N, PIECES)`; the outer ones positive.
        edges: ends of the pieces, `(N, PIECES + 1)`, ascending.
    """

    slope: Tensor
    curvatures: Tensor
    edges: Tensor

    def gradient(self, x: Tensor) -> Tensor:
        """F' at `(N, P)` points."""
        return self.slope.unsqueeze(1) + (self.curvatures.unsqueeze(1) * self._within(x)).sum(-1)

    def objective(self, x: Tensor) -> Tensor:
        """F at `(N, P)` points, F(0) = 0."""
        return self.slope.unsqueeze(1) * x + (self.curvatures.unsqueeze(1) * self._integral(x)).sum(-1)

    def minimum(self) -> Tensor:
        """F*, `(N,)`: the least value at stationary points of the pieces and at their ends."""
        low, high = self.edges[:, :-1], self.edges[:, 1:]
        inner = torch.where(low > -FAR, low, high)  # an end of each piece that is not far away
        steps = self.gradient(inner) / torch.where(self.curvatures == 0, 1.0, self.curvatures)
        return self.objective((inner - steps).clamp(low, high)).minimum(self.objective(inner)).amin(1)

    def _clipped(self, x: Tensor) -> Tensor:
        x = x.unsqueeze(-1)
        return x.maximum(self.edges[:, None, :-1]).minimum(self.edges[:, None, 1:])

    def _within(self, x: Tensor) -> Tensor:
        """How far x is into each piece, measured from 0."""
        return self._clipped(x) - self._clipped(torch.zeros_like(x[:, :1]))

    def _integral(self, x: Tensor) -> Tensor:
        """`∫_0^x` of `_within`."""
        clipped, origin = self._clipped(x), self._clipped(torch.zeros_like(x[:, :1]))
        beyond = x.unsqueeze(-1) - clipped
        return (
            (clipped.square() - origin.square()) / 2 + clipped * beyond + origin * (origin - x.unsqueeze(-1))
        )


def landscape(coordinates: Coordinates, smoothness: Tensor, *, least_curvature: float = -1.0) -> Landscape:
    """Landscapes with `least_curvature·L ≤ F'' ≤ L`, the outer pieces at least 0.05 L, features of size 1."""
    inner = coordinates.uniform(least_curvature, 1.0, PIECES - 2)
    outer = coordinates.uniform(0.05, 1.0, 2)
    edges = coordinates.take(PIECES - 1).mul(2).sort(1).values
    ends = torch.full_like(edges[:, :1], FAR)
    return Landscape(
        slope=smoothness * coordinates.take(),
        curvatures=torch.cat((outer[:, :1], inner, outer[:, 1:]), 1) * smoothness.unsqueeze(1),
        edges=torch.cat((-ends, edges, ends), 1),
    )
