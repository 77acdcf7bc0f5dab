"""Pages of the claims in Markdown, written from the claims and their checked proofs.

Mathematics stands between dollar signs; bars are spelled out, since tables are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from convergence.claims import SECTIONS, load_claims
from proofs.goals import Goal, Step
from proofs.printing import LATEX
from rdml.claim_account import Account, accounts
from rdml.figures import svg_text
from rdml.graph import dependency_graph

FOLDED = 400
"""Formulas longer than so many characters of LaTeX are folded."""

BAR = r"\|"
"""A bare one would end a cell."""

MEANING = """\
*Proved*: derived by the kernel of proofs for every number of classes and every dimension. *Certified*: a step is a
rigorous enclosure in interval arithmetic, or rests on one. No claim is called either while something that it rests on
is not, or while one of the goals that together are an assertion is missing. The page of a claim says for which orders,
logits and constants it holds. Where masks are meant, p and q stand for their shares of the classes that both have, P
and Q for what they have there, and M for the largest ratio of p to q; a and b are the logits of both. What a goal is
given begins with the kinds of its symbols.
"""


def write_claim_pages(directory: Path) -> list[Path]:
    """Write `index.md`, `graph.svg` and one page a claim, `<id>.md`, into the directory; returns all paths."""
    directory.mkdir(parents=True, exist_ok=True)
    found = accounts(list(load_claims().values()))
    statuses = {account.claim.id: account.verdict.status for account in found}
    figure = dependency_graph([account.claim for account in found], statuses)
    texts = {"index.md": index(found), "graph.svg": svg_text(figure, "claims")}
    texts |= {f"{account.claim.id}.md": page(account) for account in found}
    for name, text in texts.items():
        (directory / name).write_text(text)
    return [directory / name for name in texts]


def index(found: Sequence[Account]) -> str:
    """The page that lists all claims, by section."""
    figure = "[![Each claim stands to the right of those that it rests on](graph.svg)](graph.svg)"
    parts = ["# Claims", MEANING, f"{figure}\n*The figure leads to itself in full size.*"]
    for section in SECTIONS:
        within = load_claims([section])
        entries = [_entry(account) for account in found if account.claim.id in within]
        parts += [f"## {section.capitalize()}", "\n".join(entries)]
    return "\n\n".join(parts) + "\n"


def _entry(account: Account) -> str:
    """An item of the list: what is known of the claim, and each of its assertions on a line of its own."""
    claim = account.claim
    rests = f"; rests on {_links(claim.depends_on)}" if claim.depends_on else ""
    statements = (formula(assertion.statement) for assertion in claim.assertions)
    return "<br>\n  ".join((f"- **{_links([claim.id])}**: {account.verdict.status}{rests}", *statements))


def page(account: Account) -> str:
    """The page of one claim."""
    claim, verdict = account.claim, account.verdict
    parts = [
        f"# {claim.id}",
        f"**{str(verdict.status).capitalize()}**: {verdict.evidence}.",
        *(f"$$\n{_spelled(assertion.statement)}\n$$" for assertion in claim.assertions),
        f"*Assumptions*: {'; '.join(claim.assumptions) or 'none'}.",
        f"*Source*: {claim.source}.",
        f"*Rests on*: {_links(claim.depends_on)}. *Used by*: {_links(account.used_by)}.",
        *_neighbour(account),
    ]
    if account.steps:
        parts += ["## Proof", *(part for goal, steps in account.steps for part in _argument(goal, steps))]
    return "\n\n".join(parts) + "\n"


def formula(latex: str) -> str:
    """LaTeX within a line or a cell."""
    return f"${_spelled(latex)}$"


def _neighbour(account: Account) -> list[str]:
    """The false neighbour, what refutes it, and how near the claim's own bound comes there."""
    neighbour, found = account.claim.false_neighbour, account.counterexample
    if neighbour is None:
        return []
    parts = ["## False neighbour", f"$$\n{_spelled(neighbour.statement)}\n$$"]
    if found is None:
        return [*parts, "Refuted by the numeric witness."]
    shown = {name: value for name, value in found.items() if name not in ("assertion", "margin")}
    rows = [f"| {name} | {str(value).replace('|', BAR)} |" for name, value in shown.items()]
    argued = " or, where the row *by hand* says why, argued" if "by hand" in found else ""
    parts += [
        f"Refuted in closed form. Its hypotheses hold at this instance, each checked exactly{argued}:",
        "\n".join(("| what | value |", "|---|---|", *rows)),
    ]
    if account.tightness is not None:
        left, right, share = account.tightness
        parts.append(f"The claim itself holds there: {left} against {right}, a ratio of {share:.4g}.")
    return parts


def _argument(goal: Goal, steps: Sequence[Step]) -> list[str]:
    given, shows = ([formula(LATEX.relation(r)) for r in relations] for relations in (goal.given, goal.shows))
    head = [
        f"### {goal.name}",
        f"To show: {', '.join(shows)}"
        + (f", for some {formula(LATEX.term(goal.exists))}" if goal.exists else ""),
    ]
    kinds = "; ".join(map(formula, LATEX.kinds(*goal.given, *goal.shows)))
    given = [kinds, *given] if kinds else given
    if given:
        head.append("\n".join(("Given:\n", *(f"- {hypothesis}" for hypothesis in given))))
    return [*head, *map(_step, steps)]


def _step(step: Step) -> str:
    latex = r",\quad ".join(LATEX.relation(relation) for relation in step.relations)
    words = f"{step.rule}: {step.result}"
    head = f"**{step.number}** {words}"
    if not latex:
        return head
    if len(latex) <= FOLDED:
        return f"{head}\n\n$$\n{_spelled(latex)}\n$$"
    summary = f"<b>{step.number}</b> {escape(words)}: a long formula"  # a summary's Markdown is not rendered
    return f'<details markdown="1"><summary>{summary}</summary>\n\n$$\n{_spelled(latex)}\n$$\n\n</details>'


def _spelled(latex: str) -> str:
    return latex.replace(r"\|", r"\Vert ").replace("|", r"\vert ")


def _links(ids: Sequence[str]) -> str:
    return ", ".join(f"[{id}]({id}.md)" for id in ids) or "no other claim"
