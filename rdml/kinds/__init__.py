"""The kinds of run that a study can have, one file each."""

from __future__ import annotations

from collections.abc import Mapping

from rdml.kinds.kind import Kind
from rdml.kinds.simulate import SIMULATE
from rdml.kinds.train import TRAIN

KINDS: Mapping[str, Kind] = {"simulate": SIMULATE, "train": TRAIN}
"""Name, as in `run.kind`, -> kind."""
