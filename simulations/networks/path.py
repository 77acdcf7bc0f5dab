"""Recorded steps of a run as instances of the claims on paths."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from convergence.claims.verdict import Status, Verdict
from convergence.estimators.ledger import LedgerEntry

WITNESS = "network"


def step_quantities(entries: Sequence[LedgerEntry]) -> dict[str, Tensor]:
    """Every recorded step as a path of its own: N steps, T = 1."""
    columns = [path_quantities([entry]) for entry in entries]
    return {name: torch.cat([column[name] for column in columns]) for name in columns[0]}


def path_quantities(entries: Sequence[LedgerEntry]) -> dict[str, Tensor]:
    """All recorded steps as one path, N = 1, in units where η = 1, so that schedules are covered.

    The objective falls by what it fell in the recorded steps over their η_t; L_t is multiplied by η_t.
    """

    def row(values: Sequence[float]) -> Tensor:
        return torch.tensor([values], dtype=torch.float64)

    start = row([entries[0].objective / entries[0].step_size])
    falls = row([entry.descent for entry in entries])
    return {
        "step_size": torch.ones(1, dtype=torch.float64),
        "objective": torch.cat([start, start - falls.cumsum(1)], dim=1),
        "gradient_norm_squared": row([e.gradient_norm_squared for e in entries]),
        "bias_norm_squared": row([e.bias_norm_squared for e in entries]),
        "noise_norm_squared": row([e.noise_norm_squared for e in entries]),
        "gradient_estimate_norm_squared": row([e.step_gradient_norm_squared for e in entries]),
        "gradient_dot_bias": row([e.gradient_dot_bias for e in entries]),
        "gradient_dot_noise": row([e.gradient_dot_noise for e in entries]),
        "bias_dot_noise": row([e.bias_dot_noise for e in entries]),
        "directional_smoothness": row([e.step_size * e.directional_smoothness for e in entries]),
    }


def stationarity_verdict(entries: Sequence[LedgerEntry], run: str) -> Verdict:
    r"""What `stationarity` comes to on one path, where L is not known but the curvature met is.

    If `η_tL_t ≤ 1` at every recorded step, the ledger gives `A² ≤ 2·mean[(F_t − F_{t+1})/η_t] + mean‖b + n‖²`,
    the claim with measured terms, and that is checked; else the claim's assumption is not met on the path.
    """
    count = len(entries)
    steepest = max(entry.step_size * entry.directional_smoothness for entry in entries)
    if steepest > 1:
        return Verdict(
            "stationarity",
            WITNESS,
            Status.ASSUMED,
            None,
            f"{run}: η_t·L_t reaches {steepest:.2f} > 1, so η ≤ 1/L is not met; `pathwise` holds without it",
        )
    left = sum(entry.gradient_norm_squared for entry in entries) / count
    error = sum(e.bias_norm_squared + e.noise_norm_squared + 2 * e.bias_dot_noise for e in entries) / count
    right = 2 * sum(entry.descent for entry in entries) / count + error
    margin = (right - left) / max(abs(left), abs(right)) if left != right else 0.0
    status = Status.CHECKED if margin >= -1e-9 else Status.REFUTED
    evidence = (
        f"{run}: path form with measured bias and noise; η_t·L_t at most {steepest:.2f} ({count} steps)"
    )
    found: dict[str, object] | None = {"left": left, "right": right} if status == Status.REFUTED else None
    return Verdict("stationarity", WITNESS, status, margin, evidence, found)
