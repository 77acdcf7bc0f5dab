"""`rdml claims`: list the claims, show one with its proof, draw what rests on what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rdml.options import JsonFile, writable_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from convergence.claims.claim import Claim
    from convergence.claims.verdict import Verdict

app = typer.Typer(
    help="The claims of the theory: list them, show a proof, draw the dependencies.", no_args_is_help=True
)


@app.command("list")
def list_claims(json: JsonFile = None) -> None:
    """List every claim: what its proof is worth, who can stand for it, what it rests on."""
    from rich.console import Console
    from rich.table import Table

    from convergence.claims import load_claims
    from rdml.files import write_json

    claims = list(load_claims().values())
    proofs = _symbolic(claims)
    table = Table("claim", "proof", "false neighbour", "rests on")
    for claim in claims:
        neighbour = "yes" if claim.false_neighbour else "–"
        table.add_row(claim.id, str(proofs[claim.id].status), neighbour, ", ".join(claim.depends_on))
    Console().print(table)
    if json is not None:
        rows = [
            {
                "id": c.id,
                "status": proofs[c.id].status,
                "statement": c.statement,
                "depends_on": list(c.depends_on),
            }
            for c in claims
        ]
        write_json(json, {"claims": rows})


@app.command("show")
def show_claim(claim: Annotated[str, typer.Argument(metavar="CLAIM", help="Claim id.")]) -> None:
    """Show a claim: statement, assumptions, source, and its proof step by step with each step's check."""
    from rich.console import Console
    from rich.markup import escape

    import proofs
    from convergence.claims import find
    from proofs.printing import PLAIN

    found = find(claim)
    lines = [f"[bold]{found.id}[/]"]
    lines += [f"  {escape(assertion.statement)}" for assertion in found.assertions]
    lines += [
        f"  assumes: {escape('; '.join(found.assumptions) or 'nothing')}",
        f"  source: {escape(found.source)}",
    ]
    lines += [f"  rests on: {', '.join(found.depends_on) or 'no other claim'}"]
    if found.false_neighbour is not None:
        lines += [f"  false neighbour: {escape(found.false_neighbour.statement)}"]
    proof = proofs.load(found.id)
    if proof is None:
        lines += ["[yellow]no proof file[/]"]
    else:
        checked = proofs.check(proof)
        lines += [f"proof: [bold]{checked.status}[/]"]
        for step in checked.steps:
            statements = "; ".join(PLAIN.relation(relation) for relation in step.relations)
            lines += [
                f"  {step.number:>2}. {escape(statements)}",
                f"      by {escape(step.rule)}: {escape(step.result)}",
            ]
        if checked.missing:
            lines += [f"  missing: {escape(checked.missing)}"]
    console = Console(highlight=False)
    for line in lines:
        console.print(line, soft_wrap=True)


@app.command("graph")
def graph_claims(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE.svg", callback=writable_file, help="Where to draw it.")
    ] = Path("claims.svg"),
) -> None:
    """Draw the dependency graph of the claims, coloured by what their proofs are worth."""
    from convergence.claims import load_claims
    from rdml.graph import dependency_graph

    claims = list(load_claims().values())
    statuses = {claim: verdict.status for claim, verdict in _symbolic(claims).items()}
    out.parent.mkdir(parents=True, exist_ok=True)
    dependency_graph(claims, statuses).savefig(out, bbox_inches="tight")
    typer.echo(f"Graph: {out}", err=True)


def _symbolic(claims: Sequence[Claim]) -> dict[str, Verdict]:
    from rdml.progress import working
    from rdml.verify import verify

    with working() as progress:
        result = verify([claim.id for claim in claims], witnesses=["symbolic"], progress=progress)
    return {verdict.claim: verdict for verdict in result.verdicts}
