"""Which samples a step sees: a function of the seed and the step alone, so that a run can go on anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class BatchOrder:
    """Epochs of equal batches, each epoch a fresh permutation; samples that do not fill a batch are left out.

    Args:
        samples: N.
        batch_size: B; N means the full set, in order, at every step.
        seed: of the permutations.
    """

    samples: int
    batch_size: int
    seed: int

    def __post_init__(self) -> None:
        if not 1 <= self.batch_size <= self.samples:
            raise ValueError(
                f"batch_size is {self.batch_size}; 1 to the {self.samples} training samples is needed"
            )

    @property
    def per_epoch(self) -> int:
        """Batches in an epoch."""
        return self.samples // self.batch_size

    def rows(self, step: int) -> Tensor:
        """Indices of the samples of a step, `(B,)`."""
        if self.batch_size == self.samples:
            return torch.arange(self.samples)
        epoch, index = divmod(step, self.per_epoch)
        start = index * self.batch_size
        return self._permutation(epoch)[start : start + self.batch_size]

    def _permutation(self, epoch: int) -> Tensor:
        generator = np.random.default_rng((self.seed, epoch))
        return torch.from_numpy(generator.permutation(self.samples))


def learner_seed(seed: int, learner: int) -> int:
    """The seed of a learner's initial weights; different from that of every other learner and run."""
    return int(np.random.SeedSequence((seed, learner)).generate_state(1, np.uint32)[0])
