"""What a witness says: verdicts on claims, refutations of false neighbours, pictures for the report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WITNESSES = ("symbolic", "numeric", "simulation", "network")


class Status(StrEnum):
    """How much a verdict is worth. `CHECKED` never becomes `PROVED` by being large."""

    PROVED = "proved"  # exact reasoning, valid for every number of classes and every dimension
    CERTIFIED = "certified"  # exact arithmetic or rigorous intervals on a stated domain
    CHECKED = "checked"  # numeric: so many instances, this worst margin
    ASSUMED = "assumed"  # stated, used, not shown here
    REFUTED = "refuted"  # a counterexample was found
    FAILED = "failed"  # the witness itself broke


@dataclass(frozen=True)
class Verdict:
    """One witness's word on one claim.

    Args:
        claim: id of the claim.
        witness: one of `WITNESSES`.
        status: see `Status`.
        margin: worst relative margin seen (negative beyond the tolerance iff refuted); None without numbers.
        evidence: one line that says what was done: how many instances, which run, which proof steps.
        counterexample: the instance that refutes the claim, JSON-ready; None unless refuted.
        seconds: time that the witness spent on this claim.
    """

    claim: str
    witness: str
    status: Status
    margin: float | None
    evidence: str
    counterexample: dict[str, object] | None = None
    seconds: float = 0.0


@dataclass(frozen=True)
class Refutation:
    """A counterexample to a claim's false neighbour, or (`counterexample=None`) the failure to find one."""

    claim: str
    witness: str
    counterexample: dict[str, object] | None


@dataclass(frozen=True)
class Picture:
    """A figure for the report, with the sentence that describes it to those who cannot see it."""

    name: str
    figure: Figure
    description: str


Finding = Verdict | Refutation | Picture
"""A witness is a function of claims, `seed`, `full` and `progress` that yields findings as they come."""
