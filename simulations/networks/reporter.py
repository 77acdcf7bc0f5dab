"""Words on how far a training run is."""

from __future__ import annotations

import time
from collections.abc import Callable

from convergence.estimators import Ledger
from simulations.networks.cohort import CohortRun
from simulations.networks.settings import Settings


class Reporter:
    """Says about once a second how far a run is."""

    def __init__(self, settings: Settings, ledger: Ledger | None, progress: Callable[[str], None]) -> None:
        self._steps, self._ledger, self._progress = settings.steps, ledger, progress
        self._begun = self._told = time.perf_counter()
        self._taken = 0

    def __call__(self, run: CohortRun) -> None:
        """Tell of the step that a run has just taken, if it is time to."""
        self._taken += 1
        now = time.perf_counter()
        if now - self._told < 1 and run.steps < self._steps:
            return
        self._told = now
        left = (self._steps - run.steps) * (now - self._begun) / self._taken
        losses = " ".join(f"{loss:.4f}" for loss in run.losses[-1])
        words = f"step {run.steps} of {self._steps}: loss {losses}"
        if self._ledger is not None and self._ledger.entries:
            size = self._ledger.entries[-1].gradient_norm_squared
            words += f", ‖∇F‖² {size:.2e}"
        self._progress(f"{words}, {left:.0f} s left")
