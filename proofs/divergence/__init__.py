"""Proofs of the claims of section 1: identities of the divergence."""
