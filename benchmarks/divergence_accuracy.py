"""Errors against multiple precision, over inputs where the naive ways fail."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from divergence_rivals import log_sum_exp, published
from flint import arb
from torch import Tensor

from convergence import renyi_divergence
from convergence.divergence.exact import Exact

ORDERS = [0, 1e-6, 0.1, 0.5, 0.9, 1 - 1e-7, 1, 1 + 1e-7, 1.1, 1.5, 2, 5, 20, 100, math.inf]
RANGES = [1e-3, 1.0, 50.0, 1e3, 1e4]
DIFFERENCES = [None, 1.0, 1e-3, 1e-6, 1e-12]  # None: target and own are independent
SHIFTS = [0.0, 3.0, 1e6]
MASKS = ["none", "none", "equal", "target inside own", "own inside target", "disjoint"]
CLASSES = [1, 2, 3, 10, 100]
LARGE = [(classes, scale) for scale in RANGES for classes in (1000, 32000, 32000)]


class Case(NamedTuple):
    """Logits of one pair, its order, and the range of the logits."""

    target: Tensor
    own: Tensor
    alpha: float
    range: float


class Arithmetic(NamedTuple):
    """A line of the table: how D is computed, on logits of which dtype, and what it may err."""

    name: str
    dtype: torch.dtype
    divergence: Callable[[Tensor, Tensor, float], Tensor]
    bar: Callable[[Case], tuple[float, float] | None]
    floor: float  # errors are relative to the truth, or to this where it is smaller: numbers underflow
    detached: bool = False  # the target's gradient is not asked for, as in mutual learning


def ours(precision: str) -> Callable[[Tensor, Tensor, float], Tensor]:
    """The divergence of this project."""
    return lambda t, o, a: renyi_divergence(t, o, alpha=a, precision=precision)  # type: ignore[arg-type]


def fast_bar(case: Case) -> tuple[float, float]:
    """Of float32 arithmetic: D to 5e-6, gradients to 1e-4, where benign to 1e-5."""
    return 5e-6, 1e-5 if case.range <= 50 and case.alpha <= 10 else 1e-4


def half_bar(unit: float) -> Callable[[Case], tuple[float, float] | None]:
    """D to 1e-6, gradients to one rounding of the dtype of the logits; ranges to 50."""
    return lambda case: (1e-6, unit * (1 + 1e-3)) if case.range <= 50 else None


TABLE = [
    Arithmetic("float64", torch.float64, ours("accurate"), lambda _: (5e-14, 5e-13), 2.0**-970),
    Arithmetic(
        "float32 in, float64 inside", torch.float32, ours("accurate"), lambda _: (2e-7, 2e-7), 2.0**-126
    ),
    Arithmetic(
        "the same, target detached", torch.float32, ours("accurate"), lambda _: (2e-7, 2e-7), 2.0**-126, True
    ),
    Arithmetic("float32 inside (fast)", torch.float32, ours("fast"), fast_bar, 2.0**-100),
    Arithmetic("bfloat16 in, float32 result", torch.bfloat16, ours("accurate"), half_bar(2.0**-8), 2.0**-126),
    Arithmetic("float16 in, float32 result", torch.float16, ours("accurate"), half_bar(2.0**-11), 2.0**-14),
]
RIVALS = [
    Arithmetic(f"{name}, {str(dtype)[6:]}", dtype, function, lambda _, bars=bars: bars, floor)
    for dtype, bars, floor in (
        (torch.float64, (5e-14, 5e-13), 2.0**-970),
        (torch.float32, (2e-7, 2e-7), 2.0**-126),
    )
    for name, function in (("published", published), ("log-sum-exp", log_sum_exp))
]


def cases(count: int, dtype: torch.dtype, large: list[tuple[int, float]]) -> Iterator[Case]:
    """Random pairs over all combinations, rounded to the dtype; each order as often as any other."""
    generator = torch.Generator().manual_seed(20220905)

    def one_of(values: list) -> object:
        return values[torch.randint(len(values), (), generator=generator)]

    def normal(classes: int) -> Tensor:
        return torch.randn(classes, generator=generator, dtype=torch.float64)

    shapes = [(int(one_of(CLASSES)), float(one_of(RANGES))) for _ in range(count)] + large
    for index, (classes, scale) in enumerate(shapes):
        target = normal(classes) * scale / 6
        difference, mask = one_of(DIFFERENCES), one_of(MASKS)
        own = normal(classes) * scale / 6 if difference is None else target + difference * normal(classes)
        shifts = [shift for shift in SHIFTS if shift < torch.finfo(dtype).max / 2]
        target, own = target + one_of(shifts), own + one_of(shifts)
        part = torch.randint(3, (classes,), generator=generator)
        if classes > 2 and mask != "none" and part.unique().numel() == 3:
            hide_target = part == 0 if mask in ("equal", "target inside own", "disjoint") else part > 2
            hide_own = {"equal": part == 0, "own inside target": part == 1, "disjoint": part > 0}.get(
                mask, part > 2
            )
            target, own = target.masked_fill(hide_target, -math.inf), own.masked_fill(hide_own, -math.inf)
        yield Case(target.to(dtype), own.to(dtype), ORDERS[index % len(ORDERS)], scale)


def errors(line: Arithmetic, case: Case, true: Exact) -> tuple[float, float]:
    """Relative errors of D and of the worse of both gradients, +∞ if something is not as it should be."""
    target, own = case.target.clone().requires_grad_(not line.detached), case.own.clone().requires_grad_()
    value = line.divergence(target, own, case.alpha)
    value.backward()
    gradients = [x.grad for x in (own, target) if x.grad is not None]
    if true.gradient_own is None:
        right = value.item() == math.inf and all(bool(g.isfinite().all()) for g in gradients)
        return (0.0, 0.0) if right else (math.inf, math.inf)
    truths = (true.gradient_own, true.gradient_target or [])
    largest = torch.finfo(line.dtype).max
    of_gradients = [
        _relative(gradient.tolist(), truth, line.floor)
        for gradient, truth in zip(gradients, truths, strict=False)
        if max(abs(float(t)) for t in truth) < largest  # else float16 cannot hold the truth
    ]
    of_value = _relative([value.item()], [true.divergence], line.floor)
    return (math.inf if value.item() < 0 else of_value), max(of_gradients, default=0.0)


def _relative(values: list[float], true: list[arb], floor: float) -> float:
    if not all(map(math.isfinite, values)):
        return math.inf
    scale = max(float(max(map(abs, true))), floor)
    return max(abs(float(arb(v) - t)) for v, t in zip(values, true, strict=True)) / scale
