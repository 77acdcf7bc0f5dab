"""What to train, and how: the settings of one run and their defaults, readable without importing torch."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

if TYPE_CHECKING:
    from simulations.networks.trained_order import Alpha

Device = Literal["auto", "cpu", "cuda"]
Norm = Literal["group", "batch"]
Precision = Literal["float64", "float32", "bf16"]
Schedule = Literal["constant", "cosine"]
Updates = Literal["simultaneous", "sequential"]

CLOSURE = {"float64": 1e-9, "float32": 1e-4, "bf16": 1e-4}
"""Relative closure error of the ledger that the rounding of each precision may cost."""


@dataclass(frozen=True)
class Settings:
    r"""What to train, and how.

    Args:
        data: `digits`, `mnist1d`, `cifar10`, `cifar100`, or an `.npz` file.
        path: of the CIFAR archive or folder.
        models: names as in `models.build`, one for all or one per learner.
        learners: K.
        alpha: order, one or one per ordered pair (`Mutual`).
        alpha_end: if given, α goes from `alpha` to it linearly over the run.
        alpha_step_size: if given, α is trained with this step size (`TrainedOrder`).
        beta: weight of the mutual term.
        temperature: of the mutual term.
        step_size: η, of the first step.
        schedule: `constant`, or `cosine`: `η_t = η(1 + cos(πt/T))/2`.
        momentum: γ of `torch.optim.SGD`; so `nesterov` and `weight_decay`.
        nesterov: Nesterov's momentum.
        weight_decay: λ, coupled.
        batch_size: B; None for the full set at every step.
        steps: T.
        seed: of initial weights and batches.
        updates: simultaneous or sequential, see `train_cohort`.
        ledger_every: record every so many steps; 0 for no ledger.
        ledger_chunk: samples that a ledger's pass holds in memory at once.
        subsample: samples whose Jacobians are taken at recorded steps.
        precision: of training; the ledger is in float64 always. `bf16`: autocast over float32 weights.
        norm: normalisation of convolutional models.
        hidden: widths of the perceptron's hidden layers.
        device: `auto` (CUDA where there is one), `cpu` or `cuda`.
        deterministic: the same bits on every run on one device.
    """

    data: str = "digits"
    path: Path | None = None
    models: tuple[str, ...] = ("mlp",)
    learners: int = 2
    alpha: float | tuple[tuple[float, ...], ...] = 1.5
    alpha_end: float | None = None
    alpha_step_size: float | None = None
    beta: float = 1.0
    temperature: float = 1.0
    step_size: float = 0.1
    schedule: Schedule = "constant"
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    batch_size: int | None = 64
    steps: int = 500
    seed: int = 0
    updates: Updates = "simultaneous"
    ledger_every: int = 0
    ledger_chunk: int = 2048
    subsample: int = 16
    precision: Precision = "float64"
    norm: Norm = "group"
    hidden: tuple[int, ...] = (128,)
    device: Device = "auto"
    deterministic: bool = False

    def __post_init__(self) -> None:
        from convergence.estimators import Mutual

        check_descent(self.learners, self.steps, self.batch_size, self.step_size, self.momentum)
        check_positive(ledger_chunk=self.ledger_chunk, subsample=self.subsample)
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov is True with momentum 0; a positive momentum is needed")
        if not 0 <= self.weight_decay < math.inf:
            raise ValueError(f"weight_decay is {self.weight_decay}; a finite number of at least 0 is needed")
        if any(width < 1 for width in self.hidden):
            raise ValueError(f"hidden is {self.hidden}; widths of at least 1 are needed")
        if self.ledger_every < 0:
            raise ValueError(f"ledger_every is {self.ledger_every}; 0 (no ledger) or more is needed")
        if len(self.models) not in (1, self.learners):
            raise ValueError(f"models names {len(self.models)} models for {self.learners} learners")
        for name, value, allowed in (
            ("schedule", self.schedule, Schedule),
            ("precision", self.precision, Precision),
            ("norm", self.norm, Norm),
            ("updates", self.updates, Updates),
            ("device", self.device, Device),
        ):
            if value not in get_args(allowed):
                raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(get_args(allowed))}")
        self._check_changing_order()
        Mutual(self.alpha, self.beta, self.temperature).check(self.learners)

    def _check_changing_order(self) -> None:
        if self.alpha_end is None and self.alpha_step_size is None:
            return
        if isinstance(self.alpha, tuple):
            raise ValueError("an order per pair can be neither scheduled nor trained")
        if self.alpha_end is not None and self.alpha_step_size is not None:
            raise ValueError("alpha_end and alpha_step_size: an order is either scheduled or trained")
        if self.alpha_step_size is not None and not math.isfinite(self.alpha_step_size):
            raise ValueError(f"alpha_step_size is {self.alpha_step_size}; a finite number is needed")
        if self.alpha_end is not None and not 0 <= self.alpha_end < math.inf:
            raise ValueError(f"alpha_end is {self.alpha_end}; a finite order of at least 0 is needed")
        if math.isinf(self.alpha):
            raise ValueError("alpha is inf; an order that is scheduled or trained must be finite")

    @property
    def order(self) -> Alpha:
        """What `train_cohort` takes for alpha."""
        from simulations.networks.trained_order import TrainedOrder

        if isinstance(self.alpha, tuple):
            return self.alpha
        if self.alpha_step_size is not None:
            return TrainedOrder(self.alpha, self.alpha_step_size)
        if self.alpha_end is None:
            return self.alpha
        start, end, last = self.alpha, self.alpha_end, max(1, self.steps - 1)
        return lambda step: start + (end - start) * step / last

    def step_size_at(self, step: int) -> float:
        """`η_t`."""
        if self.schedule == "constant":
            return self.step_size
        return self.step_size * (1 + math.cos(math.pi * step / self.steps)) / 2


def check_descent(
    learners: int, steps: int, batch_size: int | None, step_size: float, momentum: float
) -> None:
    """Raise `ValueError` for a number that no training by SGD can take."""
    check_positive(learners=learners, step_size=step_size, steps=steps)
    if not 0 <= momentum < 1:
        raise ValueError(f"momentum is {momentum}; a number in [0, 1) is needed")
    if batch_size is not None and batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; at least 1 is needed")


def check_positive(**values: float) -> None:
    """Raise `ValueError` that names the first value that is not positive and finite."""
    for name, value in values.items():
        if not 0 < value < math.inf:
            raise ValueError(f"{name} is {value}; a positive number is needed")


def plain(settings: Settings) -> dict[str, Any]:
    """Settings as JSON gives them back."""
    plain = asdict(settings)
    plain["path"] = None if settings.path is None else str(settings.path)
    for name in ("models", "hidden"):
        plain[name] = list(plain[name])
    if isinstance(settings.alpha, tuple):
        plain["alpha"] = [list(row) for row in settings.alpha]
    return plain


def check_same(settings: Settings, recorded: dict[str, Any], path: Path) -> None:
    """Raise `ValueError` unless the recorded run may go on with `settings`.

    It may for more steps (unless schedules depend on their number), on another path or device.
    """
    free = {"path", "device", "ledger_chunk"}
    if settings.schedule == "constant" and settings.alpha_end is None:
        free.add("steps")
    for name, value in plain(settings).items():
        if name not in free and recorded.get(name) != value:
            raise ValueError(f"{name} is {value}; the run in {path} has {recorded.get(name)}")
