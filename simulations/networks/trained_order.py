"""The order of a cohort: fixed, on a schedule, or trained with the learners."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from convergence.divergence import order_derivative
from convergence.divergence.inputs import Orders

Mean = Callable[[Tensor], Tensor]
"""Averages over the processes that share every batch; the identity for one process."""


@dataclass(frozen=True)
class TrainedOrder:
    r"""A trained order: `α ← clip(α − step_size·mean ∂_αD_α, lower, upper)` after every step.

    By `order-monotone` `∂_αD ≥ 0`: descent only ever lowers α (towards `lower`), a negative step size only
    ever raises it. The mean is over the batch and the ordered pairs.
    """

    initial: float
    step_size: float
    lower: float = 0.1
    upper: float = 10.0

    def __post_init__(self) -> None:
        if not math.isfinite(self.step_size):
            raise ValueError(f"step_size of the order is {self.step_size}; a finite number is needed")
        if not 0 <= self.lower <= self.initial <= self.upper < math.inf:
            raise ValueError(
                f"initial order {self.initial} with bounds [{self.lower}, {self.upper}]: "
                "0 <= lower <= initial <= upper < inf is needed"
            )

    def next(
        self,
        alpha: float,
        logits: Sequence[Tensor],
        temperature: float,
        mean: Mean = lambda values: values,
    ) -> float:
        """The order after a step that saw these logits."""
        scaled = [z.detach() / temperature for z in logits]
        slopes = [
            order_derivative(target, own, alpha=alpha).mean()
            for j, target in enumerate(scaled)
            for k, own in enumerate(scaled)
            if j != k
        ]
        slope = float(mean(torch.stack(slopes).mean()))
        return min(max(alpha - self.step_size * slope, self.lower), self.upper)


Alpha = float | Orders | Callable[[int], float | Orders] | TrainedOrder
"""One order, one per ordered pair, a schedule `step -> orders`, or a trained order."""
