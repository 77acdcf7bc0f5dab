"""False neighbours: refuted in closed form, instance and hypotheses checked; and the kernel refuses their proofs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from sympy import I, IndexedBase, Integer, Rational, Symbol

from convergence.claims import load_claims
from convergence.claims.verdict import Status
from proofs.goals import Goal, Proof
from proofs.kernel import Index, Rejected, Total, eq, le, lt
from proofs.library import check, load
from proofs.notation import i, norm1, own, p, q, target
from proofs.refutation import Instance, Neighbour, logits_of, refute
from proofs.sgd import t
from proofs.verdicts import exact_counterexample

CLAIMS = load_claims()
INEQUALITIES = [id for id, claim in CLAIMS.items() if any(a.relation == "<=" for a in claim.assertions)]


def proof_of(claim: str) -> Proof:
    proof = load(claim)
    assert proof is not None
    return proof


def goal_of(proof: Proof) -> Goal:
    assert proof.neighbour is not None
    return next(goal for goal in proof.goals if goal.name == proof.neighbour.goal)


@pytest.mark.parametrize("claim", INEQUALITIES)
def test_the_false_neighbour_of_an_inequality_has_an_exact_counterexample(claim: str) -> None:
    found = exact_counterexample(CLAIMS[claim])
    assert found, f"{claim} has none"
    assert found["assertion"] == CLAIMS[claim].false_neighbour.statement
    assert found["margin"] < 0
    json.dumps(found)
    assert all(isinstance(value, str) for name, value in found.items() if name != "margin")


@pytest.mark.parametrize("claim", INEQUALITIES)
def test_the_kernel_refuses_a_proof_of_the_false_neighbour(claim: str) -> None:
    """By the claim's own argument, and by the true theorem with the difference waved through."""
    proof = proof_of(claim)
    goal, neighbour = goal_of(proof), proof.neighbour
    stronger = neighbour.claims(*goal.shows)
    given = goal.given if neighbour.given is None else neighbour.given

    derived = []

    def own_argument(kernel):
        derived.append(goal.argument(kernel))
        return derived[0]

    def waved_through(kernel):
        theorems = derived[0] if derived else goal.argument(kernel)  # as good in one kernel as in another
        theorem = theorems[-1] if isinstance(theorems, tuple) else theorems
        return kernel.combine(stronger, (1, theorem), rest=stronger.gap - theorem.relation.gap)

    for argument in (own_argument, waved_through):
        attempt = replace(goal, shows=(stronger,), given=given, argument=argument)
        refused = check(replace(proof, goals=(attempt,)))
        assert refused.status is Status.FAILED
        assert refused.steps[-1].result.startswith("rejected: ")


OF_TWO = [
    id
    for id in INEQUALITIES
    if set(CLAIMS[id].false_neighbour.needs) <= {"target", "own", "alpha", "larger_alpha"}
]


@pytest.mark.parametrize("claim", OF_TWO)
def test_the_exact_counterexample_refutes_what_the_numeric_witness_is_asked_to_refute(claim: str) -> None:
    """The proposition of the proof file and the assertion of the claim are the same statement."""
    values = proof_of(claim).neighbour.values
    numbers = {str(key): value for key, value in values.items()}
    logits = {
        name: torch.tensor([[float(values[base](n)) for n in range(values[i.total])]], dtype=torch.float64)
        for name, base in (("target", target), ("own", own))
    }
    orders = {
        name: torch.tensor([float(numbers[symbol])], dtype=torch.float64)
        for name, symbol in (("alpha", "alpha"), ("larger_alpha", "alphaprime"))
        if symbol in numbers
    }
    neighbour = CLAIMS[claim].false_neighbour
    assert float(neighbour.margin({**logits, **orders})) < -neighbour.tolerance


x, y = Symbol("x", real=True), Symbol("y", real=True)
TRUE = le(norm1(lambda n: p(n) - q(n)), 2)
OPPOSITE = {i.total: 2, target: logits_of(99, 1), own: logits_of(1, 99)}


def test_an_instance_that_does_not_refute_is_no_counterexample() -> None:
    with pytest.raises(Rejected, match="does not refute"):
        refute(Neighbour("it", lambda bound: bound, OPPOSITE), (), (TRUE,))
    sharpened = Neighbour("it", lambda bound: le(bound.left, Rational(19, 10)), OPPOSITE)
    assert refute(sharpened, (), (TRUE,))["left side"] == "49/25 = 1.96"


@pytest.mark.parametrize("hypothesis", [lt(x, 1), eq(x, y), le(p(i), q(i), i), le(0, x * y, y)])
def test_an_instance_must_satisfy_every_hypothesis(hypothesis) -> None:
    neighbour = Neighbour("it", lambda _: le(1, 0), {**OPPOSITE, x: 1, y: 2})
    with pytest.raises(Rejected, match="does not satisfy"):
        refute(neighbour, (hypothesis,), (TRUE,))
    assert refute(neighbour, (le(x, 1), le(0, x * y**2, y), le(q(i), 1, i)), (TRUE,))["y"] == "2"


def test_an_instance_is_exact_and_complete() -> None:
    with pytest.raises(Rejected, match="floating-point"):
        Instance({x: 0.5})
    with pytest.raises(Rejected, match="no value of y"):
        refute(Neighbour("it", lambda _: le(x, y), {x: 1}), (), (TRUE,))


def test_what_is_said_to_have_settled_is_looked_at_later() -> None:
    path = IndexedBase("path", real=True)
    vanishes = eq(path[t], 0, t)
    for late in (2, 3):
        values = {path: lambda time, late=late: 7 * int(time >= late), t.total: 3}
        with pytest.raises(Rejected, match="does not satisfy"):
            refute(Neighbour("it", lambda _: le(1, 0), values, settles=1), (vanishes,), (TRUE,))
    settled = Neighbour("it", lambda _: le(1, 0), {path: lambda time: 0, t.total: 3}, settles=1)
    assert refute(settled, (vanishes,), (TRUE,))["left side"] == "1"


def test_values_are_of_the_kinds_of_what_they_stand_for() -> None:
    """Else what is proved is refuted: 0 ≤ u at u = −1, and C ≤ Σ 1 for three halves of a class."""
    u, family = Symbol("u", positive=True), IndexedBase("f", nonnegative=True)
    classes, outcome = Index("n", Symbol("N", positive=True)), Index("omega", 1)
    for values, relation in (
        ({u: -1}, le(0, u)),
        ({u: 0}, lt(0, u)),
        ({x: I}, le(0, x**2)),
        ({family: lambda n: -1, i.total: 2}, le(0, Total(family[i], i))),
        ({i.total: 0, target: logits_of(1, 3)}, lt(0, Total(p(i), i))),
        ({i.total: 2, target: logits_of(-1, 3)}, le(norm1(p), 1)),
        ({classes.total: Rational(3, 2)}, le(classes.total, Total(Integer(1), classes))),
        ({outcome: 0}, le(1, Total(Integer(1), outcome))),
        ({t.total: Rational(1, 2)}, le(1, t.total)),
    ):
        with pytest.raises(Rejected, match="cannot"):
            refute(Neighbour("it", lambda bound: bound, values), (), (relation,))
