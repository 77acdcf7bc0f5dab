"""What a comparison of arms came to: paired differences, the sentence that they support, and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from convergence.claims.verdict import Picture
from convergence.statistics.intervals import Interval
from simulations.networks.arms import Arm, Budget, Outcome
from simulations.networks.comparison_figures import accuracy_against_weight, differences
from simulations.networks.cost import Cost
from simulations.plots.style import new_figure

Metric = Literal["accuracy", "loss", "calibration_error"]
METRICS: tuple[Metric, ...] = ("accuracy", "loss", "calibration_error")


@dataclass(frozen=True)
class Difference:
    """Arm minus rival in one metric, paired by seed: mean and two intervals.

    `interval` has 95 % confidence by itself, `simultaneous` is Bonferroni's over all differences in that metric.
    """

    kind: Literal["mutual", "weight", "order", "tuned"]
    metric: Metric
    arm: Arm
    rival: Arm
    interval: Interval
    simultaneous: Interval

    @property
    def is_clear(self) -> bool:
        """Whether 0 lies outside the simultaneous interval."""
        return not self.simultaneous.contains(0.0)


@dataclass(frozen=True)
class Comparison:
    """Outcomes of all arms on one data set, their differences, and what a step costs."""

    data: str
    budget: Budget
    seeds: int
    orders: tuple[float, ...]
    beta: float
    weights: tuple[float, ...]
    outcomes: Mapping[Arm, Sequence[Outcome]]
    differences: tuple[Difference, ...]
    costs: tuple[Cost, ...]

    def tuned(self, alpha: float) -> Arm:
        """The arm of this order whose weight in the grid has the least mean validation loss.

        Loss, since accuracy on so few samples is mostly noise.
        """
        arms = [Arm(alpha, weight / alpha) for weight in self.weights]
        return min(arms, key=lambda arm: mean_of(self.outcomes[arm], "validation_loss"))

    @property
    def edges(self) -> list[float]:
        """Orders whose tuned weight is an end of the grid, so that a better one may lie beyond."""
        ends = (self.weights[0], self.weights[-1])
        return [a for a in (1.0, *self.orders) if self.tuned(a) in (Arm(a, end / a) for end in ends)]

    @property
    def diverged(self) -> dict[str, int]:
        """At how many seeds each arm diverged; without those that did at none."""
        counts = {str(arm): sum(one.diverged for one in found) for arm, found in self.outcomes.items()}
        return {arm: count for arm, count in counts.items() if count}

    def sentence(self) -> str:
        """What the data support, in plain words; only who diverged where that leaves a difference unknown."""
        if any(not math.isfinite(d.interval.value) for d in self.differences):
            return f"{self.data}: {self._who_diverged()} Nothing can be concluded; try a smaller step size."
        return " ".join(
            [
                f"{self.data}, {self.budget.learners} learners ({self.budget.model}), {self.seeds} paired seeds:",
                self._mutual(),
                self._order("order", "the control, DML of weight αβ"),
                self._order("tuned", "DML, both at the weight that validation chose"),
                *self._at_edges(),
                *([self._who_diverged()] if self.diverged else []),
                self._conclusion(),
                "Intervals speak of training randomness on this one split of the data.",
            ]
        )

    def cost_sentence(self) -> str:
        """What mutual learning and its order cost in time a step, measured side by side."""
        return " ".join(
            f"A step of DML costs {cost.mutual_over_independent:.2f} times one of independent learners, "
            f"one of RDML {cost.renyi_over_mutual:.2f} times one of DML ({cost.engine})."
            for cost in self.costs
        )

    def pictures(self) -> list[Picture]:
        """Accuracy against weight, and the differences in accuracy and calibration error."""
        lost = f"\n{sum(self.diverged.values())} runs diverged: not drawn" if self.diverged else ""
        figure, axes = new_figure()
        accuracy_against_weight(axes, self.outcomes).set_title(
            f"{self.data}: does the order act as a weight?{lost}"
        )
        found = [
            Picture(
                f"{self.data}-accuracy-against-weight",
                figure,
                f"Mean test accuracy on {self.data} against the weight αβ, one curve for each order; where the "
                "curves lie on each other the order acts as a weight.",
            )
        ]
        for metric, name in (("accuracy", "test accuracy"), ("calibration_error", "calibration error")):
            rows = [
                (f"{d.arm} − {d.rival}", _times_100(d.interval), _times_100(d.simultaneous))
                for d in self.differences
                if d.metric == metric
            ]
            figure, axes = new_figure(7.5, 4.2)
            differences(axes, rows, unit=f"difference in {name} (percentage points)")
            axes.set_title(f"{self.data}: {self.seeds} paired seeds{lost}")
            found.append(
                Picture(
                    f"{self.data}-{metric.replace('_', '-')}-differences",
                    figure,
                    f"Paired differences in {name} on {self.data} with 95 % intervals, thick each by itself, "
                    "thin all at once.",
                )
            )
        return found

    def _who_diverged(self) -> str:
        arms = "; ".join(f"{arm}: {count} of {self.seeds}" for arm, count in self.diverged.items())
        return f"Runs diverged ({arms})."

    def _at_edges(self) -> list[str]:
        if not self.edges:
            return []
        return [
            f"The weight chosen lies at an end of the grid for α={', '.join(f'{a:g}' for a in self.edges)}."
        ]

    def _of(self, kind: str, metric: Metric) -> list[Difference]:
        return [d for d in self.differences if d.kind == kind and d.metric == metric]

    def _mutual(self) -> str:
        (accuracy,) = self._of("mutual", "accuracy")
        verdict = "clear" if accuracy.is_clear else "not clear"
        return f"DML minus independent learners: {_points(accuracy.interval)} of accuracy ({verdict})."

    def _order(self, kind: str, rival: str) -> str:
        parts = []
        named: tuple[tuple[Metric, str], ...] = (
            ("accuracy", "accuracy"),
            ("calibration_error", "calibration error"),
        )
        for metric, name in named:
            found = self._of(kind, metric)
            clear = [d for d in found if d.is_clear]
            if clear:
                listed = "; ".join(f"α={d.arm.alpha:g}: {_points(d.interval)}" for d in clear)
                parts.append(f"{name} differs clearly at {len(clear)} of {len(found)} orders ({listed})")
            else:
                largest = max(found, key=lambda d: abs(d.interval.value))
                parts.append(
                    f"{name} at no order (largest difference {_points(largest.interval)} at α={largest.arm.alpha:g})"
                )
        return f"RDML against {rival}: {', '.join(parts)}."

    def _conclusion(self) -> str:
        better = [d for d in self._of("order", "accuracy") if d.is_clear and d.interval.value > 0]
        tuned = [d for d in self._of("tuned", "accuracy") if d.is_clear and d.interval.value > 0]
        behind = [d for d in self._of("tuned", "accuracy") if d.is_clear and d.interval.value < 0]
        if len(behind) == len(self.orders):
            return "So, weights tuned, DML is ahead of every order tried: the order does not improve accuracy here."
        if better and tuned:
            return "So the order improves accuracy beyond what the weight does, here."
        if better:
            return "So the order improves accuracy over its control, but not once weights are tuned."
        if tuned:
            return "So the order improves accuracy once weights are tuned, not over its control."
        return "So the data do not show that the order improves accuracy beyond what the weight does."

    def to_json(self) -> dict[str, object]:
        """The machine-readable result; equal for equal seeds, costs aside."""
        return {
            "data": self.data,
            "budget": asdict(self.budget),
            "seeds": self.seeds,
            "sentence": self.sentence(),
            "diverged": self.diverged,
            "arms": [
                {
                    **asdict(arm),
                    "name": str(arm),
                    **{metric: mean_of(found, metric) for metric in (*METRICS, "validation_loss")},
                    "by_seed": [asdict(outcome) for outcome in found],
                }
                for arm, found in self.outcomes.items()
            ],
            "tuned": {f"{alpha:g}": self.tuned(alpha).beta for alpha in (1.0, *self.orders)},
            "tuned_at_edge": [f"{alpha:g}" for alpha in self.edges],
            "differences": [
                {
                    "kind": d.kind,
                    "metric": d.metric,
                    "arm": str(d.arm),
                    "rival": str(d.rival),
                    "difference": d.interval.value,
                    "interval": [d.interval.low, d.interval.high],
                    "simultaneous_interval": [d.simultaneous.low, d.simultaneous.high],
                    "clear": d.is_clear,
                }
                for d in self.differences
            ],
            "costs": [asdict(cost) for cost in self.costs],
        }


def mean_of(outcomes: Sequence[Outcome], metric: str) -> float:
    """Mean over seeds."""
    return sum(getattr(outcome, metric) for outcome in outcomes) / len(outcomes)


def _times_100(interval: Interval) -> Interval:
    return Interval(*(100 * number for number in interval))


def _points(interval: Interval) -> str:
    """In percentage points, with the 95 % interval."""
    value, low, high = _times_100(interval)
    return f"{value:+.2f} points [{low:+.2f}, {high:+.2f}]"
