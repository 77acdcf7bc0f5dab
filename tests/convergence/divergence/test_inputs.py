"""Bad input is refused at the boundary, with the argument, its value and what is allowed."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from convergence.divergence import (
    MutualLoss,
    arrays,
    cohort_divergence,
    escort,
    renyi_divergence,
    renyi_hvp,
    tsallis,
)

ROW = torch.zeros(4, 3)


@pytest.mark.parametrize(
    ("target", "own", "options", "error", "message"),
    [
        (ROW, ROW, {"alpha": -0.5}, ValueError, r"alpha=-0.5 is outside \[0, inf\]"),
        (ROW, ROW, {"alpha": math.nan}, ValueError, "alpha=nan"),
        (ROW, ROW, {"alpha": "2"}, TypeError, "alpha must be a number or a tensor, got str"),
        (ROW, ROW, {"alpha": True}, TypeError, "alpha must be a number"),
        (ROW, ROW, {"alpha": torch.zeros(5)}, ValueError, r"target \(4,\), own \(4,\), alpha \(5,\)"),
        (ROW, ROW, {"alpha": torch.zeros(4, dtype=torch.complex64)}, TypeError, "complex64"),
        (ROW, torch.zeros(4, 2), {"alpha": 1}, ValueError, "target has 3 classes, own 2"),
        (ROW, torch.zeros(3, 3), {"alpha": 1}, ValueError, "do not broadcast"),
        (ROW.long(), ROW, {"alpha": 1}, TypeError, "target has dtype torch.int64"),
        (ROW, ROW.double(), {"alpha": 1}, TypeError, "torch.float32 and own is torch.float64"),
        (ROW, ROW.to("meta"), {"alpha": 1}, ValueError, "target is on cpu and own on meta"),
        (
            ROW,
            ROW,
            {"alpha": torch.zeros(4, device="meta")},
            ValueError,
            "alpha is on meta and the logits on cpu",
        ),
        (torch.zeros(4, 0), torch.zeros(4, 0), {"alpha": 1}, ValueError, r"shape \(4, 0\).*C >= 1"),
        (torch.zeros(()), ROW, {"alpha": 1}, ValueError, r"target has shape \(\)"),
        ([[0.0]], ROW, {"alpha": 1}, TypeError, "target must be a tensor of logits, got list"),
        (ROW, ROW, {"alpha": 1, "reduction": "max"}, ValueError, "reduction='max'"),
        (ROW[0], ROW[0], {"alpha": 1, "reduction": "batchmean"}, ValueError, "batchmean"),
        (ROW, ROW, {"alpha": 1, "precision": "double"}, ValueError, "precision='double'"),
    ],
)
def test_pairs(target: Any, own: Any, options: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        renyi_divergence(target, own, **options)


@pytest.mark.parametrize(
    ("logits", "options", "message"),
    [
        (torch.zeros(1, 4, 3), {"alpha": 1}, r"shape \(1, 4, 3\).*K >= 2"),
        (ROW, {"alpha": 1}, r"shape \(4, 3\)"),
        (torch.zeros(2, 4, 3), {"alpha": 1, "beta": -1}, r"beta=-1 is outside \[0, inf\)"),
        (torch.zeros(2, 4, 3), {"alpha": 1, "temperature": 0}, r"temperature=0 is outside \(0, 1e\+09\]"),
        (torch.zeros(2, 4, 3), {"alpha": torch.ones(3)}, r"alpha has shape \(3,\)"),
        (torch.zeros(2, 4, 3), {"alpha": 1, "weights": torch.ones(3, 3)}, r"weights has shape \(3, 3\)"),
        (
            torch.zeros(2, 4, 3),
            {"alpha": 1, "weights": torch.ones(2, 2, device="meta")},
            "weights is on meta",
        ),
        (torch.zeros(2, 4, 3), {"alpha": -1}, "alpha=-1"),
    ],
)
def test_cohorts(logits: torch.Tensor, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        cohort_divergence(logits, **options)


def test_others() -> None:
    with pytest.raises(TypeError, match=r"weights must be a tensor \(K, K\), got list"):
        cohort_divergence(torch.zeros(2, 4, 3), alpha=1, weights=[[0, 1], [1, 0]])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"labels has shape \(3,\)"):
        MutualLoss(1.0)(torch.zeros(2, 4, 3), torch.zeros(3, dtype=torch.long))
    with pytest.raises(ValueError, match=r"vector has shape \(3,\)"):
        renyi_hvp(ROW, ROW, ROW[0], alpha=1)
    with pytest.raises(ValueError, match="alpha=inf"):
        tsallis(ROW, ROW, alpha=math.inf)
    with pytest.raises(ValueError, match="outside"):
        escort(ROW, ROW, alpha=-1)
    with pytest.raises(TypeError, match="floating point"):
        arrays.renyi_divergence([[1, 2]], [[1, 2]], alpha=1)
