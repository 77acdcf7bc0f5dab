"""`torchrun --nproc-per-node N -m rdml.train …`: `rdml train …` by N processes together.

Exit codes as of `rdml`; 1 also if another process of the job has ended.
"""

from __future__ import annotations

import sys

import typer

from rdml.cli import run
from simulations.networks.distributed import LostProcess, joined


def main() -> None:
    """Join the job and train; the first process reports."""
    with joined() as job:
        try:
            code, message = run(["train", *sys.argv[1:]])
            message = message if job.leads else ""  # the same for all
        except LostProcess as error:
            code, message = 1, f"process {job.rank}: {error}"
        if message:
            typer.echo(f"Error: {message}", err=True)
        sys.exit(code)


if __name__ == "__main__":
    main()
