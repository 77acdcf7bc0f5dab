"""`rdml sweep`: run a study, go on with it, or see that it is finished."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile
from rdml.store_options import Quiet, Settings, StoreDir, StudyArgument, Verbose

if TYPE_CHECKING:
    from types import FrameType

    from rdml.engines import Engine
    from rdml.schedule import Progress, Scheduler
    from rdml.study_progress import ProgressDisplay
    from rdml.sweep import Plan


def sweep(
    study: StudyArgument,
    settings: Settings = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, max=4096, help="Worker processes; by cores and memory by default."
        ),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="A Dask scheduler (tcp://…), or `local` to start a Dask cluster here."
        ),
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try runs again that failed.")] = False,
    checkpoint_seconds: Annotated[
        float,
        typer.Option("--checkpoint-every", metavar="SECONDS", min=0.0, help="Between a run's checkpoints."),
    ] = 30.0,
    store: StoreDir = Path("runs"),
    json: JsonFile = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run a study: what is finished is not run again, what was interrupted goes on where it was.

    Ctrl-C (or SIGTERM) stops each run at its next checkpoint; the same command goes on. Exit code 0: all runs
    are finished. 1: some failed, or the store can't be written. 2: bad usage. 130 or 143: interrupted.
    """
    from rdml.config import load_study
    from rdml.files import write_json
    from rdml.schedule import Scheduler
    from rdml.store import make_store
    from rdml.study_progress import ProgressDisplay
    from rdml.sweep import plan as make_plan

    configured = load_study(study, settings or ())
    plan = make_plan(configured, make_store(store))
    with ProgressDisplay(configured.name, quiet=quiet, verbose=verbose) as display:
        run = Scheduler(
            plan,
            store,
            retry_failed=retry_failed,
            checkpoint_seconds=checkpoint_seconds,
            on_change=display.show,
        )
        stopping = Stopping(run, display)
        if run.look():
            with stopping.on_signals(), _engine(scheduler, jobs, plan, display) as engine:
                run.run(engine)
        for line in conclusion(run.progress, plan, store):
            display.say(line)
    if json is not None:
        write_json(json, to_json(run.progress, plan, store))
    if stopping.signal:
        raise typer.Exit(128 + stopping.signal)
    raise typer.Exit(0 if run.progress.finished == run.progress.total else 1)


class Stopping:
    """What Ctrl-C and SIGTERM do: the first stops the study at checkpoints, the second at once."""

    def __init__(self, scheduler: Scheduler, display: ProgressDisplay) -> None:
        self.scheduler = scheduler
        self.display = display
        self.signal = 0

    @contextmanager
    def on_signals(self) -> Iterator[None]:
        """Listen while the study runs."""
        before = {number: signal.signal(number, self._caught) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        except KeyboardInterrupt:
            self.scheduler.stop("interrupted twice")
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _caught(self, number: int, _: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number
        self.display.say("Stopping: runs are saved where they stand. Once more to stop at once.")
        self.scheduler.stop("interrupted")


def _engine(
    scheduler: str | None, jobs: int | None, plan: Plan, display: ProgressDisplay
) -> AbstractContextManager[Engine]:
    from rdml import engines

    memory = plan.memory()
    workers = engines.worker_count(jobs, memory)
    if scheduler not in (None, "local"):
        return engines.dask_cluster(str(scheduler), workers)
    if workers > engines.workers_that_fit(memory):
        display.say(
            f"{workers} workers may need more memory than is free ({engines.free_memory() / 1e9:.1f} GB)"
        )
    return engines.dask_cluster("local", workers) if scheduler else engines.local_processes(workers)


def conclusion(progress: Progress, plan: Plan, store: Path) -> list[str]:
    """What the sweep came to, and how to go on."""
    from rdml.execute import Outcome

    counts = progress.counts
    lines = [
        f"{plan.study.name}: {progress.finished} of {progress.total} runs finished"
        f" ({counts[Outcome.FINISHED]} now), in {store}"
    ]
    lines += [f"{r.run[:12]} {r.outcome}: {r.message}" for r in progress.troubles[:5]]
    if len(progress.troubles) > 5:
        lines += ["… more with `rdml runs --status failed`"]
    if progress.stopped_by:
        lines += [f"Stopped: {progress.stopped_by}. What is finished is safe; the same command goes on."]
    elif counts[Outcome.FAILED] + counts[Outcome.FAILED_BEFORE]:
        lines += ["Failed runs are run again with --retry-failed."]
    if counts[Outcome.DAMAGED]:
        lines += ["`rdml doctor --repair` puts damaged runs aside; then the same command runs them again."]
    return lines


def to_json(progress: Progress, plan: Plan, store: Path) -> dict[str, object]:
    """The machine-readable result."""
    return {
        "study": plan.study.name,
        "store": str(store),
        "total": progress.total,
        "finished": progress.finished,
        "counts": {str(outcome): count for outcome, count in sorted(progress.counts.items())},
        "troubles": [{"run": r.run, "outcome": r.outcome, "message": r.message} for r in progress.troubles],
        "stopped_by": progress.stopped_by or None,
    }
