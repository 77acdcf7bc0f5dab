r"""The numeric witness: an adversarial search for instances on which an assertion fails.

For every assertion, random points of the claim's cube, then differential evolution from the worst of them,
then L-BFGS-B from the best of those, all minimising the margin. What is not found is not proved absent.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import OptimizeResult, differential_evolution, minimize

from convergence.claims.claim import Assertion, Claim
from convergence.claims.counterexample import counterexample
from convergence.claims.verdict import Finding, Refutation, Status, Verdict
from convergence.threads import one_thread

NAME = "numeric"
UNCOMPUTABLE = -1e9
"""Stands for a margin of −∞, which optimisers cannot take."""


class Effort(NamedTuple):
    """What is spent on an assertion: random points, members and generations of the evolution, descents."""

    points: int
    members: int
    generations: int
    iterations: int


QUICK = Effort(points=1024, members=32, generations=12, iterations=6)
FULL = Effort(points=16_384, members=128, generations=80, iterations=40)


class Found(NamedTuple):
    """The worst point that a search met, its margin, and how many points it looked at."""

    point: np.ndarray
    margin: float
    instances: int


def witness(
    claims: Sequence[Claim], *, seed: int, full: bool, progress: Callable[[str], None]
) -> Iterator[Finding]:
    """Search for counterexamples to each claim and to its false neighbour.

    `CHECKED` means that none was found: the margin is the worst that was. The stream of a claim depends on
    the seed and its id alone, so that adding a claim changes no other verdict.
    """
    effort = FULL if full else QUICK
    for claim in claims:
        progress(claim.id)
        with one_thread():
            verdict = judge(claim, seed=seed, effort=effort)
        yield verdict
        if claim.false_neighbour is not None:
            with one_thread():
                refutation = refute(claim, claim.false_neighbour, seed=seed, effort=effort)
            yield refutation


def judge(claim: Claim, *, seed: int, effort: Effort = QUICK) -> Verdict:
    """The verdict of a search on every assertion of a claim; an exception in a claim makes it `FAILED`."""
    begun = time.perf_counter()
    worst, instances = np.inf, 0
    try:
        for index, assertion in enumerate(claim.assertions):
            found = search(claim, assertion, seed=(seed, index), effort=effort)
            instances += found.instances
            worst = min(worst, found.margin)
            if found.margin < -assertion.tolerance:
                return Verdict(
                    claim.id,
                    NAME,
                    Status.REFUTED,
                    found.margin,
                    f"fails by a relative {-found.margin:.1e}: {assertion.statement}",
                    counterexample(claim, assertion, found.point),
                    time.perf_counter() - begun,
                )
    except Exception as error:
        status, evidence, margin = Status.FAILED, f"{type(error).__name__}: {error}", None
    else:
        status, margin = Status.CHECKED, worst
        evidence = f"{instances:,} instances, random and sought by an optimiser"
    return Verdict(claim.id, NAME, status, margin, evidence, seconds=time.perf_counter() - begun)


def refute(claim: Claim, neighbour: Assertion, *, seed: int, effort: Effort = QUICK) -> Refutation:
    """A counterexample to `neighbour` on the instances of `claim`, or the failure to find one."""
    try:
        found = search(claim, neighbour, seed=(seed, -1), effort=effort, enough=True)
        refuted = found.margin < -neighbour.tolerance
        return Refutation(claim.id, NAME, counterexample(claim, neighbour, found.point) if refuted else None)
    except Exception:  # the claim's own verdict tells what is broken
        return Refutation(claim.id, NAME, None)


def search(
    claim: Claim, assertion: Assertion, *, seed: tuple[int, int], effort: Effort, enough: bool = False
) -> Found:
    """The point of the claim's cube with the least margin of `assertion` that the effort reaches.

    `enough`: stop at the first stage that meets a violation.
    """
    generator = np.random.default_rng([seed[0], zlib.crc32(claim.id.encode()), seed[1] + 1])
    looked = 0

    def margins(points: np.ndarray) -> np.ndarray:
        nonlocal looked
        looked += len(points)
        instances = claim.instances(torch.from_numpy(np.ascontiguousarray(points)))
        return np.maximum(assertion.margin(instances).numpy(), UNCOMPUTABLE)

    points = _starts(generator, effort.points, claim.instances.dimension)
    values = margins(points)
    order = np.argsort(values, kind="stable")
    best, least = points[order[0]], float(values[order[0]])

    def keep(result: OptimizeResult) -> None:
        nonlocal best, least
        if result.fun < least:
            best, least = np.array(result.x), float(result.fun)

    if not (enough and least < -assertion.tolerance):
        # Half of the members are the worst points; the others keep the evolution from narrowing at once.
        half = effort.members // 2
        members = np.vstack((points[order[:half]], points[: effort.members - half]))
        keep(_evolve(margins, members, generator, effort.generations))
    if not (enough and least < -assertion.tolerance):
        keep(_descend(margins, best, effort.iterations))
    return Found(best, least if least > UNCOMPUTABLE else -np.inf, looked)


def _starts(generator: np.random.Generator, count: int, dimension: int) -> np.ndarray:
    """Uniform points, a quarter of whose coordinates are put on the middle or a face, where extremes sit."""
    points = generator.uniform(-1, 1, (count, dimension))
    corners = generator.integers(-1, 2, (count, dimension))
    return np.where(generator.uniform(size=points.shape) < 0.25, corners, points)


def _evolve(
    margins: Callable[[np.ndarray], np.ndarray],
    start: np.ndarray,
    generator: np.random.Generator,
    generations: int,
) -> OptimizeResult:
    return differential_evolution(
        lambda points: margins(points.T),
        [(-1, 1)] * start.shape[1],
        init=start,
        maxiter=generations,
        rng=generator,
        vectorized=True,
        updating="deferred",
        polish=False,
        tol=0,
    )


def _descend(
    margins: Callable[[np.ndarray], np.ndarray], start: np.ndarray, iterations: int, step: float = 1e-6
) -> OptimizeResult:
    """L-BFGS-B with one-sided differences, taken inwards and all in one batch."""

    def value_and_gradient(point: np.ndarray) -> tuple[float, np.ndarray]:
        steps = np.where(point > 0, -step, step)
        values = margins(np.vstack((point, point + np.diag(steps))))
        return float(values[0]), (values[1:] - values[0]) / steps

    bounds = [(-1, 1)] * len(start)
    return minimize(
        value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": iterations}
    )
