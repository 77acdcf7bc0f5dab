"""Counterexamples made small and readable: rounder points, rounder numbers, as long as they still refute."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from convergence.claims.claim import Assertion, Claim, Instance

FREE = ("target", "own", "second_target", "second_own", "mixture", "displacement", "logits", "alpha")
"""Quantities that may be rounded, if none is derived from them; others are, or are bound by assumptions."""


def counterexample(claim: Claim, assertion: Assertion, point: np.ndarray) -> dict[str, object]:
    """The instance at a refuting `point` of the claim's cube, JSON-ready, as simple as still clearly refutes.

    Only the quantities that the assertion speaks of are given, and by how much it fails there: at least a
    tenth of what it failed by before.
    """
    found = float(assertion.margin(claim.instances(torch.from_numpy(point[None]))))
    needed = min(-assertion.tolerance, max(found, -1.0) / 10)

    def refuted_at(points: np.ndarray) -> np.ndarray:
        return assertion.margin(claim.instances(torch.from_numpy(points))).numpy() <= needed

    simple = claim.instances(torch.from_numpy(_simplified(point, refuted_at)[None]))
    instance = _rounded({name: simple[name] for name in assertion.needs}, assertion, needed)
    report: dict[str, object] = {"assertion": assertion.statement}
    report |= {name: _plain(values[0]) for name, values in instance.items()}
    report["margin"] = _plain(assertion.margin(instance)[0])
    return report


def _simplified(point: np.ndarray, refuted_at: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """The point with as few decimals as possible, then with as many coordinates at 0 as possible."""
    rounder = np.array([np.round(point, decimals) for decimals in range(5)])
    good = np.flatnonzero(refuted_at(rounder))
    point = rounder[good[0]] if len(good) else point
    for index in np.flatnonzero(point):
        zeroed = point.copy()
        zeroed[index] = 0.0
        if refuted_at(zeroed[None])[0]:
            point = zeroed
    return point + 0.0  # no −0


def _rounded(instance: Instance, assertion: Assertion, needed: float) -> Instance:
    """The instance at the fewest significant digits that still refute, if all its quantities are free."""
    if not set(instance) <= set(FREE):
        return instance
    for digits in range(1, 7):
        rounder = {name: _significant(name, values, digits) for name, values in instance.items()}
        if float(assertion.margin(rounder)) <= needed:
            return rounder
    return instance


def _significant(name: str, values: Tensor, digits: int) -> Tensor:
    numbers = [float(f"{value:.{digits - 1}e}") for value in values.flatten().tolist()]
    rounded = torch.tensor(numbers, dtype=values.dtype).reshape(values.shape)
    # An order stays on its side of 1 and off it.
    return torch.where((rounded < 1) == (values < 1), rounded, values) if name == "alpha" else rounded


def _plain(values: Tensor) -> object:
    """Nested lists of numbers; JSON has no infinities, so they are spelled out."""
    if values.ndim:
        return [_plain(value) for value in values]
    number = values.item()
    return number if np.isfinite(number) else str(number)
