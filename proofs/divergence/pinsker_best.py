"""x."""

from proofs.kernel import Proof
from proofs.two_classes import NEAR_GOALS

PROOF = Proof("pinsker-best", goals=(*NEAR_GOALS,))
