"""What a kind of run is: a configuration that can be checked, and a computation that can be interrupted."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NamedTuple, Protocol, cast

import numpy as np
from pydantic import Field

from rdml.config import LARGEST_INTEGER, Section

Row = Mapping[str, int | float | bool]
"""One row of metrics. Numbers only, neither times nor names of machines: equal runs give equal bytes."""


class Configuration(Section):
    """Settings that every kind of run has."""

    seed: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0


class State(NamedTuple):
    """Where a run stands: all that `advance` needs to go on to the same bits.

    Args:
        step: steps done.
        arrays: large parts.
        values: small parts, JSON-ready; floats survive exactly.
    """

    step: int
    arrays: dict[str, np.ndarray]
    values: dict[str, Any] = {}  # noqa: RUF012  a NamedTuple has no default_factory; never changed in place


@dataclass(frozen=True)
class Conclusion:
    """What a finished run comes to.

    Args:
        summary: scalars by name; an interval is three of them, `x`, `x_low`, `x_high`.
        verdicts: as of `convergence.claims.verdict.Verdict`, JSON-ready.
    """

    summary: dict[str, Any]
    verdicts: list[dict[str, Any]] = field(default_factory=list)


class Computation(Protocol):
    """A run that is being computed.

    Results must depend neither on where it is cut into calls of `advance` nor on the number of threads or cores.
    """

    steps: int

    def start(self) -> State:
        """The state before the first step."""
        ...

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        """Go on to step `until`; give the new state and the rows of metrics that came up on the way."""
        ...

    def conclude(self, state: State, rows: list[Row]) -> Conclusion:
        """What the whole run comes to."""
        ...


@dataclass(frozen=True)
class Kind:
    """One kind of run.

    Args:
        configuration: model of its settings; its `kind` has one allowed value.
        opener: `"module:function"`, from settings (a dict) to a `Computation`; imported where the run is
            computed, so that listing, checking and resuming don't import it.
        memory: rough number of bytes that a run with such settings needs beyond the libraries.
    """

    configuration: type[Configuration]
    opener: str
    memory: Callable[[Mapping[str, Any]], float]

    def open(self, settings: Mapping[str, Any]) -> Computation:
        """The computation of a run with these settings."""
        module, _, function = self.opener.partition(":")
        return cast(Computation, getattr(importlib.import_module(module), function)(settings))
