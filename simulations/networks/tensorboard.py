"""A TensorBoard log of a run, on request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from convergence.estimators import Ledger
from simulations.networks.cohort import CohortRun


@contextmanager
def log_run(directory: Path | None, ledger: Ledger | None) -> Iterator[Callable[[CohortRun], None]]:
    """Give a function that logs a run's last step; it does nothing where `directory` is None.

    Scalars: `loss/k` at every step; `gradient/k`, `bias/k` and `noise/k` (squared norms) where recorded.
    """
    if directory is None:
        yield lambda run: None
        return
    from torch.utils.tensorboard import SummaryWriter  # takes a second to import

    writer = SummaryWriter(str(directory))

    def log(run: CohortRun) -> None:
        step = run.steps - 1
        for k, loss in enumerate(run.losses[-1]):
            writer.add_scalar(f"loss/{k}", loss, step)
        for entry in reversed(ledger.entries if ledger is not None else []):
            if entry.step != step:
                break
            writer.add_scalar(f"gradient/{entry.learner}", entry.gradient_norm_squared, step)
            writer.add_scalar(f"bias/{entry.learner}", entry.bias_norm_squared, step)
            writer.add_scalar(f"noise/{entry.learner}", entry.noise_norm_squared, step)

    try:
        yield log
    finally:
        writer.close()
