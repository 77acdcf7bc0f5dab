"""Proofs of the claims of section 2: gradients and bounds."""
