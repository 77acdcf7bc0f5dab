"""A kind of run for tests: a chain of numbers whose every step depends on all steps before.

Settings let a run be slow (always, or as long as a file exists), fail, or kill its own process.
"""

import hashlib
import os
import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

import rdml.execute
import rdml.store
import rdml.sweep
from rdml.kinds.kind import Conclusion, Configuration, Kind, Row, State


class Counting(Configuration):
    kind: Literal["counting"]
    steps: Annotated[int, Field(ge=1, le=10**9)] = 20
    pause: Annotated[float, Field(ge=0)] = 0.0
    slow_while: str = ""
    fail_at: int = -1
    fail_once: str = ""
    die_at: int = -1
    x: float = 0.0
    label: str = ""


class CountingComputation:
    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self.steps = settings["steps"]

    def start(self) -> State:
        return State(0, {"word": np.array([self.settings["seed"]], np.uint64)}, {"total": 0.1})

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        word, total, rows = int(state.arrays["word"][0]), state.values["total"], []
        for step in range(state.step, until):
            if step == self.settings["fail_at"]:
                raise RuntimeError(f"asked to fail at {step}")
            if self.settings["fail_once"] and not os.path.exists(self.settings["fail_once"]):
                with open(self.settings["fail_once"], "w"):
                    raise RuntimeError("fails once")
            if step == self.settings["die_at"]:
                os.kill(os.getpid(), 9)
            if not self.settings["slow_while"] or os.path.exists(self.settings["slow_while"]):
                time.sleep(self.settings["pause"])
            digest = hashlib.sha256(f"{word} {total} {self.settings['x']}".encode()).digest()
            word = int.from_bytes(digest[:8], "big")
            total += word / 2**64
            if step % 5 == 0:
                rows.append({"step": step, "total": total, "even": word % 2 == 0})
        return State(until, {"word": np.array([word], np.uint64)}, {"total": total}), rows

    def conclude(self, state: State, rows: list[Row]) -> Conclusion:
        total = state.values["total"]
        verdict = {
            "claim": "counting",
            "witness": "simulation",
            "status": "checked",
            "margin": total,
            "evidence": "counted",
        }
        return Conclusion({"total": total, "total_low": total - 1, "total_high": total + 1}, [verdict])


def memory(settings: Mapping[str, Any]) -> float:
    return 1e6


KIND = Kind(Counting, "counting:CountingComputation", memory)

if CODE := os.environ.get("COUNTING_CODE"):  # a stand-in, so that the tree may be edited while a test runs
    for module in (rdml.execute, rdml.store, rdml.sweep):
        module.code_version = lambda: CODE  # type: ignore[assignment]
