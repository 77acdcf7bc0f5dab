"""The simulation witness: shared ensembles of SGD runs, and many claims held against each."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from convergence.claims.claim import Claim
from convergence.claims.verdict import Finding, Picture, Status, Verdict
from convergence.threads import one_thread
from simulations.ensemble.run import simulate
from simulations.experiments.evidence import NAME, Evidence, judge, refute
from simulations.experiments.floor import floor
from simulations.experiments.sources import averages, cohorts, paths, worst_cases
from simulations.experiments.tightness import path_bounds
from simulations.plots.floor import floor_extrapolation
from simulations.plots.stationarity import stationarity
from simulations.plots.style import new_figure, series
from simulations.problems import problem

AVERAGES = ("stationarity", "stationarity-sharp", "relative-bias", "unbiased-exact", "noise-floor")


class Stage(NamedTuple):
    """Runs that are done together: in words, the ids that they may speak of, and how to do them."""

    words: str
    claims: tuple[str, ...]
    source: Callable[[], list[Evidence]]


def stages(seed: int, full: bool) -> list[Stage]:
    """What is run, in order."""
    replicas = 512 if full else 64
    worst = (*AVERAGES, "bias-floor-tight", "biased-exact", "biased-programme", "last-step")
    return [
        Stage("worst cases", worst, lambda: worst_cases.worst_cases(full)),
        Stage("whole paths", ("ledger", "pathwise", "momentum-iterate"), lambda: paths.paths(seed)),
        Stage("cohorts in logits", cohorts.CLAIMS, lambda: cohorts.cohorts(seed)),
        Stage("bounded scope", ("scope",), lambda: averages.scopes(seed, replicas)),
        Stage("decaying step sizes", ("diminishing",), lambda: averages.diminishing(seed, replicas)),
        Stage("ensembles", (*AVERAGES, "quadratic-floor", "pl"), lambda: averages.ensembles(seed, replicas)),
    ]


def witness(
    claims: Sequence[Claim], *, seed: int, full: bool, progress: Callable[[str], None]
) -> Iterator[Finding]:
    """Hold each claim against the runs that speak of it.

    A claim is judged as soon as the last stage that may speak of it is over; claims that no run speaks of get
    no verdict, and stages that speak of none of the claims are left out. Same seed, same verdicts.
    """
    pending = {claim.id: claim for claim in claims}
    evidence: dict[str, list[Evidence]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    wanted = [stage for stage in stages(seed, full) if pending.keys() & set(stage.claims)]
    for index, stage in enumerate(wanted):
        progress(stage.words)
        begun = time.perf_counter()
        for one in stage.source():
            for id in one.claims:
                evidence[id].append(one)
        spoken = pending.keys() & set(stage.claims)
        for id in spoken:
            seconds[id] += (time.perf_counter() - begun) / len(spoken)
        later = {id for rest in wanted[index + 1 :] for id in rest.claims}
        for id in [id for id in pending if id in spoken - later]:
            yield from _judged(pending.pop(id), evidence[id], seconds[id])
    if {"stationarity", "noise-floor"} & {claim.id for claim in claims}:
        yield from pictures(seed, full, progress)


def _judged(claim: Claim, evidence: list[Evidence], seconds: float) -> Iterator[Finding]:
    begun = time.perf_counter()
    try:
        with one_thread():
            verdict = judge(claim, evidence, seconds)
            refutation = refute(claim, evidence)
    except Exception as error:  # a broken claim is a finding, not the end of the others
        spent = seconds + time.perf_counter() - begun
        yield Verdict(claim.id, NAME, Status.FAILED, None, f"{type(error).__name__}: {error}", seconds=spent)
        return
    if verdict is not None:
        yield verdict
    if refutation is not None:
        yield refutation


def pictures(seed: int, full: bool, progress: Callable[[str], None]) -> Iterator[Picture]:
    """Stationarity over iterations, and the floor over step sizes with its control."""
    progress("stationarity over iterations")
    made = problem("quadratic")
    run = simulate(made, step_size=0.25, steps=20_000 if full else 4000, replicas=256, seed=seed)
    figure, axes = new_figure()
    bound = np.array([path_bounds(run, int(t) + 1)["stationarity-sharp"] for t in run.moments.iterations])
    stationarity(axes, run, bound=bound, floor=made.floor and made.floor(run.step_size))
    yield Picture(
        "stationarity",
        figure,
        "Squared gradient norm over iterations of SGD on a quadratic with a constant bias, on logarithmic "
        "scales. The path average falls, then levels off at the exact floor; the bound stays above it.",
    )
    progress("floor over step sizes")
    figure, axes = new_figure()
    sizes = (0.7, 0.5, 0.35, 0.25, 0.175, *((0.125, 0.0875) if full else ()))
    for beta, (colour, marker) in zip((1.0, 0.0), series(2), strict=True):
        made = problem("rdml-logits", beta=beta)
        result = floor(made, sizes, replicas=256 if full else 64, seed=seed, window_time=4.0)
        label = f"β = {beta:g}" + (" (control)" if not beta else "")
        floor_extrapolation(axes, result, label=label, colour=colour, marker=marker, theory=False)
    axes.set_title("RDML in logits, α = 1: the bias stays as η → 0")
    yield Picture(
        "floor",
        figure,
        "Floor of the squared gradient norm over step sizes for a cohort of two learners, extrapolated to "
        "step size 0. With mutual learning it ends above zero; in the control without it, at zero.",
    )
