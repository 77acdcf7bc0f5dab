r"""Pairs of logits and orders, extreme ones included.

Ranges from 1e-6 to 1e3 (so nearly uniform to one-hot), own logits independent of the target's or a small step
away, masks nested both ways and disjoint; orders at 0, ½, 1, 2, ∞, near 1 and spread over decades.
"""

from __future__ import annotations

import torch
from torch import Tensor

from convergence.claims.samplers.coordinates import Coordinates

CLASSES = 3
"""Few, so that searches are dense and counterexamples readable; masks make two of them."""

MASKS = {  # (classes masked in the target, classes masked in the own logits)
    "none": ((), ()),
    "two classes": ((2,), (2,)),
    "target one-hot": ((1, 2), ()),
    "target one-hot, two classes": ((1, 2), (2,)),
    "target nested": ((2,), ()),
    "own nested": ((), (2,)),
    "overlapping": ((2,), (0,)),
    "disjoint": ((0, 1), (2,)),
}
DOMINATED = ("none", "none", "two classes", "target one-hot", "target one-hot, two classes", "target nested")
"""Masks with p ≪ q; "none" more often than the others."""

ANY = (*DOMINATED, "own nested", "overlapping", "disjoint")


def pairs(
    coordinates: Coordinates,
    *,
    classes: int = CLASSES,
    smallest: float = 1e-6,
    largest: float = 1e3,
    masks: tuple[str, ...] = ("none",),
) -> tuple[Tensor, Tensor]:
    """Logits `target, own` `(N, classes)`; `own` is independent of the target or `smallest` or more away."""
    target = _spread(coordinates, classes, smallest, largest)
    own = coordinates.choice((0, 1)).unsqueeze(1) * target + _spread(coordinates, classes, smallest, largest)
    if masks == ("none",):
        return target, own
    pattern = coordinates.index(len(masks))
    return target + _masked(0, masks, classes)[pattern], own + _masked(1, masks, classes)[pattern]


def logits(
    coordinates: Coordinates, *, classes: int = CLASSES, smallest: float = 1e-6, largest: float = 1e3
) -> Tensor:
    """Logits `(N, classes)` with ranges from `smallest` to `largest`."""
    return _spread(coordinates, classes, smallest, largest)


def _spread(coordinates: Coordinates, classes: int, smallest: float, largest: float) -> Tensor:
    return coordinates.take(classes) * coordinates.log_uniform(smallest, largest).unsqueeze(1)


def _masked(which: int, masks: tuple[str, ...], classes: int) -> Tensor:
    rows = torch.zeros(len(masks), classes, dtype=torch.float64)
    for row, name in zip(rows, masks, strict=True):
        row[list(MASKS[name][which])] = -torch.inf
    return rows


def orders(
    coordinates: Coordinates,
    *,
    atoms: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, torch.inf),
    low: float = 1e-6,
    high: float = 1e2,
) -> Tensor:
    """Orders `(N,)`: half of them log-spread over [low, high], a quarter near 1, a quarter among `atoms`.

    Near 1 means `1 ± 10^{−1…−7}`, on the sides that [low, high] allows.
    """
    kind, t = coordinates.index(4), coordinates.take()
    spread = low * (high / low) ** ((t + 1) / 2)
    side = torch.where(t < 0, -1.0 if low < 1 else 1.0, 1.0 if high > 1 else -1.0)
    near = (1 + side * 10 ** (-1 - 6 * t.abs())).clamp(low, high)
    position = ((t + 1) / 2 * len(atoms)).long().clamp(0, len(atoms) - 1)
    atom = torch.tensor(atoms, dtype=t.dtype)[position]
    return torch.where(kind == 0, atom, torch.where(kind == 1, near, spread))
