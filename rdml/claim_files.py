"""Claims of one's own: Python files that define `CLAIM` and `PROOF`.

Importing a file runs it; only files that the user names on the command line are imported.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import networkx
from pydantic import BaseModel, ConfigDict, Field, InstanceOf

from convergence.claims.claim import Claim
from convergence.claims.samplers import Sampler
from rdml.config import validate

if TYPE_CHECKING:
    from proofs.goals import Proof

Text = Annotated[str, Field(max_length=10_000)]  # measured, and so refused where it is no Unicode


class _Fields(BaseModel):
    """Types that a file may have got wrong; Python checks none when a dataclass is made."""

    model_config = ConfigDict(strict=True, from_attributes=True)


class _AssertionFields(_Fields):
    statement: Text
    relation: Literal["<=", "=="]
    sides: Callable[..., Any]
    tolerance: float


class _ClaimFields(_Fields):
    id: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=100)]
    assertions: Annotated[tuple[_AssertionFields, ...], Field(min_length=1)]
    assumptions: tuple[Text, ...]
    source: Text
    instances: InstanceOf[Sampler]
    depends_on: tuple[Text, ...]
    false_neighbour: _AssertionFields | None


def load_claim_file(path: Path) -> Claim:
    """Import a file and make its claim and proof known.

    Raises:
        ValueError: the file cannot be imported, lacks a claim or its proof, or takes an id; the message names the file.
    """
    import proofs
    from proofs.goals import Proof

    if not path.is_file():
        raise ValueError(f"{path}: there is no such file")
    name = f"claim_file_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise ValueError(f"{path} cannot be imported: {type(error).__name__}: {error}") from error
    claim, proof = getattr(module, "CLAIM", None), getattr(module, "PROOF", None)
    if not isinstance(claim, Claim):
        raise ValueError(f"{path} defines no CLAIM, a convergence.claims.claim.Claim")
    validate(_ClaimFields, claim, f"{path}: CLAIM")
    if not isinstance(proof, Proof) or proof.claim != claim.id:
        raise ValueError(f"{path} defines no PROOF of {claim.id}, a proofs.Proof")
    _check_proof(proof, f"{path}: PROOF")
    try:
        proofs.register(proof)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return claim


def _check_proof(proof: Proof, where: str) -> None:
    from proofs.goals import Goal  # sympy takes half a second, and is for those alone who name files
    from proofs.refutation import Neighbour

    class ProofFields(_Fields):
        goals: tuple[InstanceOf[Goal], ...]
        asserts: dict[Text, tuple[Text, ...]]
        domain: Text
        beyond: Text
        missing: Text
        neighbour: InstanceOf[Neighbour] | None

    validate(ProofFields, proof, where)
    names = [goal.name for goal in proof.goals]
    if proof.neighbour is not None and proof.neighbour.goal not in names:
        raise ValueError(
            f"{where}: neighbour is of the goal {proof.neighbour.goal!r}; the goals are {', '.join(names)}"
        )


def dependency_errors(files: Mapping[Path, Claim], known: Mapping[str, Claim]) -> dict[Path, str]:
    """What is wrong with the dependencies of claims from files: an unknown id, an id taken, or a cycle."""
    own = {claim.id: claim for claim in files.values()}
    everything = {**known, **own}
    graph = networkx.DiGraph((c.id, used) for c in everything.values() for used in c.depends_on)
    errors = {}
    for path, claim in files.items():
        missing = [used for used in claim.depends_on if used not in everything]
        if claim.id in known or sum(other.id == claim.id for other in files.values()) > 1:
            errors[path] = f"{path}: the id {claim.id} is taken by another claim"
        elif missing:
            errors[path] = f"{path}: {claim.id} depends on {', '.join(missing)}, which does not exist"
        elif claim.id in graph and any(claim.id in part for part in networkx.simple_cycles(graph)):
            errors[path] = f"{path}: {claim.id} depends on itself"
    return errors
