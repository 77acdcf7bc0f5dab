"""Seeded wrong proofs: constants that lemmas and cited results provide, taken for independent of all."""

from __future__ import annotations

import pytest
from sympy import IndexedBase, Integer, Symbol, exp, log
from wrong_proofs import Attack, Attempt, judge, x, y, z

from proofs.goals import Goal
from proofs.kernel import Slope, Time, eq, le, lt
from proofs.kernel.terms import Fixed
from proofs.sgd import steps

f = IndexedBase("f", real=True)
time = Time("counter", steps)
s = Symbol("s", real=True)
NOTHING = "does not add up"
EVERY = "it is not known for every z"


def mean_value(kernel):
    """`z² = 2ξz`, for the ξ of this z."""
    xi, expansion, _ = kernel.taylor(s**2, s, Integer(0), z, order=1)
    return xi, expansion


def derivatives(goal, identity) -> Attempt:
    """The derivatives of an identity at 1 and at 2, one subtracted from the other."""

    def argument(kernel):
        theorem = identity(kernel)
        one, two = (kernel.differentiate(theorem, z, at) for at in (1, 2))
        return kernel.combine(goal, (1, one), (-1, two))

    return Attempt(goal, argument)


def every(hypothesis, at_one, shown) -> Attempt:
    """What follows at z = 1 from a hypothesis on every z that is shown."""
    goal = Goal("one", (at_one,), lambda kernel: kernel.at(kernel.facts[0], {z: Integer(1)}), (hypothesis,))

    def argument(kernel):
        value, theorem = shown(kernel)
        kernel.cite("attempt", "one", {x: value}, shown=[theorem])
        return kernel.identity(y, y)

    return Attempt(eq(y, y), argument, before=(goal,))


def value_of(e) -> Goal:
    """There is a z that is e."""
    return Goal("value", (eq(z, e),), lambda kernel: (e, kernel.identity(e, e)), exists=z)


def two_times(e, images, first, second) -> Attempt:
    """The value of e at two times, compared."""
    goal = eq(f[first], f[second])

    def argument(kernel):
        _, value = kernel.cite("attempt", "value", images)
        one, two = (kernel.at(value, {time: Integer(at)}) for at in (first, second))
        return kernel.combine(goal, (1, two), (-1, one))

    return Attempt(goal, argument, before=(value_of(e),))


def beyond(function) -> Attempt:
    """A function of s that is smooth because ξ, which lies beyond this s, is thought to lie beyond every s."""

    def argument(kernel):
        ordered = kernel.sign(lt(s, s + 1))
        xi, _, above, _ = kernel.taylor(exp(y), y, s, s + 1, order=1, between=ordered)
        kernel.taylor(function(xi), s, Integer(0), Integer(100), order=1, using=[above])
        return kernel.identity(y, y)

    return Attempt(eq(y, y), argument)


def named_before(kernel):
    """The mean value theorem between c + 1 and c + 2, where c has the name that the constant will have."""
    start = Fixed("xi1", real=True) + 1
    _, _, above, _ = kernel.taylor(
        s**2, s, start, start + 1, order=1, between=kernel.sign(lt(start, start + 1))
    )
    return kernel.combine(lt(0, -1), (1, above))


def named_after(kernel):
    ordered = kernel.sign(lt(y + 1, y + 2))
    xi, _, above, _ = kernel.taylor(s**2, s, y + 1, y + 2, order=1, between=ordered)
    return xi, above


CONSTANTS = [
    Attack(
        "constant",
        "the derivative of Taylor's formula, with ξ fixed",
        derivatives(eq(2, 4), lambda kernel: mean_value(kernel)[1]),
        EVERY,
        derivatives(
            eq(Slope(z**2, z, 1) - Slope(z**2, z, 2), -2),
            lambda kernel: kernel.identity(z**2, (z + 1) ** 2 - 2 * z - 1),
        ),
    ),
    Attack(
        "constant",
        "one ξ for every z",
        every(eq(z**2, 2 * x * z, z), eq(1, 2 * x), mean_value),
        "a condition of attempt is not shown",
        every(
            le(2 * x * z, x**2 + z**2, z),
            le(2 * x, x**2 + 1),
            lambda kernel: (x, kernel.combine(le(2 * x * z, x**2 + z**2), rest=(x - z) ** 2)),
        ),
    ),
    Attack(
        "constant",
        "one cited value for all times of an image",
        two_times(x, {x: f[time]}, 0, 1),
        NOTHING,
        two_times(x, {x: f[time]}, 1, 1),
    ),
    Attack(
        "constant",
        "one cited value for all times of the result",
        two_times(f[time], {}, 0, 1),
        NOTHING,
        two_times(f[time], {}, 1, 1),
    ),
    Attack(
        "constant",
        "the cited value in an image of its own name",
        Attempt(
            eq(0, 1),
            lambda kernel: kernel.combine(eq(0, 1), (1, kernel.cite("attempt", "value", {x: z})[1])),
            before=(value_of(x + 1),),
        ),
        NOTHING,
        Attempt(
            eq(y, z + 1),
            lambda kernel: kernel.cite("attempt", "value", {x: z}),
            exists=y,
            before=(value_of(x + 1),),
        ),
    ),
    Attack(
        "constant",
        "a ξ beyond one s taken for one beyond every s",
        beyond(lambda xi: log(xi - s)),
        "it is not known for every s",
        beyond(lambda xi: exp(xi - s)),
    ),
    Attack(
        "constant",
        "a constant that was there before it was provided",
        Attempt(lt(0, -1), named_before),
        NOTHING,
        Attempt(lt(y + 1, z), named_after, exists=z),
    ),
]


@pytest.mark.parametrize("attack", CONSTANTS, ids=lambda a: f"{a.kind}: {a.name}")
def test_a_wrong_proof_is_rejected_for_its_fault(attack: Attack) -> None:
    judge(attack)
