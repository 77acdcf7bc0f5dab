"""Calibration error: whether a confidence of 0.8 is right in 8 cases of 10."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def calibration_error(logits: Tensor, labels: Tensor, *, bins: int = 15) -> float:
    r"""Expected calibration error `Σ_B (|B|/N)·|accuracy(B) − confidence(B)|`.

    Predictions are sorted into `bins` equal intervals `((i−1)/bins, i/bins]` of confidence, the largest
    predicted probability. It depends on `bins` and is biased upwards for small N: compare it at equal N only.
    NaN if a logit is.

    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017.
    """
    if bins < 1:
        raise ValueError(f"bins is {bins}; at least 1 is needed")
    confidence, decision = logits.to(torch.float64).softmax(-1).max(-1)
    if bool(confidence.isnan().any()):
        return math.nan
    excess = (decision == labels).to(torch.float64) - confidence
    which = (confidence * bins).ceil().clamp(1, bins).to(torch.int64) - 1
    per_bin = torch.zeros(bins, dtype=torch.float64, device=logits.device).index_add(0, which, excess)
    return float(per_bin.abs().sum()) / len(labels)
