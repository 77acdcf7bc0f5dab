r"""Masks and the ends of the orders: distributions on the classes that both p and q have.

There `p_i = P·softmax(a)_i` and `q_i = Q·softmax(b)_i`, logits finite: P and Q are the masses of the common support,
1 where the other has nothing to itself. A class outside of it is a term 0 of `Σ p^α q^{1−α}`. For α ≥ 1, D is finite
only where p ≪ q, so P = 1. `D_0` is the same formula at α = 0, and `D_∞ = log M` for the largest ratio M of p to q.
Where the supports do not meet, or α ≥ 1 and P < 1, D is ∞.
"""

from sympy import Integer, Symbol, log

from proofs.kernel import Theorem, le
from proofs.lemmas import Argument
from proofs.notation import i, p, q

mass_p, mass_q = Symbol("P", positive=True), Symbol("Q", positive=True)
largest = Symbol("M", positive=True)
x = Symbol("x", positive=True)

WHOLE = {mass_p: Integer(1), mass_q: Integer(1)}
"""Nothing is masked."""

MASS_P, MASS_Q = le(mass_p, 1), le(mass_q, 1)
BELOW_LARGEST = le(p(i), largest * mass_q * q(i), i)


def on_p(n):
    """`p_n` where q has mass too."""
    return mass_p * p(n)


def on_q(n):
    """`q_n` where p has mass too."""
    return mass_q * q(n)


def log_of_mass(kernel: Argument, mass: Symbol) -> Theorem:
    """`log P ≤ 0` or `log Q ≤ 0`."""
    return kernel.monotone(log(x), x, kernel.suppose(le(mass, 1)))
