"""Study files: TOML and `--set key=value`, checked whole before anything starts."""

from __future__ import annotations

import copy
import difflib
import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    ValidationError,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from simulations.studies.files import NAME

Values = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)

TAGS = {"sweep": ("grid", "list", "random", "latin-hypercube", "range", "choices")}
LARGEST_FILE = 1 << 20
LONGEST_STRING = 4000
DEEPEST = 16
LONG_KEY = re.compile(r"""(?:[\w"'-]+[ \t]*\.[ \t]*){32}""")
LARGEST_INTEGER = 2**63 - 1
LARGEST_STUDY = 10_000_000


def _scalar(value: Any) -> Any:
    if not isinstance(value, bool | int | float | str):
        raise ValueError("a number, boolean or string is needed")
    return value


Scalar = Annotated[
    Any,
    PlainValidator(_scalar),
    WithJsonSchema({"type": ["boolean", "number", "string"]}),
]


class Section(BaseModel):
    """A table of a configuration: unknown keys and wrong types are errors, nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _name_unknown_keys(cls, data: Any) -> Any:
        if isinstance(data, dict):
            for key in data:
                if key not in cls.model_fields:
                    raise ValueError(unknown("key", str(key), cls.model_fields))
        return data


class Range(Section):
    """Values between two numbers: whole ones where both ends are whole."""

    low: int | float
    high: int | float
    scale: Literal["linear", "log"] = "linear"

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low < self.high:
            raise ValueError(f"low is {self.low}, high is {self.high}; low must be smaller")
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"low is {self.low}; a log scale needs a positive one")
        return self


Choices = Annotated[list[Scalar], Field(min_length=1)]
Axis = Annotated[
    Annotated[Range, Tag("range")] | Annotated[Choices, Tag("choices")],
    Discriminator(lambda value: "range" if isinstance(value, dict | Range) else "choices"),
]


class Sweep(Section):
    """What every design has: replicates and how their seeds relate.

    A replicate's seed is a function of `run.seed`, its number and (unless `common_seeds`) the run's other
    settings, never of its place in the study: a study that grows keeps the seeds, and the runs, that it had.
    """

    seeds: Annotated[int, Field(ge=1, le=LARGEST_STUDY)] = 1
    common_seeds: bool = False


class GridSweep(Sweep):
    """Every combination of the listed values."""

    design: Literal["grid"]
    grid: dict[str, Choices] = {}

    @property
    def axes(self) -> list[str]:
        """Swept keys."""
        return list(self.grid)


class ListSweep(Sweep):
    """The points that are written out, each a table of the same keys."""

    design: Literal["list"]
    points: Annotated[list[dict[str, Scalar]], Field(min_length=1)]

    @property
    def axes(self) -> list[str]:
        """Swept keys."""
        return list(self.points[0])

    @field_validator("points")
    @classmethod
    def _same_keys(cls, points: list[dict[str, Scalar]]) -> list[dict[str, Scalar]]:
        for number, point in enumerate(points):
            if set(point) != set(points[0]):
                raise ValueError(
                    f"point {number} has keys {sorted(point)}; the first has {sorted(points[0])}"
                )
        return points


class SampledSweep(Sweep):
    """`samples` points drawn from ranges or lists of choices.

    `random`: independent points; more samples keep those that there were. `latin-hypercube`: each axis is
    spread evenly (scipy.stats.qmc); another number of samples is another set of points.
    """

    design: Literal["random", "latin-hypercube"]
    samples: Annotated[int, Field(ge=1, le=LARGEST_STUDY)]
    design_seed: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)] = 0
    ranges: dict[str, Axis]

    @property
    def axes(self) -> list[str]:
        """Swept keys."""
        return list(self.ranges)


class StudyFile(Section):
    """A study: what every run has in common, and how runs differ."""

    name: Annotated[str, Field(pattern=rf"^{NAME.pattern}$")]
    description: str = ""
    run: dict[str, Any]
    sweep: Annotated[GridSweep | ListSweep | SampledSweep, Field(discriminator="design")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _flatten_swept_keys(cls, data: Any) -> Any:
        """`parameters.alpha = …` in TOML is a nested table; swept keys are dotted names."""
        if isinstance(data, dict) and isinstance(data.get("sweep"), dict):
            sweep = dict(data["sweep"])
            for key in ("grid", "ranges"):
                if isinstance(sweep.get(key), dict):
                    sweep[key] = flatten(sweep[key])
            if isinstance(sweep.get("points"), list):
                sweep["points"] = [flatten(p) if isinstance(p, dict) else p for p in sweep["points"]]
            data = {**data, "sweep": sweep}
        return data

    @model_validator(mode="after")
    def _seeds_are_replicates(self) -> StudyFile:
        if self.sweep and "seed" in self.sweep.axes:
            raise ValueError("sweep: 'seed' is not swept; `seeds = N` in [sweep] runs N replicates a point")
        return self


def load_study(path: Path, settings: Iterable[str] = ()) -> StudyFile:
    """Read a study file and apply `--set` settings to it.

    Raises:
        ValueError: the file can't be read, or holds what is not allowed; the message names key and value.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError(f"{path} is larger than {LARGEST_FILE} bytes")
        text = path.read_bytes().decode()
        if LONG_KEY.search(text):  # tomllib's time grows with the square of a dotted key's length
            raise RecursionError
        data = tomllib.loads(text)
    except OSError as error:
        raise ValueError(f"{path} can't be read: {error.strerror}") from error
    except RecursionError as error:
        raise ValueError(f"{path} is nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    for setting in settings:
        _set(data, setting)
    check_plain(data, str(path))
    return validate(StudyFile, data, str(path))


def validate(model: type[Model], data: Any, where: str) -> Model:
    """The model of the data.

    Raises:
        ValueError: one line for each thing that is wrong: where, key, what, value.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ValueError("\n".join(f"{where}: {line}" for line in _lines(error))) from None


def unknown(what: str, name: str, known: Iterable[str]) -> str:
    """A sentence that suggests the nearest known name."""
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"unknown {what} {name!r}; " + (
        f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"
    )


def flatten(table: Values, prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys; a table with `low` and `high` is a value (a range)."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict) and not {"low", "high"} & set(value):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def merged(table: Values, values: Values) -> dict[str, Any]:
    """A copy of a table with dotted keys set to values."""
    result = copy.deepcopy(dict(table))
    for key, value in values.items():
        *parents, last = key.split(".")
        inner = result
        for parent in parents:
            inner = inner.setdefault(parent, {})
            if not isinstance(inner, dict):
                raise ValueError(f"{key}: {parent!r} is a value, not a table")
        inner[last] = value
    return result


def _set(data: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    key = key.strip()
    if not equals or not all(key.split(".")) or key.count(".") > DEEPEST:
        raise ValueError(f"--set {setting}: KEY=VALUE is needed, as in --set run.step_size=0.1")
    try:
        parsed = tomllib.loads(f"value = {text}")
    except (ValueError, RecursionError):
        parsed = {}
    data |= merged(data, {key: parsed["value"] if set(parsed) == {"value"} else text})


def check_plain(value: Any, where: str, depth: int = 0) -> None:
    """Refuse what no run could mean: nesting without end, integers beyond 64 bits, dates."""
    if depth > DEEPEST:
        raise ValueError(f"{where} is nested more than {DEEPEST} deep")
    if isinstance(value, dict):
        for key, item in value.items():
            check_plain(item, f"{where}: {key}" if depth == 0 else f"{where}.{key}", depth + 1)
    elif isinstance(value, list):
        for item in value:
            check_plain(item, where, depth + 1)
    elif isinstance(value, int) and abs(value) > LARGEST_INTEGER:
        raise ValueError(f"{where} is an integer beyond 64 bits")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where} is {value}; a finite number is needed")
    elif isinstance(value, str) and len(value) > LONGEST_STRING:
        raise ValueError(
            f"{where} is a string of {len(value)} characters; at most {LONGEST_STRING} are allowed"
        )
    elif not isinstance(value, bool | int | float | str):
        raise ValueError(f"{where} is a {type(value).__name__}; numbers, booleans and strings are allowed")


def _lines(error: ValidationError) -> list[str]:
    lines = []
    for part in error.errors(include_url=False):
        steps = [str(step) for step in part["loc"]]
        # pydantic names the member of a union that it tried; those are not keys of the file
        place = ".".join(s for k, s in enumerate(steps) if not (k in (1, 4) and s in TAGS.get(steps[0], ())))
        message = part["msg"].removeprefix("Value error, ")
        if part["type"] == "union_tag_not_found":
            message = f"the key {part['ctx']['discriminator']} is missing"
        shown = repr(part["input"])
        said = len(shown) > 80 or part["type"] in ("value_error", "missing", "union_tag_not_found")
        lines.append(f"{place}: {message}" if place else message)
        lines[-1] += "" if said else f", got {shown}"
    return lines
