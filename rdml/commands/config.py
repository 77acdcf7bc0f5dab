"""`rdml config`: what a study file comes to, and the JSON Schema for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from rdml.options import JsonFile
from rdml.store_options import Settings, StudyArgument

if TYPE_CHECKING:
    from rdml.config import StudyFile

app = typer.Typer(help="Show what a study file comes to; JSON Schema for editors.", no_args_is_help=True)


@app.command("show")
def show(study: StudyArgument, settings: Settings = None, json: JsonFile = None) -> None:
    """Print the study with all defaults, as TOML that is the same study, after checking every run."""
    import tomli_w

    from rdml.config import load_study
    from rdml.files import write_json
    from rdml.sweep import check_size

    configured = load_study(study, settings or ())
    runs = check_size(configured)
    resolved = resolve(configured)
    if json is not None:
        write_json(json, {**resolved, "runs": runs})
    typer.echo(f"# {runs:,} runs\n{tomli_w.dumps(resolved)}", nl=False)


@app.command("schema")
def schema(json: JsonFile = None) -> None:
    """Print the JSON Schema of study files, for editors that complete and check TOML by one."""
    from rdml.files import json_text, write_json

    if json is None:
        typer.echo(json_text(study_schema()), nl=False)
    else:
        write_json(json, study_schema())


def resolve(study: StudyFile) -> dict[str, Any]:
    """The study with the settings that all its runs have in common."""
    from rdml.config import flatten, merged
    from rdml.sweep import Plan, kind_of

    swept = set(study.sweep.axes if study.sweep else ())
    common: dict[str, Any] | None = None
    for _, _, settings in Plan(study, kind_of(study), code="").settings():
        flat = {key: value for key, value in flatten(settings).items() if value is not None}
        known = flat if common is None else common
        common = {key: value for key, value in known.items() if flat.get(key) == value}
    run = {key: value for key, value in (common or {}).items() if key not in swept and key != "seed"}
    plain = study.model_dump(mode="json", exclude_none=True)
    return {**plain, "run": merged({}, {**run, "seed": study.run.get("seed", 0)})}


def study_schema() -> dict[str, Any]:
    """JSON Schema of a study file; a setting that is swept may be left out of `run`."""
    from rdml.config import StudyFile
    from rdml.kinds import KINDS

    whole = StudyFile.model_json_schema()
    kinds = []
    for kind in KINDS.values():
        one = kind.configuration.model_json_schema()
        kinds.append({**one, "required": ["kind"]})
    whole["properties"]["run"] = {"title": "Run", "oneOf": kinds}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **whole}
