"""`torchrun --nproc-per-node N -m rdml.train …`: `rdml train …` by N processes together.

Exit codes as of `rdml`; 1 also if another process of the job has ended.
"""

from __future__ import annotations

import sys

import typer

from rdml.cli import app, spread
from simulations.networks.distributed import LostProcess, joined


def main() -> None:
    """Join the job and train; the first process reports."""
    with joined() as job:
        try:
            app(args=["train", *spread(sys.argv[1:])])
        except ValueError as error:
            if job.leads:
                typer.echo(f"Error: {error}", err=True)
            sys.exit(2)
        except LostProcess as error:
            typer.echo(f"Error: process {job.rank}: {error}", err=True)
            sys.exit(1)


if __name__ == "__main__":
    main()
