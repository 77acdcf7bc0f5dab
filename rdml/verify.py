"""Verification: the witnesses are called on the claims, and their findings become one result.

Knows which witness lives where and what a set of findings is worth; how a result looks is the business of
`report` (HTML) and of the command (terminal).
"""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from convergence.claims import find, load_claims
from convergence.claims.claim import Claim
from convergence.claims.verdict import WITNESSES, Finding, Picture, Refutation, Status, Verdict
from rdml.claim_files import dependency_errors, load_claim_file
from rdml.lanes import side_by_side

LOCATIONS: Mapping[str, str] = {
    "symbolic": "proofs",
    "numeric": "convergence.claims.search",
    "simulation": "simulations.experiments.witness",
    "network": "simulations.networks.witness",
}
"""The module whose `witness` function stands for each kind of witness."""
ON_CUDA: Mapping[str, str] = {"network": "simulations.networks.image_witness"}
"""Those that another module stands for where verification is on a CUDA device."""
BY_ID = ("simulation", "network")
"""Witnesses that know claims by their ids, and so have nothing to say of those in files."""

STANDS = (Status.PROVED, Status.CERTIFIED, Status.CHECKED)
"""Statuses with which a witness stands for a claim; `ASSUMED` neither stands for it nor speaks against it."""


@dataclass
class Verification:
    """What the witnesses found so far; grows as findings come in, so that an interrupt loses none."""

    claims: Sequence[Claim]
    seed: int
    full: bool
    witnesses: Sequence[str]
    verdicts: list[Verdict] = field(default_factory=list)
    refutations: list[Refutation] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    errors: Sequence[str] = ()
    interrupted: bool = False
    seconds: float = 0.0

    def add(self, finding: Finding) -> None:
        """File a finding under its kind."""
        if isinstance(finding, Verdict):
            self.verdicts.append(finding)
        elif isinstance(finding, Refutation):
            self.refutations.append(finding)
        else:
            self.pictures.append(finding)

    def of(self, claim: str) -> list[Verdict]:
        """Verdicts on one claim, in the order of `WITNESSES`."""
        return sorted(
            (v for v in self.verdicts if v.claim == claim), key=lambda v: WITNESSES.index(v.witness)
        )

    def refutation(self, claim: str) -> Refutation | None:
        """The refutation of the claim's false neighbour, else the failure to refute it, else None."""
        found = [r for r in self.refutations if r.claim == claim]
        found.sort(key=lambda r: (r.counterexample is None, WITNESSES.index(r.witness)))
        return found[0] if found else None

    def troubles(self) -> list[str]:
        """One line for each thing that makes the verification fail; empty iff everything holds."""
        lines = [
            f"{v.claim}: {v.status} by the {v.witness} witness: {v.evidence}"
            for v in self.verdicts
            if v.status in (Status.REFUTED, Status.FAILED)
        ]
        for claim in self.claims:
            refutation = self.refutation(claim.id)
            if refutation is not None and refutation.counterexample is None:
                lines.append(f"{claim.id}: no witness refuted its false neighbour")
        return lines

    def to_json(self) -> dict[str, object]:
        """The machine-readable result; equal for equal seeds, times aside."""
        return {
            "claims": [self._claim_json(claim) for claim in self.claims],
            "seed": self.seed,
            "full": self.full,
            "witnesses": list(self.witnesses),
            "errors": list(self.errors),
            "interrupted": self.interrupted,
            "seconds": round(self.seconds, 3),
        }

    def _claim_json(self, claim: Claim) -> dict[str, object]:
        neighbour = claim.false_neighbour
        refutation = self.refutation(claim.id)
        refuted = refutation is not None and refutation.counterexample is not None
        return {
            "id": claim.id,
            "statement": claim.statement,
            "assumptions": list(claim.assumptions),
            "source": claim.source,
            "depends_on": list(claim.depends_on),
            "verdicts": [
                {key: value for key, value in asdict(verdict).items() if key != "claim"}
                for verdict in self.of(claim.id)
            ],
            "false_neighbour": None
            if neighbour is None
            else {
                "statement": neighbour.statement,
                "refuted_by": refutation.witness if refutation and refuted else None,
                "counterexample": refutation.counterexample if refutation else None,
            },
        }


