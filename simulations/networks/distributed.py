r"""Several processes that train one cohort: every process sees its share of each batch and of the ledger's passes.

Gradients are averaged by `DistributedDataParallel`, losses and the ledger's sums by reductions in float64, so that
all processes hold the same learners and the result is that of one process up to rounding.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from convergence.estimators.jacobian import refuse_batch_normalisation


class LostProcess(RuntimeError):
    """Another process of the job has ended, and with it the job."""


class Job(NamedTuple):
    """This process's place among those that train one cohort."""

    rank: int
    processes: int

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def share(self, rows: Tensor) -> Tensor:
        """This process's part of a batch or of the data set."""
        return rows[self.rank :: self.processes]

    def check(self, batch: int) -> None:
        """Refuse batches whose shares would be unequal, as their means could then not be averaged."""
        if batch % self.processes:
            raise ValueError(
                f"a batch has {batch} samples for {self.processes} processes; a multiple of their number is needed"
            )

    def wrap(self, models: Sequence[nn.Module]) -> list[nn.Module]:
        """The models with gradients averaged over the processes; themselves in a job of one."""
        if self.processes == 1:
            return list(models)
        for model in models:  # each process would normalise its own share
            refuse_batch_normalisation(model)
        return [DistributedDataParallel(model) for model in models]

    def total(self, values: Tensor) -> Tensor:
        """The sum of float64 values over the processes."""
        if self.processes == 1:
            return values
        values = values.detach().clone()
        dist.all_reduce(values)
        return values

    def mean(self, values: Tensor) -> Tensor:
        """The mean over the processes, in float64."""
        return values if self.processes == 1 else self.total(values.double()) / self.processes


def current_job() -> Job:
    """The job that `joined` has joined, else one of this process alone."""
    if dist.is_available() and dist.is_initialized():
        return Job(dist.get_rank(), dist.get_world_size())
    return Job(0, 1)


@contextlib.contextmanager
def joined() -> Iterator[Job]:
    """Within the block this process belongs to the job that `torchrun` started it for, if it did."""
    if "RANK" not in os.environ or "WORLD_SIZE" not in os.environ:
        yield Job(0, 1)
        return
    on_gpu = torch.cuda.is_available()
    if on_gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
    before = signal.signal(signal.SIGTERM, _told_to_end)
    # Both backends on a device: settings may still ask for the CPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpu else "gloo")
    if dist.get_rank() > 0:  # Ctrl-C is for the process that leads: the others end when it has
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield current_job()
    finally:
        signal.signal(signal.SIGTERM, before)
        dist.destroy_process_group()


def check_devices(device: torch.device) -> None:
    """Refuse more processes on this machine than it has devices: nccl takes one process a device."""
    here, there = int(os.environ.get("LOCAL_WORLD_SIZE", "1")), torch.cuda.device_count()
    if device.type == "cuda" and here > there:
        raise ValueError(
            f"{here} processes for {there} CUDA devices; one a process is needed: --nproc-per-node {there}, "
            "or --device cpu"
        )


def _told_to_end(*_: object) -> None:
    raise LostProcess


@contextlib.contextmanager
def naming_lost_processes(checkpoint: Path | None) -> Iterator[None]:
    """Let what goes wrong because another process has ended say so, and from where to go on."""
    try:
        yield
    except RuntimeError as error:
        if current_job().processes == 1 or not _is_loss(error):
            raise
        if checkpoint is None:
            left = "there is no checkpoint; ask for one by --checkpoint FILE --checkpoint-every STEPS"
        elif checkpoint.exists():
            left = f"add --resume to go on from {checkpoint}"
        else:
            left = f"no checkpoint had been written to {checkpoint} yet (--checkpoint-every)"
        raise LostProcess(f"another process of the job has ended, so this one ends too; {left}") from error


def _is_loss(error: RuntimeError) -> bool:
    words = str(error)
    return isinstance(error, LostProcess | dist.DistError) or "gloo" in words or "by peer" in words
