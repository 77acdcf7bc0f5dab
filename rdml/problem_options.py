"""How the commands on ensembles name a problem and its variants."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from simulations.problems import Problem

ProblemName = Annotated[str, typer.Argument(metavar="PROBLEM", help="See `rdml problems`.")]
Parameters = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A parameter of the problem; may be repeated."),
]
Alphas = Annotated[
    list[float] | None, typer.Option("--alpha", metavar="A...", help="Orders of the divergence.")
]
Betas = Annotated[
    list[float] | None, typer.Option("--beta", metavar="B...", help="Weights of the mutual term.")
]
StepSizes = Annotated[
    list[float] | None, typer.Option("--step-size", metavar="H...", help="Step sizes; a grid by default.")
]
REPLICA_MEMORY = 1024
"""Bytes that a replica needs at the very least: its sums in 64 windows of time, of two quantities."""


def fitting(replicas: int) -> int:
    """Refuse fewer replicas than an interval needs and more than can be held, before any are made."""
    from rdml.engines import free_memory

    if replicas < 2:
        raise ValueError(f"replicas is {replicas}; at least 2 are needed for an interval")
    if replicas * REPLICA_MEMORY > (free := free_memory()):
        raise typer.BadParameter(
            f"replicas is {replicas}; at most {free // REPLICA_MEMORY:.0f} fit into the memory that is free"
        )
    return replicas


Replicas = Annotated[int, typer.Option("--replicas", callback=fitting, help="Independent copies of the run.")]


def make_problem(name: str, parameters: Sequence[str] | None, **more: Any) -> Problem:
    """The problem of that name with `KEY=VALUE` parameters and `more` of them."""
    from simulations.problems import problem

    return problem(name, **key_values(parameters, more), **more)


def key_values(items: Sequence[str] | None, given_already: Collection[str] = ()) -> dict[str, Any]:
    """`["noise-variance=0.5"]` is `{"noise_variance": 0.5}`; a key that is given twice is refused."""
    given: dict[str, Any] = {}
    for item in items or ():
        key, equals, text = item.partition("=")
        if not (key and equals and text):
            raise ValueError(f"--set is {item!r}; KEY=VALUE is needed")
        key = key.replace("-", "_")
        if key in given or key in given_already:
            raise ValueError(
                f"--set is {item!r}; {key} is set already: it can be given once, and not where an option does"
            )
        given[key] = value_of(text)
    return given


def variants_of(
    name: str, parameters: Sequence[str] | None, alphas: Sequence[float] | None, betas: Sequence[float] | None
) -> dict[str, Problem]:
    """The problem for every pair of the orders and weights given, by a label that tells them apart."""
    axes = [(key, values) for key, values in (("alpha", alphas), ("beta", betas)) if values]
    variants = {}
    for choice in product(*(values for _, values in axes)):
        chosen = dict(zip((key for key, _ in axes), choice, strict=True))
        label = ", ".join(f"{key} = {value!r}" for key, value in chosen.items())
        variants[label] = make_problem(name, parameters, **chosen)
    return variants


def value_of(text: str) -> object:
    """`true` and `false` are booleans, `3` is an int, `0.5` and `inf` are floats, anything else stays text."""
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def domain(problem: Problem) -> str:
    """Where the smoothness constant holds."""
    return f"‖x‖ ≤ {problem.radius:g}" if math.isfinite(problem.radius) else "every x"
