"""Symbolic proofs of the claims: a small kernel, one proof a file, and the witness that reports on them.

`load(id)` finds a proof, `check(proof)` lets the kernel derive it, `witness` judges claims by their proofs;
`worst_case` bounds SGD exactly, with certificates.
"""

from proofs.library import Checked, check, load, register
from proofs.performance.worst_case import WorstCase, worst_case
from proofs.verdicts import witness

__all__ = ["Checked", "WorstCase", "check", "load", "register", "witness", "worst_case"]
