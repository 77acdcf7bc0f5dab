"""Estimators: quantities of the theory measured on a run; one file each."""

from convergence.estimators.attach import Ledger
from convergence.estimators.ledger import LedgerEntry, Sandwich, closure_error, sandwich
from convergence.estimators.mutual import Mutual

__all__ = ["Ledger", "LedgerEntry", "Mutual", "Sandwich", "closure_error", "sandwich"]
