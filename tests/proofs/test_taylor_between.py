"""Taylor's formula between ordered ends: the variable that runs between them is in neither."""

import pytest
from sympy import Symbol
from wrong_proofs import Attack, Attempt, judge

from proofs.kernel import eq, le

x, y = (Symbol(name, real=True) for name in "xy")


def expansion(start, end) -> Attempt:
    def argument(kernel):
        ordered = kernel.sign(le(start, end))
        kernel.taylor(x**2, x, start, end, order=1, between=ordered)
        return kernel.identity(y, y)

    return Attempt(eq(y, y), argument)


@pytest.mark.parametrize(("start", "end"), [(x, x + 1), (x - x**2, x), (y - x**2, y), (y, y + x**2)])
def test_the_variable_is_not_in_the_ends(start, end) -> None:
    judge(
        Attack(
            "condition", "an end that moves", expansion(start, end), "x is not arbitrary", expansion(y, y + 1)
        )
    )
