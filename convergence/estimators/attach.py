"""The ledger attached to a training loop: it watches optimiser steps and measures what they were made of."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from convergence.divergence.inputs import Orders
from convergence.estimators.ledger import LedgerEntry, flatten, ledger_entry
from convergence.estimators.mutual import Mutual
from convergence.estimators.passes import (
    Batches,
    Measurement,
    Replica,
    Total,
    constants,
    measure,
    measure_objective,
    refuse_shared_parameters,
    repeatable,
    step_gradients,
)
from convergence.estimators.sgd_rule import (
    SgdRule,
    finds_overflow,
    gradient_scale,
    gradients,
    momentum_buffers,
    sgd_rule,
)


@dataclass
class _Before:
    """What an optimiser found when it was told to step: all points and constants, its own learner's buffers."""

    points: list[Tensor]
    constants: list[list[Tensor]]
    buffers: Tensor
    gradient: Tensor
    rule: SgdRule


class Ledger:
    r"""Measures each recorded step of a cohort exactly, in float64 over the whole training set.

    Attach it around a loop and call `step` after the optimisers have stepped:

        with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=1.5, beta=1.0) as ledger:
            for x, y in loader:
                ...  # forward, backward, optimizer.step()
                ledger.step((x, y))
        print(ledger.entries[-1].closure_error)

    At a recorded step, for learner k: `∇F` and `b` by separate backward passes, Δx from the parameters
    before and after, and `n = g − ∇F − b`. Here g is the ledger's own gradient of cross-entropy plus mutual
    term on the batch given to `step`, so that an attached target or a wrongly scaled batch loss shows as a
    step error. For `step()` without a batch it is what `.grad` held when the optimiser stepped: all that can
    be known under dropout, augmentation or clipping, which then count as noise. Momentum: see `SgdRule`;
    the entry is that of the virtual iterate, its bias `b + ∇F(x) − ∇F(x̃)`.

    Args:
        models: K learners that map inputs to logits `(N, C)`; copied, never changed. Frozen parameters and buffers are
            read again at every recorded step: its F is that of the model as it was when the optimiser stepped.
        optimizers: one per learner, or a single one for all; `torch.optim.SGD`.
        batches: the training set in chunks that fit in memory, see `Batches`; an iterator's are all kept.
        alpha: order(s), see `Mutual`; so `beta` and `temperature`.
        every: record the steps whose number is a multiple of this.
        first_step: number of the first step, for a run that goes on.
        updates: `"simultaneous"`: every target is the peer as it was before the first optimiser stepped;
            `"sequential"`: as it was when the learner's own optimiser stepped.
        total: adds up over processes that each hold a part of `batches` and an equal share of every batch given
            to `step`.

    Raises:
        ValueError: for any optimiser other than SGD, a model with batch normalisation, learners that share
            parameters, K=1 with β>0, and batches that are no pairs.
    """

    def __init__(
        self,
        models: Sequence[nn.Module],
        optimizers: Sequence[torch.optim.Optimizer],
        *,
        batches: Batches,
        alpha: float | Orders = 1.0,
        beta: float = 1.0,
        temperature: float = 1.0,
        every: int = 1,
        first_step: int = 0,
        updates: Literal["simultaneous", "sequential"] = "simultaneous",
        total: Total = lambda values: values,
    ) -> None:
        if len(optimizers) not in (1, len(models)):
            raise ValueError(f"optimizers has {len(optimizers)} members; 1 or {len(models)} are needed")
        if every < 1:
            raise ValueError(f"every is {every}; at least 1 is needed")
        if updates not in ("simultaneous", "sequential"):
            raise ValueError(f"updates is {updates!r}; 'simultaneous' or 'sequential' is needed")
        self.mutual = Mutual(alpha, beta, temperature)
        self.mutual.check(len(models))
        self.entries: list[LedgerEntry] = []
        self._models = models
        refuse_shared_parameters(models)
        self._parameters = [[p for p in model.parameters() if p.requires_grad] for model in models]
        self._optimizers = list(optimizers) * (len(models) if len(optimizers) == 1 else 1)
        self._rules = [sgd_rule(o, p) for o, p in zip(self._optimizers, self._parameters, strict=True)]
        self._replicas = [Replica(model) for model in models]
        self._batches = repeatable(batches)
        self._total = total
        self._every = every
        self._simultaneous = updates == "simultaneous"
        self._steps = first_step
        self._before: dict[int, _Before] = {}
        self._hooks: list[RemovableHandle] = []

    def __enter__(self) -> Self:
        self._before = {}
        for optimizer in {id(o): o for o in self._optimizers}.values():
            self._hooks.append(optimizer.register_step_pre_hook(self._remember))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._hooks:
            self._hooks.pop().remove()
        if kind is None and len(self._before) == len(self._models) and not self.entries:
            warnings.warn(
                "the ledger has no entries: step() was not called after the optimisers had stepped",
                stacklevel=2,
            )

    @property
    def repeatable(self) -> bool:
        """Whether a forward pass can be repeated, so that `step` may have the batch: no active dropout."""
        return not any(
            isinstance(module, nn.modules.dropout._DropoutNd) and module.p > 0
            for model in self._models
            for module in model.modules()
        )

    @property
    def records_next(self) -> bool:
        """Whether the step that comes is one that will be recorded."""
        return self._steps % self._every == 0

    def _remember(self, optimizer: torch.optim.Optimizer, *_: object) -> None:
        if not self.records_next or finds_overflow(optimizer):
            return
        moved = [k for k, its in enumerate(self._optimizers) if its is optimizer]
        if not self._before.keys().isdisjoint(moved):
            if all(torch.equal(flatten(self._parameters[k]), self._before[k].points[k]) for k in moved):
                return  # a subclass whose step calls that of SGD: torch calls the hook before both
            raise self._refuse(
                f"the optimiser of learner {moved[0]} steps again in a round that is not closed"
            )
        if self._simultaneous and self._before:
            first = next(iter(self._before.values()))
            points, fixed = first.points, first.constants
        else:
            points = [flatten(parameters) for parameters in self._parameters]
            fixed = [[c.detach().clone() for c in constants(model)] for model in self._models]
        for k in moved:
            self._before[k] = _Before(
                points,
                fixed,
                flatten(momentum_buffers(optimizer, self._parameters[k])),
                flatten(gradients(self._parameters[k])) / gradient_scale(optimizer),
                self._current_rule(k),
            )

    def _refuse(self, event: str) -> RuntimeError:
        """Forget the round, which would mix steps of several; the error that says so."""
        self._before = {}
        return RuntimeError(
            f"step {self._steps}: {event}; every round ends with ledger.step(), or with "
            "ledger.step(..., may_skip=True) where a GradScaler leaves out steps"
        )

    def _current_rule(self, learner: int) -> SgdRule:
        rule = sgd_rule(self._optimizers[learner], self._parameters[learner])
        if rule != self._rules[learner] and (rule.momentum or self._rules[learner].momentum):
            raise ValueError(
                f"optimizer of learner {learner} changed from {self._rules[learner]} to {rule}; "
                "with momentum the virtual iterate is exact for constant settings only"
            )
        return rule

    def step(
        self, batch: tuple[Tensor, Tensor] | None = None, *, may_skip: bool = False
    ) -> list[LedgerEntry]:
        """Close the step that every optimiser has just taken: its entries, none if it is not recorded.

        Args:
            batch: inputs and labels of the step; without it, see above.
            may_skip: record the learners whose optimisers have stepped, where a `GradScaler` left out the others.

        Raises:
            RuntimeError: outside `with`; without `may_skip`, where an optimiser has not stepped. That round is
                forgotten, and the next one is recorded as usual.
        """
        if not self._hooks:
            raise RuntimeError(
                "ledger.step() is called outside `with Ledger(...)`, where it sees no optimiser step"
            )
        lacking = [k for k in range(len(self._models)) if k not in self._before]
        if self.records_next and lacking and not may_skip:
            refusal = self._refuse(f"the optimisers of learners {lacking} have not stepped")
            self._steps += 1
            raise refusal
        self._steps += 1
        before, self._before = self._before, {}
        if not before:
            return []
        entries = []
        groups = [list(before)] if self._simultaneous else [[k] for k in before]
        for group in groups:
            self._place(before[group[0]])
            full = measure(self._replicas, self._batches, self.mutual, group, self._total)
            taken = (
                {k: before[k].gradient for k in group}
                if batch is None
                else self._mean(step_gradients(self._replicas, batch, self.mutual, group))
            )
            entries += [self._close(k, before[k], full[k], taken[k]) for k in group]
        entries.sort(key=lambda entry: entry.learner)
        self.entries += entries
        return entries

    def _mean(self, gradients: dict[int, Tensor]) -> dict[int, Tensor]:
        shares = {k: self._total(torch.ones_like(gradient[:1])) for k, gradient in gradients.items()}
        return {k: self._total(gradient) / shares[k] for k, gradient in gradients.items()}

    def _place(self, before: _Before) -> None:
        for replica, point, fixed in zip(self._replicas, before.points, before.constants, strict=True):
            replica.place(point)
            replica.follow(fixed)

    def _close(self, k: int, before: _Before, full: Measurement, taken: Tensor) -> LedgerEntry:
        rule, point = before.rule, before.points[k]
        decay = rule.weight_decay
        start = point - rule.lag * before.buffers
        end = flatten(self._parameters[k]) - rule.lag * flatten(
            momentum_buffers(self._optimizers[k], self._parameters[k])
        )
        mean_step = full.gradient + full.bias + decay * point
        there = full
        if rule.momentum:
            self._replicas[k].place(start)
            there = measure_objective(self._replicas[k], self._batches, gradient=True, total=self._total)
        self._replicas[k].place(end)
        after = measure_objective(self._replicas[k], self._batches, gradient=False, total=self._total)
        gradient = there.gradient + decay * start
        return ledger_entry(
            step=self._steps - 1,
            learner=k,
            step_size=rule.effective_step_size,
            objective=there.objective + decay / 2 * float(start @ start),
            objective_after=after.objective + decay / 2 * float(end @ end),
            gradient=gradient,
            bias=full.bias + (full.gradient + decay * point - gradient),
            noise=taken + decay * point - mean_step,
            displacement=end - start,
        )
