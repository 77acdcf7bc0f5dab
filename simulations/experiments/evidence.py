"""What runs say about claims: instances of their quantities, some measured only to within an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from scipy import stats
from torch import Tensor

from convergence.claims.claim import Assertion, Claim
from convergence.claims.verdict import Refutation, Status, Verdict

NAME = "simulation"
CONFIDENCE = 0.99999
"""Of every interval: a verdict rests on hundreds of them, and a true claim must not be refuted by chance."""


@dataclass(frozen=True)
class Evidence:
    """Instances that a run supplies for some claims.

    Args:
        claims: ids of the claims that the instances satisfy the assumptions of.
        instance: quantities by the names that the claims use, leading axis N.
        low: one end of the intervals of those quantities that are estimates: where assertions hold most.
        high: the other ends, where they hold least.
        words: the run, in a few words.
    """

    claims: tuple[str, ...]
    instance: Mapping[str, Tensor]
    words: str
    low: Mapping[str, Tensor] = field(default_factory=dict)
    high: Mapping[str, Tensor] = field(default_factory=dict)


def measured(mean: Tensor, variance: Tensor, replicas: int) -> tuple[Tensor, Tensor]:
    """Student's interval of a mean over replicas at `CONFIDENCE`, elementwise."""
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, replicas - 1)) * (variance / replicas).sqrt()
    return mean - half, mean + half


def speaks_of(evidence: Evidence, assertion: Assertion) -> bool:
    """Whether the evidence holds every quantity of the assertion."""
    return all(name in evidence.instance for name in assertion.needs)


def margins(assertion: Assertion, evidence: Evidence) -> tuple[Tensor, Tensor]:
    """Margins `(N,)` at the most and at the least favourable end of the intervals.

    For `==` the most favourable point of an interval over which the difference of the sides changes its sign
    is the one where they agree: margin 0. Every assertion used here is monotone in its measured quantities.
    """
    at = [
        {**evidence.instance, **{name: ends[name] for name in ends if name in assertion.needs}}
        for ends in (evidence.low, evidence.high)
    ]
    first, second = (assertion.margin(instance) for instance in at)
    best, worst = torch.maximum(first, second), torch.minimum(first, second)
    if assertion.relation == "==":
        one, two = (_difference(assertion, instance) for instance in at)
        best = torch.where((one * two <= 0).all(-1), torch.zeros_like(best), best)
    return best, worst


def _difference(assertion: Assertion, instance: Mapping[str, Tensor]) -> Tensor:
    left, right, _ = assertion.sides(**{name: instance[name] for name in assertion.needs})
    difference = left - right
    return difference if difference.ndim > 1 else difference[:, None]


def judge(claim: Claim, evidences: list[Evidence], seconds: float) -> Verdict | None:
    """The verdict of runs on a claim; None where none of them speaks of it.

    Refuted iff an assertion fails even at the most favourable end of the intervals. The margin is that of the
    least favourable end where every instance holds there too, else that of the most favourable.
    """
    instances, words, best, worst, open_instances = 0, [], torch.inf, torch.inf, 0
    for evidence in evidences:
        spoken = [a for a in claim.assertions if speaks_of(evidence, a)]
        for assertion in spoken:
            favourable, unfavourable = margins(assertion, evidence)
            index = int(favourable.argmin())
            if float(favourable[index]) < -assertion.tolerance:
                return Verdict(
                    claim.id,
                    NAME,
                    Status.REFUTED,
                    float(favourable[index]),
                    f"{evidence.words}: fails by a relative {-float(favourable[index]):.1e}",
                    counterexample(assertion, evidence, index, float(favourable[index])),
                    seconds,
                )
            best, worst = min(best, float(favourable[index])), min(worst, float(unfavourable.min()))
            instances += len(favourable)
            open_instances += int((unfavourable < -assertion.tolerance).sum())
        if spoken:
            words.append(evidence.words)
    if not words:
        return None
    margin = worst if not open_instances else best
    text = f"{instances:,} instances of {'; '.join(dict.fromkeys(words))}"
    if any(evidence.low for evidence in evidences):
        text += f"; intervals over replicas at {CONFIDENCE:.3%}"
        if open_instances:
            text += f", of which {open_instances:,} contain the other side"
    return Verdict(claim.id, NAME, Status.CHECKED, margin, text, seconds=seconds)


def refute(claim: Claim, evidences: list[Evidence]) -> Refutation | None:
    """A counterexample to the claim's false neighbour, by the whole interval where measured; else None."""
    neighbour = claim.false_neighbour
    if neighbour is None:
        return None
    for evidence in evidences:
        if speaks_of(evidence, neighbour):
            favourable, _ = margins(neighbour, evidence)
            index = int(favourable.argmin())
            if float(favourable[index]) < -neighbour.tolerance:
                found = counterexample(neighbour, evidence, index, float(favourable[index]))
                return Refutation(claim.id, NAME, found)
    return None


def counterexample(assertion: Assertion, evidence: Evidence, index: int, margin: float) -> dict[str, object]:
    """The instance that refutes an assertion, JSON-ready."""
    shown: dict[str, object] = {"assertion": assertion.statement, "run": evidence.words}
    for name in assertion.needs:
        value = evidence.instance[name][index]
        shown[name] = value.tolist() if value.numel() <= 40 else f"{value.numel()} values along the path"
        if name in evidence.low:
            shown[f"{name} interval"] = [float(ends[name][index]) for ends in (evidence.low, evidence.high)]
    return shown | {"margin": margin}
