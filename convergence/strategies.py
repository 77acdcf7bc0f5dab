r"""Hypothesis strategies for logits and orders, for property-based tests of divergences (extra `test`).

They look for trouble: ranges from 1e-6 to 1e3 (nearly uniform to one-hot far beyond underflow of float32),
pairs a small step apart, masks nested either way, overlapping and disjoint, orders near 0, ½, 1 and ∞.
All tensors are float64. Examples shrink towards few classes, zeros and no masks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import torch
from hypothesis import strategies as st
from torch import Tensor

Masks = Literal["none", "same", "dominated", "any"]
"""Which logits may be −∞: none; the same classes in both; p ≪ q (target's zeros contain the own's); any."""

__all__ = ["Masks", "channels", "logits", "orders", "pairs"]


def orders(low: float = 0.0, high: float = math.inf) -> st.SearchStrategy[float]:
    """Orders α in [low, high]: 0, ½, 1, 2 and ∞, near the first three, over decades up to 100."""
    if not 0 <= low <= high:
        raise ValueError(f"low={low}, high={high} is outside 0 <= low <= high")
    closeness = st.floats(-7, -1).map(lambda exponent: 10**exponent)
    near = st.builds(
        lambda centre, distance, side: abs(centre + side * distance),
        st.sampled_from((0.5, 1.0, 0.0)),
        closeness,
        st.sampled_from((1, -1)),
    )
    decades = st.floats(-6, 2).map(lambda exponent: 10**exponent)
    uniform = st.floats(low, min(high, max(low, 100.0)))
    atoms = [atom for atom in (1.0, 0.5, 2.0, 0.0, math.inf) if low <= atom <= high]
    kinds = [near, decades, uniform]
    return st.one_of(*([st.sampled_from(atoms)] if atoms else []), *kinds).filter(
        lambda order: low <= order <= high
    )


@st.composite
def logits(
    draw: st.DrawFn,
    classes: int | st.SearchStrategy[int] = 3,
    *,
    smallest: float = 1e-6,
    largest: float = 1e3,
) -> Tensor:
    """Finite logits `(C,)` of a range between `smallest` and twice `largest`; may all be equal."""
    count = classes if isinstance(classes, int) else draw(classes)
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
    """Logits `(target, own)`, each `(C,)`: independent, or a step of `smallest` or more apart, or equal.

    Neither is masked everywhere.
    """
    count = classes if isinstance(classes, int) else draw(classes)
    target = draw(logits(count, smallest=smallest, largest=largest))
    own = draw(logits(count, smallest=smallest, largest=largest))
    own = draw(st.sampled_from((own, target + own, target)))
    in_target, in_own = draw(_supports(count, masks))
    return target.where(in_target, -torch.inf), own.where(in_own, -torch.inf)


@st.composite
def channels(draw: st.DrawFn, inputs: int, outputs: int | st.SearchStrategy[int] = 2) -> Tensor:
    """Stochastic matrices `(inputs, outputs)`; rows add up to 1, up to rounding, and may be one-hot."""
    count = outputs if isinstance(outputs, int) else draw(outputs)
    weight = st.floats(0, 1, allow_subnormal=False)
    row = st.lists(weight, min_size=count, max_size=count).filter(lambda values: sum(values) > 1e-3)
    rows = draw(st.lists(row, min_size=inputs, max_size=inputs))
    matrix = torch.tensor(rows, dtype=torch.float64)
    return matrix / matrix.sum(1, keepdim=True)


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
