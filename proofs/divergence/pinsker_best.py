"""x."""

from proofs.kernel import Proof
from proofs.two_classes import NEAR_GOALS
from proofs.touching import TOUCHING_GOALS

PROOF = Proof("pinsker-best", goals=(*NEAR_GOALS, *TOUCHING_GOALS))
