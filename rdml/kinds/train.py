"""Runs that train a cohort of networks on real data by RDML, with the ledger at recorded steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import numpy as np
from pydantic import Field, model_validator

from rdml.kinds.kind import Conclusion, Configuration, Kind, Row, State
from simulations.networks.settings import Settings, Updates

if TYPE_CHECKING:
    from convergence.estimators import LedgerEntry, Mutual
    from simulations.networks.monitor import Monitor

RENAMED = ("step_size", "effective_step_size")
"""A column of the ledger that would be called like a setting, and what it is called in the metrics."""


class Train(Configuration):
    """A cohort of learners: settings as of `simulations.networks.settings.Settings`, with its defaults.

    `dtype` is its `precision`; with `ledger` every `record_every`-th step is recorded by the ledger too.
    """

    kind: Literal["train"]
    data: Literal["digits", "mnist1d"] = "digits"
    model: Literal["softmax", "mlp", "conv"] = "mlp"
    hidden: list[Annotated[int, Field(ge=1, le=10**6)]] = list(Settings.hidden)  # noqa: RUF012  copied by pydantic
    learners: Annotated[int, Field(ge=1, le=64)] = Settings.learners
    alpha: Annotated[float, Field(ge=0)] = cast(float, Settings.alpha)
    beta: Annotated[float, Field(ge=0)] = Settings.beta
    temperature: Annotated[float, Field(gt=0)] = Settings.temperature
    updates: Updates = Settings.updates
    step_size: Annotated[float, Field(gt=0)]
    momentum: Annotated[float, Field(ge=0, lt=1)] = Settings.momentum
    nesterov: bool = Settings.nesterov
    weight_decay: Annotated[float, Field(ge=0)] = Settings.weight_decay
    batch_size: Annotated[int, Field(ge=1, le=10**9)] = cast(int, Settings.batch_size)
    steps: Annotated[int, Field(ge=1, le=10**9)] = Settings.steps
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


def settings_of(chosen: Mapping[str, Any]) -> Settings:
    """The same run as `rdml train` knows it."""
    shared = {f.name: chosen[f.name] for f in fields(Settings) if f.name in chosen}
    return Settings(
        **shared
        | {
            "models": (chosen["model"],),
            "hidden": tuple(chosen["hidden"]),
            "precision": chosen["dtype"],
            "ledger_every": chosen["record_every"] if chosen["ledger"] else 0,
        }
    )


class Training:
    """One such run; a step of it is a step of training."""

    def __init__(self, chosen: Mapping[str, Any]) -> None:
        from simulations.networks.assembly import learners, samples

        self.settings, self.every = settings_of(chosen), chosen["record_every"]
        self.steps = self.settings.steps
        self.data = samples(self.settings)
        self.models, self.optimizers = learners(self.settings, self.data)

    def start(self) -> State:
        """Learners as they were built, from the seed alone."""
        return self._state(0, {"trouble": None, "monitor": None})

    def advance(self, state: State, until: int) -> tuple[State, list[Row]]:
        """Train on; a loss that is not finite ends the run early, and is named in the summary."""
        from convergence.threads import one_thread
        from simulations.networks.assembly import batches, ledger_of
        from simulations.networks.cohort import train_cohort

        if state.values["trouble"]:
            return State(until, state.arrays, state.values), []
        self._place(state)
        ledger = monitor = None
        if self.settings.ledger_every:
            ledger = ledger_of(self.settings, self.data, self.models, self.optimizers, state.step)
            monitor = self._monitor(state)

        def before(step: int, mutual: Mutual) -> None:
            if monitor and self._recorded(step):
                monitor.observe(self.models, mutual)

        with one_thread():
            run = train_cohort(
                self.models,
                self.optimizers,
                batches(self.settings, self.data, state.step),
                steps=until,
                alpha=self.settings.order,
                beta=self.settings.beta,
                temperature=self.settings.temperature,
                updates=self.settings.updates,
                first_step=state.step,
                ledger=ledger,
                before_step=before,
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
        from convergence.threads import one_thread

        self._place(state)
        with one_thread():
            return self._judged(state, rows)

    def _judged(self, state: State, rows: list[Row]) -> Conclusion:
        from simulations.networks.result import account, final_scores

        final, diverged = final_scores(self.models, self.data, self.settings, self.steps)
        scores = [asdict(one) for one in final.learners]
        summary: dict[str, Any] = {"trouble": state.values["trouble"] or diverged}
        summary |= {name: float(np.mean([one[name] for one in scores])) for name in scores[0]}
        entries = _entries(rows) if self.settings.ledger_every else []
        if not entries:
            return Conclusion(summary)
        accounts = [account([e for e in entries if e.learner == k]) for k in range(len(self.models))]
        for name in ("mean_gradient_norm_squared", "closure_error"):
            summary[name] = float(max(cast(float, one[name]) for one in accounts))
        found = self._monitor(state).verdicts(entries, f"{self.settings.data}, {self.steps} steps")
        verdicts = [asdict(verdict) | {"seconds": 0.0} for own in found.values() for verdict in own]
        return Conclusion(summary, verdicts)

    def _recorded(self, step: int) -> bool:
        return bool(step % self.every == 0)

    def _monitor(self, state: State) -> Monitor:
        from simulations.networks.assembly import monitor_of

        return monitor_of(self.settings, self.data, state.values["monitor"])

    def _state(self, step: int, values: dict[str, Any]) -> State:
        """Parameters, buffers and momentum of every learner, copied."""
        arrays = {}
        for k, model in enumerate(self.models):
            for name, tensor in model.state_dict().items():
                arrays[f"model.{k}.{name}"] = tensor.detach().cpu().numpy().copy()
        for k, optimizer in enumerate(self.optimizers):
            for index, slots in optimizer.state_dict()["state"].items():
                if slots.get("momentum_buffer") is not None:
                    arrays[f"momentum.{k}.{index}"] = slots["momentum_buffer"].detach().cpu().numpy().copy()
        return State(step, arrays, values)

    def _place(self, state: State) -> None:
        """Put learners and optimisers where a state says they stood."""
        import torch

        for k, model in enumerate(self.models):
            model.load_state_dict(
                {name: torch.from_numpy(array.copy()) for name, array in _under(state.arrays, f"model.{k}.")}
            )
        for k, optimizer in enumerate(self.optimizers):
            slots = {
                int(index): {"momentum_buffer": torch.from_numpy(array.copy())}
                for index, array in _under(state.arrays, f"momentum.{k}.")
            }
            optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})


def memory(settings: Mapping[str, Any]) -> float:
    """Bytes of a run: parameters and activations of small networks, and the ledger's copies."""
    width = max([64, *settings["hidden"]])
    return 2e8 + settings["learners"] * 8.0 * (20 * width**2 + 10 * Settings.ledger_chunk * width)


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
