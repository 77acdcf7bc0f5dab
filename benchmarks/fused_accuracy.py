"""Errors of the fused kernel against the accurate path, on the cases of `divergence_accuracy` with finite order.

`python benchmarks/fused_accuracy.py` takes minutes: without a device the kernel runs in Triton's interpreter, in
blocks of 32 classes. Exit code 1: a bar of `precision="fast"` is missed.
"""

from __future__ import annotations

import argparse
import math
import os
import sys

import torch

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # read when Triton is first imported

import numpy as np
from divergence_accuracy import cases, fast_bar

from convergence import renyi_divergence
from convergence.divergence import gradient_own, triton_launch

FLOOR = 2.0**-100  # errors are relative to the truth, or to this where it is smaller
NOTHING = 1e-17  # and less than this is none; a narrow gradient is let off 1e-6, as q − r may be 0 for q = 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=615)
    parser.add_argument("--dtype", choices=["float32", "bfloat16", "float16"], default="float32")
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)
    nothing = NOTHING if dtype == torch.float32 else 1e-6
    # Of its own rounding a narrow gradient is let off, twice: the interpreter cuts bfloat16 off.
    rounding = 0.0 if dtype == torch.float32 else torch.finfo(dtype).eps
    device = "cuda" if torch.cuda.is_available() else "cpu"
    triton_launch.LANES = 8  # blocks of 32 classes
    weights, worst, missed, count = torch.ones(2, 2, device=device), [0.0, 0.0], 0, 0
    for case in cases(options.cases, torch.float32, []):
        if math.isinf(case.alpha):
            continue
        logits = torch.stack([case.target, case.own])[:, None].to(device, dtype)
        orders = torch.full((2, 2), float(case.alpha), dtype=torch.float64, device=device)
        _, disagreement, gradient = triton_launch.launch(logits, None, orders, case.alpha, weights, 1.0, True)
        found, slope = disagreement[1, 0].item(), gradient[1, 0].double().cpu()
        target, own = logits[:, 0].double().cpu()
        if not (target.max().isfinite() and own.max().isfinite()):
            continue  # beyond the range of float16
        true = renyi_divergence(target, own, alpha=case.alpha).item()
        expected = gradient_own(target, own, alpha=case.alpha)
        off = 0.0 if found == true else (abs(found - true) - NOTHING) / max(true, FLOOR)
        slope_off = float(((slope - expected).abs().max() - nothing) / expected.abs().max().clamp(min=FLOOR))
        bars = fast_bar(case)
        missed += not (off <= bars[0] and slope_off <= bars[1] + rounding)
        worst, count = [max(worst[0], off), max(worst[1], slope_off)], count + 1
    print(
        f"{count} cases: worst error of D {worst[0]:.1e}, of the gradient {worst[1]:.1e}; bars missed: {missed}"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    with np.errstate(all="ignore"):  # the interpreter computes both sides of every choice
        sys.exit(main())
