"""Reading quantities off the coordinates of a point of the cube, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor


class Coordinates:
    """Hands out the columns of `(N, dimension)` points of `[-1, 1]^dimension`, each once.

    Args:
        cube: the points, float64.
    """

    def __init__(self, cube: Tensor):
        self.cube = cube
        self.used = 0

    def take(self, *shape: int) -> Tensor:
        """`(N, *shape)` raw coordinates in [−1, 1]."""
        count = int(torch.Size(shape).numel())
        columns = self.cube[:, self.used : self.used + count]
        self.used += count
        return columns.reshape(len(columns), *shape)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """`(N, *shape)` numbers in [low, high]; the ends are met on the faces of the cube."""
        return low + (high - low) * (self.take(*shape) + 1) / 2

    def log_uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """`(N, *shape)` numbers in [low, high], uniform in their logarithm."""
        return low * (high / low) ** ((self.take(*shape) + 1) / 2)

    def index(self, count: int) -> Tensor:
        """`(N,)` integers 0, …, count − 1."""
        return ((self.take() + 1) / 2 * count).long().clamp(0, count - 1)

    def choice(self, values: Sequence[float]) -> Tensor:
        """`(N,)` members of `values`."""
        return torch.tensor(values, dtype=self.cube.dtype)[self.index(len(values))]


@dataclass(frozen=True)
class Sampler:
    """A function of coordinates as a function of points, which knows how many coordinates it reads.

    Args:
        draw: reads quantities off coordinates; reads equally many whatever their values.
    """

    draw: Callable[[Coordinates], dict[str, Tensor]]

    @cached_property
    def dimension(self) -> int:
        """Number of coordinates read."""
        probe = Coordinates(torch.zeros(1, 1024, dtype=torch.float64))
        self.draw(probe)
        return probe.used

    def __call__(self, cube: Tensor) -> dict[str, Tensor]:
        """Instances at the points `cube` `(N, dimension)`."""
        return self.draw(Coordinates(cube))