def verify(
    selection: Sequence[str] = (),
    *,
    witnesses: Iterable[str] = WITNESSES,
    seed: int = 0,
    full: bool = False,
    jobs: int = 1,
    device: str = "cpu",
    progress: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Hold claims against witnesses.

    An interrupt (Ctrl-C) ends the work and leaves `interrupted=True` in the result; what was found stays. A
    witness that raises is itself a finding: a `FAILED` verdict on every claim that it had not yet judged.

    Args:
        selection: ids of claims, or `.py` files that define one; all claims if empty. What is wrong with a file
            is in the result's `errors`; the other claims are judged all the same.
        witnesses: names of witnesses.
        seed: of every random choice.
        full: whether to spend more.
        jobs: how many witnesses work at a time, each in a process of its own if more than one.
        device: `cuda` for a network witness that trains on it, else `cpu`.
        progress: is told what is being worked on.

    Raises:
        ValueError: an unknown id; the nearest ones are suggested.
    """
    claims, errors = select(selection)
    places = {**LOCATIONS, **(ON_CUDA if device == "cuda" else {})}
    result = Verification(claims, seed=seed, full=full, witnesses=tuple(witnesses), errors=errors)
    begun = time.perf_counter()
    own_only = not {claim.id for claim in claims} & load_claims().keys()
    tasks = [  # none of the rest could say anything, and each takes seconds to begin
        partial(findings, name, places[name], selection, seed, full)
        for name in result.witnesses
        if claims and not (own_only and name in BY_ID)
    ]
    try:
        if jobs > 1:
            for _, finding in side_by_side(tasks, jobs=jobs, progress=progress):
                result.add(finding)
        else:
            for task in tasks:
                for finding in task(progress):
                    result.add(finding)
    except KeyboardInterrupt:
        result.interrupted = True
    result.pictures.sort(key=lambda picture: picture.name)
    result.seconds = time.perf_counter() - begun
    return result


def select(selection: Sequence[str]) -> tuple[list[Claim], list[str]]:
    """The claims of these ids and files, in this order (all claims if there are none); what is wrong with files.

    Raises:
        ValueError: an unknown id; the nearest ones are suggested.
    """
    known = load_claims()
    names = list(dict.fromkeys(selection))
    if not names:
        return list(known.values()), []
    files: dict[Path, Claim] = {}
    errors: dict[Path, str] = {}
    for path in (Path(name) for name in names if name.endswith(".py")):
        try:
            files[path] = load_claim_file(path)
        except ValueError as error:
            errors[path] = str(error)
    errors |= dependency_errors(files, known)
    claims = [
        files[Path(name)] if name.endswith(".py") else find(name)
        for name in names
        if Path(name) not in errors
    ]
    return claims, list(errors.values())


def findings(
    witness: str,
    place: str,
    selection: Sequence[str],
    seed: int,
    full: bool,
    progress: Callable[[str], None],
) -> Iterator[Finding]:
    """What a module's witness finds; an exception in it becomes a `FAILED` verdict on every claim not yet judged."""
    claims, _ = select(selection)
    judged = set()
    try:
        call = importlib.import_module(place).witness
        for finding in call(
            claims, seed=seed, full=full, progress=lambda words: progress(f"{witness}: {words}")
        ):
            judged.add(finding.claim if isinstance(finding, Verdict) else None)
            yield finding
    except Exception as error:
        for claim in claims:
            if claim.id not in judged:
                yield Verdict(claim.id, witness, Status.FAILED, None, f"{type(error).__name__}: {error}")
