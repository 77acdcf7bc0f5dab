"""Speed on a CUDA device against the bars set for it: `python benchmarks/gpu.py`, one call, one table.

Every row is a ratio with both sides measured here; times are medians over rounds in turn, by CUDA events. Exit code
0: all bars are cleared, 1: one is missed, 2: there is no device (nothing is measured). `--json FILE` writes the rows
with the device's name and the date.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from bars import Row, ratio, write
from divergence_rivals import published, published_loop
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.divergence import MutualLoss
from convergence.estimators import Ledger
from simulations.device import cuda_trouble
from simulations.ensemble import fused
from simulations.networks.captured import fixed_step
from simulations.networks.cohort import train_cohort
from simulations.networks.image_witness import images
from simulations.networks.models import mlp, resnet
from simulations.networks.stacked import StackedCohorts
from simulations.problems import problem

ALPHA, ROUNDS = 1.5, 15


def milliseconds(call: Callable[[], object], calls: int = 1) -> float:
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(calls):
        call()
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / calls


def times(one: Callable[[], object], other: Callable[[], object], calls: int = 1) -> float:
    """time(one)/time(other)."""
    return ratio(one, other, milliseconds, rounds=ROUNDS, calls=(calls, calls))


def published_losses(logits: Tensor, labels: Tensor) -> Tensor:
    """The published form: one loss a learner on float32 probabilities, clamped."""
    wide = logits.float()
    losses = [
        cross_entropy(own, labels)
        + sum(published(wide[j].detach(), own, ALPHA).mean() for j in range(len(wide)) if j != k)
        / (len(wide) - 1)
        for k, own in enumerate(wide)
    ]
    return torch.stack(losses)


def loss_rows(shape: tuple[int, int, int], bar: float) -> list[Row]:
    torch.cuda.empty_cache()
    logits = torch.randn(shape, device="cuda", dtype=torch.bfloat16).requires_grad_()
    labels = torch.randint(shape[2], shape[1:2], device="cuda")
    loss, copy = MutualLoss(ALPHA), torch.empty_like(logits)

    def ours() -> None:
        logits.grad = None
        loss(logits, labels).losses.sum().backward()

    def theirs() -> None:
        logits.grad = None
        published_losses(logits, labels).sum().backward()

    def copied() -> None:
        copy.copy_(logits.detach())  # reads the logits and writes as much as the gradients once

    ours()
    logits.grad = None
    before = torch.cuda.memory_allocated() - copy.nbytes
    torch.cuda.reset_peak_memory_stats()
    ours()
    peak = torch.cuda.max_memory_allocated() - copy.nbytes - (before - logits.nbytes)
    name = f"fused loss forward and backward, {shape}, bf16"
    rows = [
        Row(f"{name}: time / one copy", times(ours, copied), bar, True),
        Row(f"{name}: peak memory / (logits + gradients)", peak / (2 * logits.nbytes), 1.02, True),
    ]
    rows.append(Row(f"{name}: published / ours", times(theirs, ours), 6.0, False))
    return rows


def published_step(
    models: Sequence[nn.Module], inputs: Tensor, labels: Tensor, dtype: torch.dtype | None
) -> Callable[[], None]:
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models]
    return lambda: published_loop(models, optimizers, inputs, labels, ALPHA, 1.0, dtype)


def small_cohorts() -> Row:
    learners, seeds = 4, 64
    inputs = torch.randn(seeds, 64, 64, device="cuda")
    labels = torch.randint(10, (seeds, 64), device="cuda")
    engine = StackedCohorts(
        [[mlp(64, 10).cuda() for _ in range(learners)] for _ in range(seeds)], step_size=0.1, alpha=ALPHA
    )
    step = fixed_step(engine, inputs, labels)
    models = [mlp(64, 10).cuda() for _ in range(learners)]
    found = seeds * times(published_step(models, inputs[0], labels[0], None), lambda: step(inputs, labels), 5)
    return Row("MLP 64–128–10, K=4, 64 seeds: published / ours, a seed-step", found, 20.0, False)


def residual_networks() -> list[Row]:
    inputs = torch.randn(512, 3, 32, 32, device="cuda")
    labels = torch.randint(10, (512,), device="cuda")

    def made() -> list[nn.Module]:
        return [resnet(3, 10, widths=(64, 128, 256, 512), blocks=2).cuda() for _ in range(2)]

    def step(beta: float) -> Callable[[], None]:
        models = made()
        parameters = [p for model in models for p in model.parameters()]
        optimizers = [torch.optim.SGD(parameters, lr=0.1, fused=True)]

        def once() -> None:
            train_cohort(
                models,
                optimizers,
                [(inputs, labels)],
                steps=1,
                alpha=ALPHA,
                beta=beta,
                autocast=torch.bfloat16,
            )

        return once

    theirs = made()
    with_mutual, without = step(1.0), step(0.0)
    name = "ResNet-18, K=2, batch 512, bf16"
    return [
        Row(f"{name}: mutual part of the step", 1 - 1 / times(with_mutual, without), 0.03, True),
        Row(
            f"{name}: published / ours",
            times(published_step(theirs, inputs, labels, torch.bfloat16), with_mutual),
            1.5,
            False,
        ),
    ]


def ensembles() -> Row:
    replicas, steps = 2**24, 64
    made = problem("double-well")
    assert made.kernel is not None
    kernel = made.kernel
    lanes = fused.open_lanes(
        made.start, replicas, seed=0, first_replica=0, dtype=torch.float32, device="cuda"
    )
    normals = torch.empty(replicas, device="cuda")

    def drawn() -> None:
        for _ in range(steps):
            normals.normal_()

    found = times(drawn, lambda: fused.advance(kernel, lanes, [0.01] * steps, first=0))
    return Row("double well, 2²⁴ replicas: steps a second / normals a second", found, 0.5, False)


def ledger_entry() -> Row:
    data = images(2048, 32, seed=0).to("cuda")
    batches = list(zip(data.train_inputs.split(256), data.train_labels.split(256), strict=True))
    models: list[nn.Module] = [resnet(3, 10, widths=(16, 32, 64), blocks=3).cuda().double() for _ in range(2)]
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.01) for model in models]
    ledger = Ledger(models, optimizers, batches=batches, alpha=ALPHA)
    for model in models:
        cross_entropy(model(batches[0][0]), batches[0][1]).backward()

    def entry() -> None:
        for optimizer in optimizers:
            optimizer.step()
        ledger.step(batches[0])

    def full_pass() -> None:
        for inputs, labels in batches:
            torch.autograd.grad(cross_entropy(models[0](inputs), labels), list(models[0].parameters()))

    with ledger:
        found = times(entry, full_pass) / len(models)
    return Row("ledger entry / full-batch forward-backward passes, a learner", found, 2.5, True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    trouble = cuda_trouble("bf16")
    if trouble is not None:
        print(f"Nothing measured: {trouble}", file=sys.stderr)
        return 2
    torch.manual_seed(0)
    device = torch.cuda.get_device_name()
    print(f"{device}, PyTorch {torch.__version__}, {datetime.date.today()}")
    rows: list[Row] = []
    for measured in (
        lambda: loss_rows((2, 4096, 32000), 1.25),
        lambda: loss_rows((4, 1024, 128256), 1.9),
        lambda: [small_cohorts()],
        residual_networks,
        lambda: [ensembles()],
        lambda: [ledger_entry()],
    ):
        for row in measured():
            rows.append(row)
            print(row, flush=True)
    return write(options.json, rows, device=device, torch=torch.__version__, date=str(datetime.date.today()))


if __name__ == "__main__":
    sys.exit(main())
