"""Training of a cohort: K learners, each towards its labels and its peers' predictions."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.divergence import cohort_divergence
from convergence.estimators import Ledger, LedgerEntry
from convergence.estimators.mutual import Mutual
from convergence.estimators.passes import labels_out_of_range
from simulations.networks.interrupt import held_back
from simulations.networks.settings import Updates
from simulations.networks.trained_order import Alpha, Mean, TrainedOrder


@dataclass
class CohortRun:
    """What a training run did; the learners themselves are the caller's modules, trained in place.

    Args:
        steps: how many were taken.
        losses: at every step, each learner's loss before it.
        orders: the order at every step (the first pair's, where there is one per pair).
        ledger: entries of the recorded steps.
        next_order: the order of the step that would come next.
        trouble: what went wrong, with the step; the run ended there, unless only a checkpoint was lost.
        interrupted: whether Ctrl-C ended it.
        seconds: spent in steps, the ledger included.
    """

    steps: int = 0
    losses: list[list[float]] = field(default_factory=list)
    orders: list[float] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    next_order: float = math.nan
    trouble: str | None = None
    interrupted: bool = False
    seconds: float = 0.0


def train_cohort(
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    batches: Iterable[tuple[Tensor, Tensor]],
    *,
    steps: int,
    alpha: Alpha = 1.0,
    beta: float = 1.0,
    temperature: float = 1.0,
    updates: Updates = "simultaneous",
    first_step: int = 0,
    step_size: Callable[[int], float] | None = None,
    ledger: Ledger | None = None,
    autocast: torch.dtype | None = None,
    mean: Mean = lambda values: values,
    before_step: Callable[[int, Mutual], None] = lambda step, mutual: None,
    after_step: Callable[[CohortRun], None] = lambda run: None,
) -> CohortRun:
    """Train K learners together; they are changed in place.

    Args:
        models: map inputs to logits `(N, C)`.
        optimizers: one per learner, or one for all; any of `torch.optim`.
        batches: `(inputs, labels)`; iterated over again whenever it ends.
        steps: the step at which to stop.
        alpha: see `Alpha`.
        beta: weight of the mutual term, see `Mutual`.
        temperature: of the mutual term, see `Mutual`.
        updates: `"simultaneous"`: one forward pass of all, then every learner steps (the same as stepping in
            turn on outputs computed once). `"sequential"`: learners in turn, each on fresh predictions (deep
            mutual learning as published: Zhang et al., CVPR 2018, Algorithm 1).
        first_step: number of the first step, for a run that goes on.
        step_size: schedule `step -> η`; None leaves the optimisers' own.
        ledger: attached to the same models and optimisers; its entries are in the result too.
        autocast: compute type of the forward passes, e.g. `torch.bfloat16`; losses are in float32 or above.
        mean: averages losses over processes, where `models` average their gradients themselves.
        before_step: called with the step and its mutual term before the learners change.
        after_step: called with the run so far.

    Raises:
        ValueError: for settings that cannot be run. NaN or infinite losses and a lack of memory end the run
            and are named in `CohortRun.trouble`.
        KeyboardInterrupt: Ctrl-C, once the step under way is over: learners, ledger and what `after_step` saw
            are those of one step. A second one is raised at once.
    """
    if steps < first_step:
        raise ValueError(f"steps is {steps}; at least first_step = {first_step} is needed")
    if first_step < 0:
        raise ValueError(f"first_step is {first_step}; at least 0 is needed")
    if len(optimizers) not in (1, len(models)):
        raise ValueError(f"optimizers has {len(optimizers)} members; 1 or {len(models)} are needed")
    if updates not in ("simultaneous", "sequential"):
        raise ValueError(f"updates is {updates!r}; 'simultaneous' or 'sequential' is needed")
    order = alpha.initial if isinstance(alpha, TrainedOrder) else alpha
    mutual = Mutual(order(first_step) if callable(order) else order, beta, temperature)
    mutual.check(len(models))
    run = CohortRun(steps=first_step)
    feed = _endless(batches)
    take = _simultaneous if updates == "simultaneous" else _sequential
    begun = time.perf_counter()
    with ledger or contextlib.nullcontext():
        for step in range(first_step, steps):
            if callable(alpha):
                mutual = replace(mutual, alpha=alpha(step))
            if step_size is not None:
                _set_step_size(optimizers, step_size(step))
            inputs, labels = _pair(next(feed))
            with held_back():
                try:
                    before_step(step, mutual)
                    logits, losses = take(models, optimizers, inputs, labels, mutual, autocast, mean)
                    if not all(math.isfinite(loss) for loss in losses):
                        worst = next(k for k, loss in enumerate(losses) if not math.isfinite(loss))
                        run.trouble = f"step {step}: learner {worst} has loss {losses[worst]}"
                        break
                    if ledger is not None:
                        ledger.mutual = mutual
                        exact = autocast is None and ledger.repeatable
                        run.ledger += ledger.step((inputs, labels) if exact else None)
                except (MemoryError, RuntimeError) as error:
                    if not is_out_of_memory(error):
                        raise
                    run.trouble = f"step {step}: out of memory; lower the batch size (now {len(labels)})" + (
                        ", the ledger's chunks or its subsample" if ledger is not None else ""
                    )
                    break
                run.losses.append(losses)
                run.orders.append(_first_order(mutual, len(models)))
                run.steps = step + 1
                if isinstance(alpha, TrainedOrder):
                    mutual = replace(mutual, alpha=alpha.next(mutual.order(1, 0), logits, temperature, mean))
                run.next_order = _first_order(mutual, len(models))
                run.seconds = time.perf_counter() - begun
                after_step(run)
    return run


def cohort_losses(logits: Sequence[Tensor], labels: Tensor, mutual: Mutual) -> Tensor:
    """Every learner's loss on a batch, `(K,)`: mean cross-entropy plus mean mutual term, targets detached."""
    classes = {own.shape[-1] for own in logits}
    if len(classes) > 1:
        raise ValueError(f"learners give logits of {sorted(classes)} classes; equal numbers are needed")
    stacked = torch.stack(list(logits))
    if labels.shape != stacked.shape[1:2] or labels.is_floating_point():
        raise ValueError(
            f"labels has shape {tuple(labels.shape)} and dtype {labels.dtype}; logits of shape "
            f"{tuple(stacked.shape[1:])} need {stacked.shape[1]} whole numbers"
        )
    repeated = labels.expand(len(stacked), -1)
    try:
        losses = cross_entropy(stacked.movedim(2, 1), repeated, reduction="none").mean(1)
    except IndexError as error:
        raise labels_out_of_range(labels, classes.pop()) from error
    if mutual.beta == 0:
        return losses
    mean = cohort_divergence(
        stacked,
        alpha=mutual.alpha,
        beta=mutual.weight,
        temperature=mutual.temperature,
        precision="fast",  # lets CUDA's float32 logits go through the fused kernel; on the CPU it changes nothing
    )
    return losses + mean.losses


def _simultaneous(
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    inputs: Tensor,
    labels: Tensor,
    mutual: Mutual,
    autocast: torch.dtype | None,
    mean: Mean,
) -> tuple[list[Tensor], list[float]]:
    logits = [_logits(model, inputs, autocast) for model in models]
    losses = cohort_losses(logits, labels, mutual)
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    found = mean(losses.detach()).tolist()
    if all(math.isfinite(loss) for loss in found):
        losses.sum().backward()  # targets are detached: every learner gets its own gradient
        for optimizer in optimizers:
            optimizer.step()
    return logits, found


def _sequential(
    models: Sequence[nn.Module],
    optimizers: Sequence[torch.optim.Optimizer],
    inputs: Tensor,
    labels: Tensor,
    mutual: Mutual,
    autocast: torch.dtype | None,
    mean: Mean,
) -> tuple[list[Tensor], list[float]]:
    if len(optimizers) != len(models):
        raise ValueError(f"sequential updates need {len(models)} optimizers, one per learner")
    found: list[float] = []
    logits: list[Tensor] = []
    for k, optimizer in enumerate(optimizers):
        logits = []
        for j, model in enumerate(models):
            with torch.set_grad_enabled(j == k):
                logits.append(_logits(model, inputs, autocast))
        loss = cohort_losses(logits, labels, mutual)[k]
        found.append(float(mean(loss.detach())))
        if not math.isfinite(found[-1]):
            break
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    return logits, found


def _first_order(mutual: Mutual, learners: int) -> float:
    return mutual.order(1, 0) if learners > 1 else math.nan


def _logits(model: nn.Module, inputs: Tensor, autocast: torch.dtype | None) -> Tensor:
    if autocast is None:
        return model(inputs)
    with torch.autocast(inputs.device.type, dtype=autocast):
        logits = model(inputs)
    return logits.float()


def _endless(batches: Iterable[tuple[Tensor, Tensor]]) -> Iterator[tuple[Tensor, Tensor]]:
    while True:
        empty = True
        for batch in batches:
            empty = False
            yield batch
        if empty:
            raise ValueError("batches is empty, or an iterator that cannot be begun again")


def _pair(batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
    if isinstance(batch, Tensor) or len(batch) != 2:
        raise ValueError(
            f"batches gives a {type(batch).__name__} of {len(batch)}; pairs (inputs, labels) are needed"
        )
    return batch


def _set_step_size(optimizers: Sequence[torch.optim.Optimizer], value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"step_size gives {value}; a finite number of at least 0 is needed")
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = value


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory did not suffice."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "allocate memory" in str(error)
