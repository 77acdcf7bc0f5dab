"""Runs that train a cohort of networks on real data by RDML, with the ledger at recorded steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import numpy as np
from pydantic import Field, model_validator

from rdml.kinds.kind import Conclusion, Configuration, Kind, Row, State

if TYPE_CHECKING:
    from torch import Tensor

    from convergence.estimators import Ledger, LedgerEntry, Mutual
    from simulations.networks.monitor import Monitor

LEDGER_CHUNK = 2048
"""Training samples that the ledger measures at once."""

JUDGED = 256
"""Training samples on which the claims on single samples are judged at recorded steps."""

RENAMED = ("step_size", "effective_step_size")
"""A column of the ledger that would be called like a setting, and what it is called in the metrics."""

COHORT = ("alpha", "beta", "temperature", "updates")


class Train(Configuration):
    """A cohort of learners; see `rdml train`."""

    kind: Literal["train"]
    data: Literal["digits", "mnist1d"] = "digits"
    model: Literal["softmax", "mlp", "conv"] = "mlp"
    hidden: list[Annotated[int, Field(ge=1, le=10**6)]] = [128]  # noqa: RUF012  frozen, and copied by pydantic
    learners: Annotated[int, Field(ge=1, le=64)] = 2
    alpha: Annotated[float, Field(ge=0)] = 1.0
    beta: Annotated[float, Field(ge=0)] = 1.0
    temperature: Annotated[float, Field(gt=0)] = 1.0
    updates: Literal["simultaneous", "sequential"] = "simultaneous"
    step_size: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    nesterov: bool = False
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    batch_size: Annotated[int, Field(ge=1, le=10**9)] = 64
    steps: Annotated[int, Field(ge=1, le=10**9)] = 500
    record_every: Annotated[int, Field(ge=1, le=10**9)] = 10
    ledger: bool = True
    dtype: Literal["float32", "float64"] = "float64"
    device: Literal["cpu", "cuda"] = "cpu"

    @model_validator(mode="after")
    def _peers_and_momentum(self) -> Train:
        if self.learners == 1 and self.beta > 0:
            raise ValueError("learners is 1; a mutual term (beta > 0) needs a peer")
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs momentum > 0")
        return self


class Training:
    """One such run; a step of it is a step of training."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        import torch

        from simulations.device import chosen_device
        from simulations.networks.data import load
        from simulations.networks.models import build
        from simulations.networks.sampling import BatchOrder, learner_seed

        self.settings = settings
        self.steps, device = settings["steps"], chosen_device(settings["device"])
        self.data = load(settings["data"], dtype=getattr(torch, settings["dtype"])).to(device)
        self.order = BatchOrder(len(self.data.train_labels), settings["batch_size"], settings["seed"])
        self.models = [
            build(settings["model"], self.data, seed=learner_seed(settings["seed"], k), hidden=settings["hidden"])
            .to(device)
            for k in range(settings["learners"])
        ]  # fmt: skip
        self.optimizers = [
            torch.optim.SGD(
                model.parameters(),
                lr=settings["step_size"],
                **{name: settings[name] for name in ("momentum", "nesterov", "weight_decay")},
            )
            for model in self.models
        ]

    def start(self) -> State:
        """Learners as they were built, from the seed alone."""
        return self._state(0, {"trouble": None, "monitor": None})

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        """Train on; a loss that is not finite ends the run early, and is named in the summary."""
        from simulations.networks.cohort import train_cohort

        if state.values["trouble"]:
            return State(until, state.arrays, state.values), []
        self._place(state)
        ledger = self._ledger(state.step) if self.settings["ledger"] else None
        monitor = self._monitor(state) if ledger else None

        def before(step: int, mutual: Mutual) -> None:
            if monitor and self._recorded(step):
                monitor.observe(self.models, mutual)

        run = train_cohort(
            self.models,
            self.optimizers,
            self._batches(state.step),
            steps=until,
            first_step=state.step,
            ledger=ledger,
            before_step=before,
            **{name: self.settings[name] for name in COHORT},
        )
        rows: dict[tuple[int, int], dict[str, int | float]] = {
            (step, k): {"step": step, "learner": k, "loss": loss}
            for step, losses in enumerate(run.losses, state.step)
            if self._recorded(step)
            for k, loss in enumerate(losses)
        }
        for entry in run.ledger:
            rows[entry.step, entry.learner] |= _renamed(entry.to_json(), *RENAMED)
        values = {"trouble": run.trouble, "monitor": monitor.record() if monitor else None}
        return self._state(until, values), list(rows.values())

    def conclude(self, state: State, rows: list[Row]) -> Conclusion:
        """Scores, the ledger's account, and what the claims came to at the recorded steps."""
        from simulations.networks.result import account, score

        self._place(state)
        scores = [asdict(one) for one in score(self.models, self.data).learners]
        summary: dict[str, Any] = {"trouble": state.values["trouble"]}
        summary |= {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}
        entries = _entries(rows) if self.settings["ledger"] else []
        if not entries:
            return Conclusion(summary)
        accounts = [account([e for e in entries if e.learner == k]) for k in range(len(self.models))]
        for name in ("mean_gradient_norm_squared", "closure_error"):
            summary[name] = float(max(cast(float, one[name]) for one in accounts))
        found = self._monitor(state).verdicts(entries, f"{self.settings['data']}, {self.steps} steps")
        verdicts = [asdict(verdict) | {"seconds": 0.0} for own in found.values() for verdict in own]
        return Conclusion(summary, verdicts)

    def _recorded(self, step: int) -> bool:
        return bool(step % self.settings["record_every"] == 0)

    def _monitor(self, state: State) -> Monitor:
        from convergence.claims import load_claims
        from simulations.networks.monitor import Monitor
        from simulations.networks.settings import CLOSURE

        stride = max(1, len(self.data.train_inputs) // JUDGED)
        monitor = Monitor(
            list(load_claims().values()),
            self.data.train_inputs[::stride],
            subsample=16,
            tolerance=CLOSURE[self.settings["dtype"]],
        )
        if state.values["monitor"]:
            monitor.resume(state.values["monitor"])
        return monitor

    def _ledger(self, step: int) -> Ledger:
        from convergence.estimators import Ledger

        inputs, labels = self.data.train_inputs, self.data.train_labels
        return Ledger(
            self.models,
            self.optimizers,
            batches=list(zip(inputs.split(LEDGER_CHUNK), labels.split(LEDGER_CHUNK), strict=True)),
            every=self.settings["record_every"],
            first_step=step,
            **{name: self.settings[name] for name in COHORT},
        )

    def _batches(self, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        for step in itertools.count(first):
            rows = self.order.rows(step).to(self.data.train_inputs.device)
            yield self.data.train_inputs[rows], self.data.train_labels[rows]

    def _state(self, step: int, values: dict[str, Any]) -> State:
        """Parameters, buffers and momentum of every learner, copied."""
        arrays = {}
        for k, (model, optimizer) in enumerate(zip(self.models, self.optimizers, strict=True)):
            for name, tensor in model.state_dict().items():
                arrays[f"model.{k}.{name}"] = tensor.detach().cpu().numpy().copy()
            for index, slots in optimizer.state_dict()["state"].items():
                if slots.get("momentum_buffer") is not None:
                    arrays[f"momentum.{k}.{index}"] = slots["momentum_buffer"].detach().cpu().numpy().copy()
        return State(step, arrays, values)

    def _place(self, state: State) -> None:
        """Put learners and optimisers where a state says they stood."""
        import torch

        for k, (model, optimizer) in enumerate(zip(self.models, self.optimizers, strict=True)):
            model.load_state_dict(
                {name: torch.from_numpy(array.copy()) for name, array in _under(state.arrays, f"model.{k}.")}
            )
            slots = {
                int(index): {"momentum_buffer": torch.from_numpy(array.copy())}
                for index, array in _under(state.arrays, f"momentum.{k}.")
            }
            optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})


def memory(settings: Mapping[str, Any]) -> float:
    """Bytes of a run: parameters and activations of small networks, and the ledger's copies."""
    width = max([64, *settings["hidden"]])
    return 2e8 + settings["learners"] * 8.0 * (20 * width**2 + 10 * LEDGER_CHUNK * width)


TRAIN = Kind(Train, "rdml.kinds.train:Training", memory)


def _under(arrays: Mapping[str, np.ndarray], prefix: str) -> Iterator[tuple[str, np.ndarray]]:
    return ((name.removeprefix(prefix), a) for name, a in arrays.items() if name.startswith(prefix))


def _renamed(row: Mapping[str, Any], old: str, new: str) -> dict[str, Any]:
    return {new if name == old else name: value for name, value in row.items()}


def _entries(rows: list[Row]) -> list[LedgerEntry]:
    from convergence.estimators import LedgerEntry

    names = [f.name for f in fields(LedgerEntry)]
    recorded = [_renamed(row, *reversed(RENAMED)) for row in rows if row.get("objective") is not None]
    return [LedgerEntry(**{name: row[name] for name in names}) for row in recorded]
