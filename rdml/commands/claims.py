"""`rdml claims`: list the claims, show one with its proof, draw what rests on what, write a page on each."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile, svg_file, writable_directory
from rdml.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convergence.claims.claim import Claim
    from convergence.claims.verdict import Verdict
    from proofs.goals import Goal, Step
    from rdml.claim_account import Account

app = typer.Typer(
    help="The claims of the theory: list them, show a proof, draw the dependencies.", no_args_is_help=True
)


@app.command("list")
def list_claims(json: JsonFile = None) -> None:
    """List every claim: what its proof is worth, who can stand for it, what it rests on."""
    from convergence.claims import load_claims
    from rdml.files import write_json

    claims = list(load_claims().values())
    statuses = {id: verdict.status for id, verdict in _symbolic(claims).items()}
    witnesses = {claim.id: _witnesses(claim.id) for claim in claims}
    if json is not None:
        rows = [
            {
                "id": claim.id,
                "status": statuses[claim.id],
                "witnesses": witnesses[claim.id],
                "statement": claim.statement,
                "depends_on": list(claim.depends_on),
            }
            for claim in claims
        ]
        write_json(json, {"claims": rows})
    print_table(
        ("claim", "status", "witnesses", "rests on"),
        (
            (
                claim.id,
                str(statuses[claim.id]),
                " ".join(name[:3] for name in witnesses[claim.id]),
                ", ".join(claim.depends_on),
            )
            for claim in claims
        ),
    )


@app.command("show")
def show_claim(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Claim id, or a .py file.")],
) -> None:
    """Show a claim: statement, assumptions, source, false neighbour, and its proof with each step's check."""
    from rich.console import Console

    from rdml.claim_account import accounts
    from rdml.verify import select

    claims, errors = select([claim])
    if errors:
        raise ValueError("; ".join(errors))
    console = Console(highlight=False, markup=False)
    for line in _described(*accounts(claims)):
        console.print(line, soft_wrap=True)


@app.command("graph")
def graph_claims(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.svg", callback=svg_file, help="Where to draw it.")
    ] = Path("claims.svg"),
) -> None:
    """Draw the dependency graph of the claims, by what their proofs are worth."""
    from convergence.claims import load_claims
    from rdml.figures import save_figure
    from rdml.graph import dependency_graph

    claims = list(load_claims().values())
    statuses = {claim: verdict.status for claim, verdict in _symbolic(claims).items()}
    save_figure(dependency_graph(claims, statuses), out.parent, out.stem)


@app.command("pages")
def write_pages(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", callback=writable_directory, help="Where to write them.")
    ] = Path("claims"),
) -> None:
    """Write a page in Markdown on every claim and its proof, and one that lists them."""
    from rdml.claim_pages import write_claim_pages

    typer.echo(f"Pages: {len(write_claim_pages(out))} files in {out}", err=True)


def _symbolic(claims: Sequence[Claim]) -> dict[str, Verdict]:
    from rdml.progress import working
    from rdml.verify import verify

    with working() as progress:
        result = verify([claim.id for claim in claims], witnesses=["symbolic"], progress=progress)
    return {verdict.claim: verdict for verdict in result.verdicts}


def _witnesses(claim: str) -> list[str]:
    """Who has something to say on the claim."""
    import proofs
    from simulations.experiments.witness import stages
    from simulations.networks.witness import SPEAKS_OF

    speaks = {
        "symbolic": proofs.load(claim) is not None,
        "numeric": True,
        "simulation": any(claim in stage.claims for stage in stages(seed=0, full=False)),
        "network": claim in SPEAKS_OF,
    }
    return [name for name, does in speaks.items() if does]


def _described(account: Account) -> list[str]:
    claim = account.claim
    lines = [f"{claim.id}: {account.verdict.status}, {account.verdict.evidence}"]
    lines += [f"  {assertion.statement}" for assertion in claim.assertions]
    lines += [
        f"  assumes: {'; '.join(claim.assumptions) or 'nothing'}",
        f"  source: {claim.source}",
        f"  rests on: {', '.join(claim.depends_on) or 'no other claim'}",
        f"  used by: {', '.join(account.used_by) or 'no other claim'}",
    ]
    lines += _described_neighbour(account)
    return [*lines, *(line for goal, steps in account.steps for line in _described_goal(goal, steps))]


def _described_neighbour(account: Account) -> list[str]:
    neighbour, found = account.claim.false_neighbour, account.counterexample
    if neighbour is None:
        return []
    lines = [f"false neighbour: {neighbour.statement}"]
    if found is None:
        return [*lines, "  refuted by the numeric witness"]
    lines += [f"  {name} = {value}" for name, value in found.items() if name not in ("assertion", "margin")]
    if account.tightness is not None:
        left, right, share = account.tightness
        lines += [f"  tightness: the claim has {left} against {right} there, a ratio of {share:.4g}"]
    return lines


def _described_goal(goal: Goal, steps: Sequence[Step]) -> list[str]:
    from proofs.printing import PLAIN

    exists = f" for some {PLAIN.term(goal.exists)}" if goal.exists is not None else ""
    lines = [f"goal {goal.name}: {'; '.join(map(PLAIN.relation, goal.shows))}{exists}"]
    kinds = PLAIN.kinds(*goal.given, *goal.shows)
    lines += [f"      with {'; '.join(kinds)}"] if kinds else []
    lines += [f"      given {PLAIN.relation(hypothesis)}" for hypothesis in goal.given]
    for step in steps:
        statements = "; ".join(map(PLAIN.relation, step.relations))
        lines += [f"  {step.number:>3}. {statements}", f"       by {step.rule}: {step.result}"]
    return lines
