"""The kernel that checks proofs: terms, normal forms, signs and rules. See docs/kernel.md."""

from proofs.kernel.analysis import Analysis
from proofs.kernel.rules import Using
from proofs.kernel.terms import Grad, Index, LogPartition, Rejected, Slope, Softmax, Span, Time, Total, Value
from proofs.kernel.theorem import Relation, Theorem, eq, le, lt, ne

__all__ = [
    "Analysis", "Grad", "Index", "LogPartition", "Rejected", "Relation", "Slope", "Softmax", "Span", "Theorem",
    "Time", "Total", "Using", "Value", "eq", "le", "lt", "ne"]  # fmt: skip
