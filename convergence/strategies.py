r"""Hypothesis strategies for logits and orders, for property-based tests of divergences (extra `test`).

They look for trouble: scales from 1e-6 to 1e3 (nearly uniform to one-hot far beyond underflow of float32),
pairs a small step apart, masks nested either way, overlapping and disjoint, orders near 0, ½, 1 and ∞.
All tensors are float64. Examples shrink towards few classes, zeros and no masks.
More than 300 classes, 200 in pairs, Hypothesis may refuse as too large an example (`HealthCheck`).
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Literal

import torch
from hypothesis import strategies as st
from torch import Tensor

Masks = Literal["none", "same", "dominated", "any"]
"""Which logits may be −∞: none; the same classes in both; p ≪ q (target's zeros contain the own's); any."""

LARGEST = 1e300
"""Scale up to which powers of ten and sums of logits are finite."""

__all__ = ["Masks", "channels", "logits", "orders", "pairs"]


def orders(low: float = 0.0, high: float = math.inf) -> st.SearchStrategy[float]:
    """Orders α in [low, high]: 0, ½, 1, 2 and ∞, within 0.1 of the first three, and over decades.

    The decades go up to 100, or, where low is not below that, to a thousand times low.
    """
    if not 0 <= low <= high:
        raise ValueError(f"low={low}, high={high} is outside 0 <= low <= high")
    atoms = [atom for atom in (1.0, 0.5, 2.0, 0.0, math.inf) if low <= atom <= high]
    kinds: list[st.SearchStrategy[float]] = [st.sampled_from(atoms)] if atoms else []
    for centre in (0.5, 1.0, 0.0):
        kinds.append(_powers(1e-7, 0.1, centre, low, high))
        if centre:
            kinds.append(_powers(1e-7, 0.1, -centre, -high, -low).map(abs))
    top = min(high, 100.0 if low < 100 else 1e3 * low, sys.float_info.max)
    kinds.append(_powers(1e-6, min(top, LARGEST), 0.0, low, high))
    if low <= top:
        kinds.append(st.floats(low, top))
    return st.one_of(*kinds)


def _powers(
    smallest: float, largest: float, centre: float, low: float, high: float
) -> st.SearchStrategy[float]:
    """`centre + d` in [low, high], log d uniform for d between smallest and largest; nothing if there is none."""
    smallest, largest = max(smallest, low - centre), min(largest, high - centre)
    if not smallest <= largest:
        return st.nothing()
    exponents = st.floats(math.log10(smallest), math.log10(largest))
    return exponents.map(lambda exponent: min(max(centre + 10**exponent, low), high))


@st.composite
def logits(
    draw: st.DrawFn,
    classes: int | st.SearchStrategy[int] = 3,
    *,
    smallest: float = 1e-6,
    largest: float = 1e3,
) -> Tensor:
    """Finite logits `(C,)`: numbers in [−1, 1] times a scale between `smallest` and `largest`.

    Their range is at most twice the scale, and may be far less: some are close to each other, or all are equal.
    """
    count = _count("classes", classes, draw)
    if not 0 < smallest <= largest <= LARGEST:
        raise ValueError(
            f"smallest={smallest}, largest={largest} is outside 0 < smallest <= largest <= {LARGEST:g}"
        )
    exponent = draw(st.floats(math.log10(smallest), math.log10(largest)))
    shape = draw(st.lists(st.floats(-1, 1), min_size=count, max_size=count))
    return 10**exponent * torch.tensor(shape, dtype=torch.float64)


@st.composite
def pairs(
    draw: st.DrawFn,
    classes: int | st.SearchStrategy[int] = 3,
    *,
    masks: Masks = "none",
    smallest: float = 1e-6,
    largest: float = 1e3,
) -> tuple[Tensor, Tensor]:
    """Logits `(target, own)`, each `(C,)` as from `logits`: independent, or apart by such a step, or equal.

    Neither is masked everywhere.
    """
    count = _count("classes", classes, draw)
    target = draw(logits(count, smallest=smallest, largest=largest))
    own = draw(logits(count, smallest=smallest, largest=largest))
    own = draw(st.sampled_from((own, target + own, target)))
    in_target, in_own = draw(_supports(count, masks))
    return target.where(in_target, -torch.inf), own.where(in_own, -torch.inf)


@st.composite
def channels(draw: st.DrawFn, inputs: int, outputs: int | st.SearchStrategy[int] = 2) -> Tensor:
    """Stochastic matrices `(inputs, outputs)`; rows add up to 1, up to rounding, and may be one-hot."""
    _count("inputs", inputs, draw)
    count = _count("outputs", outputs, draw)
    weight = st.floats(0, 1, allow_subnormal=False)
    row = st.lists(weight, min_size=count, max_size=count).filter(lambda values: sum(values) > 1e-3)
    rows = draw(st.lists(row, min_size=inputs, max_size=inputs))
    matrix = torch.tensor(rows, dtype=torch.float64)
    return matrix / matrix.sum(1, keepdim=True)


def _count(name: str, number: int | st.SearchStrategy[int], draw: st.DrawFn) -> int:
    count = number if isinstance(number, int) else draw(number)
    if count < 1:
        raise ValueError(f"{name}={count} is outside {name} >= 1")
    return count


@st.composite
def _supports(draw: st.DrawFn, count: int, masks: Masks) -> tuple[Tensor, Tensor]:
    if masks not in ("none", "same", "dominated", "any"):
        raise ValueError(f"masks={masks!r} is not one of 'none', 'same', 'dominated', 'any'")
    everything = torch.ones(count, dtype=torch.bool)
    if masks == "none":
        return everything, everything
    own = draw(_support(everything.tolist()))
    if masks == "same":
        return own, own
    target = draw(_support(own.tolist() if masks == "dominated" else everything.tolist()))
    return target, own


@st.composite
def _support(draw: st.DrawFn, allowed: Sequence[bool]) -> Tensor:
    """A non-empty set of the allowed classes, as a mask; shrinks towards all of them."""
    removed = draw(st.lists(st.booleans(), min_size=len(allowed), max_size=len(allowed)))
    kept = [inside and not out for inside, out in zip(allowed, removed, strict=True)]
    return torch.tensor(kept if any(kept) else list(allowed))
