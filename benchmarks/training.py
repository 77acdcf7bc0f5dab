"""Training speed against the published loop, and what a ledger entry and a gradient variance cost.

`python benchmarks/training.py` prints one table; `--json FILE` writes it too. Both sides of every ratio run in
this process, one thread, in turn, in processor time, so that what else the machine does stays out; a ratio is
the median over rounds of neighbouring timings. The published loop is written afresh from its description: all
forward passes, then for every learner one loss (probabilities clamped at 1e-8), one backward pass, one optimiser
step and one `.item()` (`divergence_rivals.published_loop`).
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from bars import Row, ratio, write
from divergence_rivals import published_loop
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.estimators import Ledger
from convergence.estimators.noise import cross_entropy_per_sample, linear_norms, vmap_norms
from convergence.estimators.passes import Replica
from simulations.networks.cohort import train_cohort
from simulations.networks.data import digits
from simulations.networks.models import conv_net, mlp
from simulations.networks.stacked import StackedCohorts

ALPHA, BETA, STEP_SIZE, BATCH = 1.5, 1.0, 0.1, 64


def published_step(models: list[nn.Module], inputs: Tensor, labels: Tensor) -> Callable[[], None]:
    optimizers = [torch.optim.SGD(model.parameters(), lr=STEP_SIZE) for model in models]
    return lambda: published_loop(models, optimizers, inputs, labels, ALPHA, BETA)


def joint_step(models: list[nn.Module], inputs: Tensor, labels: Tensor) -> Callable[[], None]:
    parameters = [p for model in models for p in model.parameters()]
    optimizers = [torch.optim.SGD(parameters, lr=STEP_SIZE, fused=True)]
    return lambda: train_cohort(models, optimizers, [(inputs, labels)], steps=5, alpha=ALPHA, beta=BETA)


def stacked_step(cohorts: list[list[nn.Module]], inputs: Tensor, labels: Tensor) -> Callable[[], None]:
    engine = StackedCohorts(cohorts, step_size=STEP_SIZE, alpha=ALPHA, beta=BETA)
    return lambda: engine.step(inputs, labels)


def seconds(call: Callable[[], object], calls: int) -> float:
    """Processor time of a call."""
    begun = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - begun) / calls


def stacked_rows(rounds: int) -> list[Row]:
    rows = []
    for learners, bar in ((2, 4.0), (4, 7.5), (8, 13.0)):
        inputs, labels = torch.randn(BATCH, 64), torch.randint(10, (BATCH,))
        theirs = published_step([mlp(64, 10) for _ in range(learners)], inputs, labels)
        ours = stacked_step([[mlp(64, 10) for _ in range(learners)]], inputs, labels)
        found = ratio(theirs, ours, seconds, rounds=rounds, calls=(5, 40))
        rows.append(Row(f"stacked MLP 64–128–10, K={learners}: published / ours", found, bar))
    seeds = 16
    inputs, labels = torch.randn(seeds, BATCH, 64), torch.randint(10, (seeds, BATCH))
    theirs = published_step([mlp(64, 10) for _ in range(2)], inputs[0], labels[0])
    ours = stacked_step([[mlp(64, 10) for _ in range(2)] for _ in range(seeds)], inputs, labels)
    found = seeds * ratio(theirs, ours, seconds, rounds=rounds, calls=(10, 5))
    rows.append(Row(f"stacked, {seeds} seeds, K=2: published / ours, a seed-step", found, 8.0))
    return rows


def module_rows(rounds: int) -> list[Row]:
    rows = []
    for learners, bar in ((2, 1.05), (4, 1.2), (8, 1.3)):
        inputs, labels = torch.randn(BATCH, 1, 8, 8), torch.randint(10, (BATCH,))
        theirs = published_step([conv_net(1, 2, 10) for _ in range(learners)], inputs, labels)
        ours = joint_step([conv_net(1, 2, 10) for _ in range(learners)], inputs, labels)
        found = 5 * ratio(theirs, ours, seconds, rounds=rounds, calls=(5, 1))
        rows.append(Row(f"convolutional net, K={learners}: published / ours", found, bar))
    for learners in (2, 4, 8):
        inputs, labels = torch.randn(BATCH, 64), torch.randint(10, (BATCH,))
        theirs = published_step([mlp(64, 10) for _ in range(learners)], inputs, labels)
        ours = joint_step([mlp(64, 10) for _ in range(learners)], inputs, labels)
        found = 5 * ratio(theirs, ours, seconds, rounds=rounds, calls=(5, 1))
        rows.append(Row(f"plain MLP modules, K={learners}: published / ours", found, None))
    return rows


def ledger_row(rounds: int) -> Row:
    """One entry against a full-batch forward-backward pass of one learner, both over the digits in float64."""
    data = digits()
    batches = list(zip(data.train_inputs.split(720), data.train_labels.split(720), strict=True))
    models = [mlp(64, 10).double() for _ in range(2)]
    optimizers = [torch.optim.SGD(model.parameters(), lr=STEP_SIZE) for model in models]
    ledger = Ledger(models, optimizers, batches=batches, alpha=ALPHA, beta=BETA)
    batch = (data.train_inputs[:BATCH], data.train_labels[:BATCH])
    loss = sum(cross_entropy(model(batch[0]), batch[1]) for model in models)
    loss.backward()

    def entry() -> None:
        for optimizer in optimizers:
            optimizer.step()
        ledger.step(batch)

    def full_pass() -> None:
        logits = models[0](data.train_inputs)
        torch.autograd.grad(cross_entropy(logits, data.train_labels), list(models[0].parameters()))

    with ledger:
        found = ratio(entry, full_pass, seconds, rounds=rounds, calls=(2, 4)) / len(models)
    return Row("ledger entry / full-batch forward-backward, a learner", found, 2.5, at_most=True)


def variance_row(rounds: int) -> Row:
    data = digits()
    replica = Replica(mlp(64, 10))
    inputs, labels = data.train_inputs[:512], data.train_labels[:512]
    exact = linear_norms(replica, inputs, labels, cross_entropy_per_sample)[0]
    slow = vmap_norms(replica, inputs, labels, cross_entropy_per_sample)[0]
    torch.testing.assert_close(exact, slow, rtol=1e-9, atol=1e-12)
    found = ratio(
        lambda: vmap_norms(replica, inputs, labels, cross_entropy_per_sample),
        lambda: linear_norms(replica, inputs, labels, cross_entropy_per_sample),
        seconds,
        rounds=max(3, rounds // 3),
        calls=(1, 10),
    )
    return Row("per-sample gradient norms, linear layers: vmap / closed form", found, None)


def mutual_row(rounds: int) -> Row:
    """How much of the step of a plain MLP is the mutual term: RDML against independent learners."""
    inputs, labels = torch.randn(BATCH, 64), torch.randint(10, (BATCH,))
    models = [mlp(64, 10) for _ in range(2)]
    parameters = [p for model in models for p in model.parameters()]
    optimizers = [torch.optim.SGD(parameters, lr=STEP_SIZE, fused=True)]

    def steps(beta: float) -> Callable[[], None]:
        return lambda: train_cohort(models, optimizers, [(inputs, labels)], steps=5, alpha=ALPHA, beta=beta)

    found = ratio(steps(BETA), steps(0.0), seconds, rounds=rounds, calls=(1, 1))
    return Row("plain MLP modules, K=2: RDML / independent", found, None)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows = [*stacked_rows(options.rounds), *module_rows(options.rounds)]
    rows += [ledger_row(options.rounds), variance_row(options.rounds), mutual_row(options.rounds)]
    for row in rows:
        print(row)
    return write(options.json, rows)


if __name__ == "__main__":
    sys.exit(main())
