"""The kernel that checks proofs: terms, normal forms, signs, rules and lemmas. See docs/kernel.md."""

from proofs.kernel.proof import Argument, Goal, Proof, by_identity
from proofs.kernel.terms import Grad, Index, LogPartition, Rejected, Softmax, Span, Time, Total, Value, slope
from proofs.kernel.theorem import Relation, Theorem, eq, le, lt, ne

__all__ = [
    "Argument",
    "Goal",
    "Grad",
    "Index",
    "LogPartition",
    "Proof",
    "Rejected",
    "Relation",
    "Softmax",
    "Span",
    "Theorem",
    "Time",
    "Total",
    "Value",
    "by_identity",
    "eq",
    "le",
    "lt",
    "ne",
    "slope",
]
