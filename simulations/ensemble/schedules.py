"""Step sizes along the run."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Constant:
    """The same step size at every step."""

    step_size: float

    def __post_init__(self) -> None:
        _positive(step_size=self.step_size)

    def __call__(self, iteration: int) -> float:
        """The step size η."""
        return self.step_size

    @property
    def largest(self) -> float:
        """The step size η."""
        return self.step_size


@dataclass(frozen=True)
class Decaying:
    """`η_t = initial/(1 + t/timescale)^power`; with power in (½, 1] it meets the conditions of `diminishing`.

    Args:
        initial: η_0.
        timescale: steps until the decay sets in.
        power: of the decay.
    """

    initial: float
    timescale: float = 100.0
    power: float = 1.0

    def __post_init__(self) -> None:
        _positive(initial=self.initial, timescale=self.timescale, power=self.power)

    def __call__(self, iteration: int) -> float:
        """The step size η_t."""
        return self.initial / (1 + iteration / self.timescale) ** self.power

    @property
    def largest(self) -> float:
        """Largest step size of all."""
        return self.initial


@dataclass(frozen=True)
class Cyclic:
    """Half a cosine from `largest` down to `smallest` in `period` steps, then anew.

    Args:
        largest: at the beginning of each period.
        smallest: towards its end.
        period: in steps.
    """

    largest: float
    smallest: float
    period: int

    def __post_init__(self) -> None:
        _positive(largest=self.largest, smallest=self.smallest, period=self.period)
        if self.smallest > self.largest:
            raise ValueError(f"smallest is {self.smallest}; it must not exceed largest = {self.largest}")

    def __call__(self, iteration: int) -> float:
        """The step size η_t."""
        phase = iteration % self.period / self.period
        return self.smallest + (self.largest - self.smallest) * (1 + math.cos(math.pi * phase)) / 2


Schedule = Constant | Decaying | Cyclic


def _positive(**values: float) -> None:
    for name, value in values.items():
        if not (value > 0 and math.isfinite(value)):
            raise ValueError(f"{name} is {value}; a positive number is needed")
