"""Proofs of the claims of section 3: convergence of SGD, and the ledger."""
