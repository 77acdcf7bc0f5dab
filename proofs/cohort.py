r"""Learners that are their logits: K of them on one sample, or two with orders and weights of their own."""

from sympy import IndexedBase, Symbol

from proofs.kernel import Index
from proofs.notation import softmax

learners = Symbol("K", positive=True)
m, l = Index("mu", learners), Index("nu", learners)
"""Learners."""

logits, moves = IndexedBase("z", real=True), IndexedBase("w", real=True)
beta = Symbol("beta", nonnegative=True)
first, second = IndexedBase("z1", real=True), IndexedBase("z2", real=True)
along, across = IndexedBase("w", real=True), IndexedBase("u", real=True)
order1, order2, weight1, weight2 = (
    Symbol(name, real=True) for name in ("alpha1", "alpha2", "beta1", "beta2")
)


def of(learner):
    """The logits of one of K learners, as a family over classes."""
    return lambda n: logits[learner, n]


def mixture(order, target, own):
    """`softmax(α z_target + (1−α) z_own)`."""
    return softmax(lambda n: order * target(n) + (1 - order) * own(n))


def force(order, target, own):
    """The mutual part of a learner's update direction, per unit weight: `q − r_α`."""
    return lambda n: softmax(own)(n) - mixture(order, target, own)(n)
