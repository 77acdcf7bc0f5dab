"""What a training run came to: scores, the ledger's account, verdicts, pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.claims.verdict import Picture, Status, Verdict
from convergence.estimators import LedgerEntry, closure_error, sandwich
from convergence.estimators.calibration import calibration_error
from convergence.estimators.disagreement import decision_disagreement
from convergence.estimators.entropy import prediction_entropy
from convergence.estimators.ledger import total_terms
from simulations.networks.cohort import CohortRun
from simulations.networks.data import Dataset
from simulations.networks.figures import stacked_ledger, stationarity
from simulations.networks.settings import Settings, plain
from simulations.plots.style import new_figure

CHUNK = 256

DIVERGED = -math.log(math.ulp(0.0))
"""Nats, 744: a label of the least probability that a float64 can hold costs so much, so that a mean loss above
it is that of a learner which has diverged, even where it is finite."""


@dataclass(frozen=True)
class Score:
    """One learner's predictions on the training and test samples; entropy and calibration on the test's."""

    train_accuracy: float
    test_accuracy: float
    test_loss: float
    calibration_error: float
    prediction_entropy: float


@dataclass(frozen=True)
class Scores:
    """Scores of all learners, and on which share of the test samples each two decide differently, `(K, K)`."""

    learners: list[Score]
    decision_disagreement: list[list[float]]


def score(models: Sequence[nn.Module], data: Dataset, chunk: int) -> Scores:
    """Evaluate learners in evaluation mode, `chunk` samples at once; they are left in the mode they were in."""
    modes = [model.training for model in models]
    try:
        train = [_logits(model.eval(), data.train_inputs, chunk) for model in models]
        test = [_logits(model.eval(), data.test_inputs, chunk) for model in models]
    finally:
        for model, mode in zip(models, modes, strict=True):
            model.train(mode)
    scores = [
        score_logits(a, b, data.train_labels, data.test_labels) for a, b in zip(train, test, strict=True)
    ]
    return Scores(scores, decision_disagreement(test).tolist())


def final_scores(
    models: Sequence[nn.Module], data: Dataset, settings: Settings, step: int
) -> tuple[Scores, str | None]:
    """Scores after the last step, and which learner has diverged, if one has."""
    # No more samples at once than training took, so that a run which ran out of memory is still scored.
    chunk = CHUNK if settings.batch_size is None else min(CHUNK, settings.batch_size)
    scores = score(models, data, chunk)
    for k, one in enumerate(scores.learners):
        if not one.test_loss <= DIVERGED:
            return scores, f"step {step}: learner {k} has diverged: test loss {one.test_loss:.3g} nats"
    return scores, None


def score_logits(train: Tensor, test: Tensor, train_labels: Tensor, test_labels: Tensor) -> Score:
    """The score of logits `(N, C)` on training and test samples."""
    return Score(
        train_accuracy=_accuracy(train, train_labels),
        test_accuracy=_accuracy(test, test_labels),
        test_loss=float(cross_entropy(test.double(), test_labels)),
        calibration_error=calibration_error(test, test_labels),
        prediction_entropy=float(prediction_entropy(test.double()).mean()),
    )


def _accuracy(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(-1) == labels).double().mean())


@torch.no_grad()
def _logits(model: nn.Module, inputs: Tensor, chunk: int) -> Tensor:
    return torch.cat([model(part) for part in inputs.split(chunk)])


@dataclass(frozen=True)
class TrainingResult:
    """A finished run; `models` are plain modules, their `state_dict`s the trained weights."""

    settings: Settings
    run: CohortRun
    scores: Scores
    verdicts: dict[int, list[Verdict]]
    models: list[nn.Module]

    def entries(self, learner: int) -> list[LedgerEntry]:
        """The ledger of one learner."""
        return [entry for entry in self.run.ledger if entry.learner == learner]

    def write_weights(self, directory: Path) -> list[Path]:
        """Write every learner's `state_dict` as `learner-k.safetensors`; returns the paths."""
        directory.mkdir(parents=True, exist_ok=True)
        paths = []
        for k, model in enumerate(self.models):
            paths.append(directory / f"learner-{k}.safetensors")
            save_file({name: t.contiguous() for name, t in model.state_dict().items()}, paths[-1])
        return paths

    @property
    def holds(self) -> bool:
        """Whether the run came to its end and no claim was refuted on it."""
        refuted = (Status.REFUTED, Status.FAILED)
        return self.run.trouble is None and not any(
            verdict.status in refuted for own in self.verdicts.values() for verdict in own
        )

    def to_json(self) -> dict[str, object]:
        """The machine-readable result."""
        return {
            "settings": plain(self.settings),
            "steps": self.run.steps,
            "trouble": self.run.trouble,
            "interrupted": self.run.interrupted,
            "seconds": self.run.seconds,
            "learners": [self._learner(k) for k in range(self.settings.learners)],
            "decision_disagreement": self.scores.decision_disagreement,
            "verdicts": [
                {"learner": k, **asdict(verdict)} for k, own in self.verdicts.items() for verdict in own
            ],
            "ledger": [entry.to_json() for entry in self.run.ledger],
            "losses": self.run.losses,
            "orders": self.run.orders,
        }

    def _learner(self, k: int) -> dict[str, object]:
        entries = self.entries(k)
        return {
            "learner": k,
            **asdict(self.scores.learners[k]),
            "account": account(entries) if entries else None,
        }

    def pictures(self) -> list[Picture]:
        """Stationarity and ledger of every learner; none without a ledger."""
        return [
            picture
            for k in range(self.settings.learners)
            if self.entries(k)
            for picture in (self._stationarity(k), self._ledger(k))
        ]

    def _stationarity(self, k: int) -> Picture:
        entries = self.entries(k)
        figure, axes = new_figure()
        stationarity(axes, entries).set_title(self._title(k))
        return Picture(
            f"learner-{k}-stationarity",
            figure,
            f"Squared norms of gradient, bias and noise of learner {k} at {len(entries)} recorded steps, on a "
            f"logarithmic scale; the gradient ends at {entries[-1].gradient_norm_squared:.1e}.",
        )

    def _ledger(self, k: int) -> Picture:
        entries = self.entries(k)
        figure, axes = new_figure(7.0, 4.2)
        stacked_ledger(axes, entries).set_title(self._title(k))
        return Picture(
            f"learner-{k}-ledger",
            figure,
            f"The terms that make up the squared gradient norm of learner {k}, stacked at {len(entries)} "
            f"recorded steps; they close to {closure_error(entries):.0e} of their magnitudes.",
        )

    def _title(self, k: int) -> str:
        made = self.settings
        order = f"α={made.alpha:g}" if isinstance(made.alpha, (int, float)) else "α per pair"
        return f"Learner {k} on {made.data}: {order}, β={made.beta:g}, η={made.step_size:g}"


def account(entries: Sequence[LedgerEntry]) -> dict[str, object]:
    """The summed ledger of one learner: where its remaining gradient comes from, and the pathwise sandwich.

    `terms` are means a step that add up to `mean_gradient_norm_squared`; `shares` are terms over that mean.
    """
    total, terms = total_terms(entries)
    bounds = sandwich(entries)
    count = len(entries)
    return {
        "recorded_steps": count,
        "mean_gradient_norm_squared": total / count,
        "terms": {name: value / count for name, value in terms.items()},
        "shares": {name: value / total if total > 0 else math.nan for name, value in terms.items()},
        "closure_error": closure_error(entries),
        "worst_step_error": max(entry.step_error for entry in entries),
        "sandwich": {**bounds._asdict(), "width": bounds.width},
    }
