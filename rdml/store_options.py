"""Options of the commands that work with the run store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def complete_study(incomplete: str) -> list[str]:
    """Names of studies in `./runs`, for shell completion."""
    from simulations.studies.files import study_names

    return [name for name in study_names(Path("runs")) if name.startswith(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """Ids of runs in `./runs`, for shell completion."""
    from itertools import islice

    from simulations.studies.files import run_folders

    if not Path("runs").is_dir():
        return []
    names = (folder.name for folder in run_folders(Path("runs")))
    return [name[:12] for name in islice((n for n in names if n.startswith(incomplete)), 50)]


StoreDir = Annotated[
    Path,
    typer.Option("--store", metavar="DIR", help="The run store.", envvar="RDML_STORE", show_default=True),
]
OwnStoreDir = Annotated[
    Path | None, typer.Option("--store", metavar="DIR", help="The run store; that of `rdml runs` by default.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key of the study; may be repeated."),
]
StudyArgument = Annotated[
    Path,
    typer.Argument(metavar="STUDY.toml", exists=True, dir_okay=False, readable=True, help="The study file."),
]
StudyName = Annotated[
    str, typer.Argument(metavar="STUDY", help="Name of a study.", autocompletion=complete_study)
]
RunIds = Annotated[
    list[str],
    typer.Argument(metavar="RUN...", help="Run ids, or their beginnings.", autocompletion=complete_run),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Only results and errors.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also say what each run comes to.")]
