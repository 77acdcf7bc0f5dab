"""Time and memory of all ordered pairs of a cohort, forward and backward, as ratios within one run."""

from __future__ import annotations

import functools
import multiprocessing
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from divergence_rivals import kl, published
from torch import Tensor

from convergence import cohort_divergence

SHAPES = [(2, 128, 10), (4, 128, 100), (2, 128, 1000), (2, 1024, 32000), (4, 1024, 32000)]
Step = Callable[[list[Tensor] | Tensor], None]


def by_pairs(learners: list[Tensor], divergence: Callable[[Tensor, Tensor], Tensor]) -> None:
    """Each learner in turn: the mean over its detached peers, then backward, as in the published code."""
    for k, own in enumerate(learners):
        peers = [target.detach() for j, target in enumerate(learners) if j != k]
        loss = sum(divergence(target, own).mean() for target in peers) / len(peers)
        loss.backward()


def published_step(learners: list[Tensor]) -> None:
    """The published loss at order 1.5."""
    by_pairs(learners, lambda target, own: published(target, own, 1.5))


def kl_div_step(learners: list[Tensor]) -> None:
    """PyTorch's KL divergence, as deep mutual learning uses it."""
    by_pairs(learners, kl)


def our_step(logits: Tensor, *, alpha: float, precision: str) -> None:
    """The cohort in one call."""
    cohort_divergence(logits, alpha=alpha, precision=precision).losses.sum().backward()  # type: ignore[arg-type]


def ratios(shape: tuple[int, int, int], rounds: int) -> dict[str, tuple[float, float, float]]:
    """Name → (ratio of times, milliseconds of the rival, milliseconds of ours): medians over interleaved rounds.

    A ratio of 2 says that ours takes half the time of the rival.
    """
    logits = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
    learners = [z.detach().clone().requires_grad_() for z in logits]
    steps = {
        "published": functools.partial(published_step, learners),
        "kl_div": functools.partial(kl_div_step, learners),
        "fast": functools.partial(our_step, logits, alpha=1.5, precision="fast"),
        "accurate": functools.partial(our_step, logits, alpha=1.5, precision="accurate"),
        "accurate, α=1": functools.partial(our_step, logits, alpha=1.0, precision="accurate"),
    }
    times: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            for leaf in (logits, *learners):
                leaf.grad = None
            begin = time.perf_counter()
            step()
            if number > 0:  # the first round compiles
                times[name].append(time.perf_counter() - begin)
    comparisons = {
        "fast against published": ("published", "fast"),
        "accurate against published": ("published", "accurate"),
        "α=1 against F.kl_div": ("kl_div", "accurate, α=1"),
    }
    return {
        name: (
            statistics.median(a / b for a, b in zip(times[rival], times[ours], strict=True)),
            1e3 * statistics.median(times[rival]),
            1e3 * statistics.median(times[ours]),
        )
        for name, (rival, ours) in comparisons.items()
    }


def peak_memory(shape: tuple[int, int, int], name: str) -> float:
    """Mebibytes that one step adds to the resident memory of a fresh process, gradients of the logits included."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(_peak_memory, (shape, name))


def _peak_memory(shape: tuple[int, int, int], name: str) -> float:
    def step(size: tuple[int, int, int]) -> float:
        logits = torch.randn(size).requires_grad_()
        learners = [z.detach().requires_grad_() for z in logits]  # shares the memory of the logits
        before = high_water()
        rivals = {"published": published_step, "kl_div": kl_div_step}
        if name in rivals:
            rivals[name](learners)
        else:
            our_step(logits, alpha=1.5, precision=name)
        return (high_water() - before) / 1024

    def high_water() -> int:
        # Not getrusage: there a process inherits the mark of the one that started it.
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1])

    step((shape[0], 2, 10))  # libraries and compiled code
    return step(shape)
