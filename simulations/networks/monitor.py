"""Claims of the theory held against a training run, through their own assertions, at every recorded step."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn

from convergence.claims.claim import Claim, Instance
from convergence.claims.verdict import Status, Verdict
from convergence.divergence.renyi import gradient_own
from convergence.estimators.jacobian import centred_spectral_norm, jacobian_diameter, logit_jacobian
from convergence.estimators.ledger import LedgerEntry, flatten
from convergence.estimators.mutual import Mutual
from convergence.estimators.passes import Replica
from simulations.networks.path import WITNESS, path_quantities, stationarity_verdict, step_quantities

SAMPLES = (
    "nonneg",
    "pinsker",
    "pinsker-best",
    "order-as-weight",
    "grad-own",
    "grad-own-bounded",
    "self-bounding",
    "self-bounding-best",
)
"""Claims on the logits of single samples, at any finite order."""
JACOBIANS = ("grad-theta",)
"""Claims on single samples and their Jacobians."""
COHORT = ("self-limiting",)
"""Claims on a learner's whole mutual gradient."""
PATH = ("ledger", "pathwise")
"""Claims on the recorded steps."""
SPAN = 300.0
"""Predictions whose logits lie further apart, in runs that go astray, underflow float64 and are not judged."""


@dataclass
class _Tally:
    """What one claim has met so far at one learner."""

    margin: float = float("inf")
    instances: int = 0
    seconds: float = 0.0
    counterexample: dict[str, object] | None = None
    broken: str = ""


class Monitor:
    """Watches a cohort: call `observe` before a recorded step, `verdicts` after the run.

    Args:
        claims: those of them that a run can speak of are judged.
        inputs: samples on which the claims on logits are judged, `(N, *features)`.
        subsample: the first so many of them are taken for Jacobians and the mutual gradient.
        tolerance: relative closure error that the ledger may have, for the rounding of the model's dtype.
    """

    def __init__(
        self, claims: Sequence[Claim], inputs: Tensor, *, subsample: int = 32, tolerance: float = 1e-9
    ) -> None:
        self.claims = {claim.id: claim for claim in claims}
        self.inputs = inputs
        self.subsample = min(subsample, len(inputs))
        self.tolerance = tolerance
        self._steps = 0
        self._tallies: dict[tuple[int, str], _Tally] = {}
        self._replicas: list[Replica] = []

    def observe(self, models: Sequence[nn.Module], mutual: Mutual) -> None:
        """Judge every claim on samples at the learners' present parameters, in float64 on copies of them."""
        if not self._replicas:
            self._replicas = [Replica(model) for model in models]
        for replica, model in zip(self._replicas, models, strict=True):
            replica.place(flatten([p for p in model.parameters() if p.requires_grad]))
        self._steps += 1
        if len(models) < 2:
            return  # only the ledger speaks of a learner without peers
        with torch.no_grad():
            logits = [replica.logits(self.inputs) / mutual.temperature for replica in self._replicas]
        for k in range(len(models)):
            quantities = sample_quantities(logits, k, mutual)
            ordinary = (_span(quantities["target"]) <= SPAN) & (_span(quantities["own"]) <= SPAN)
            judged = ordinary & quantities["alpha"].isfinite()
            if bool(judged.any()):
                self._judge(k, SAMPLES, {name: value[judged] for name, value in quantities.items()})
            if bool(ordinary.all()) and any(
                name in self.claims for name in (*JACOBIANS, *COHORT, "grad-own")
            ):
                self._observe_jacobians(k, logits, mutual)

    def _observe_jacobians(self, k: int, logits: Sequence[Tensor], mutual: Mutual) -> None:
        begun = time.perf_counter()
        some = self.inputs[: self.subsample].to(torch.float64)
        jacobian = logit_jacobian(self._replicas[k].model, some) / mutual.temperature
        few = [z[: self.subsample] for z in logits]
        quantities = dict(sample_quantities(few, k, mutual))
        peers = len(logits) - 1
        quantities["jacobian"] = jacobian.repeat(peers, 1, 1)
        quantities["diameter"] = jacobian_diameter(jacobian).repeat(peers)
        shared = (time.perf_counter() - begun) / 2
        self._judge(k, JACOBIANS, quantities, extra_seconds=shared)
        if not bool(quantities["alpha"].isfinite().all()):
            return  # the other claims speak of finite orders
        bias = mutual_gradient(self._replicas, some, k, mutual)
        self._judge(k, COHORT, cohort_quantities(bias, jacobian, few, k, mutual), extra_seconds=shared)
        if "grad-own" in self.claims:
            self._compare_with_closed_form(k, bias, jacobian, quantities, mutual)

    def _compare_with_closed_form(
        self, k: int, bias: Tensor, jacobian: Tensor, quantities: Instance, mutual: Mutual
    ) -> None:
        """`b` by automatic differentiation against its weight times `mean Jᵀ(q − r)`, relative to the larger."""
        if mutual.beta == 0:
            return
        slopes = gradient_own(quantities["target"], quantities["own"], alpha=quantities["alpha"])
        mean_slope = slopes.view(-1, len(jacobian), slopes.shape[-1]).mean(0)
        closed = mutual.weight * torch.einsum("nc,ncd->d", mean_slope, jacobian) / len(jacobian)
        scale = float(torch.maximum(bias.norm(), closed.norm()))
        error = float((bias - closed).norm()) / scale if scale > 0 else 0.0
        tally = self._tally(k, "grad-own")
        tally.margin = min(tally.margin, -error)
        if error > 1e-9 and tally.counterexample is None:
            tally.counterexample = {"relative difference of b and its closed form": error}

    def _judge(
        self,
        k: int,
        names: Sequence[str],
        quantities: Instance,
        *,
        extra_seconds: float = 0.0,
        slack: float = 0.0,
    ) -> None:
        for name in names:
            claim = self.claims.get(name)
            if claim is None or not _speaks(claim, quantities):
                continue
            begun, tally = time.perf_counter() - extra_seconds, self._tally(k, name)
            for assertion in claim.assertions:
                try:
                    margins = assertion.margin(quantities)
                except Exception as error:
                    tally.broken = f"{type(error).__name__}: {error}"
                    continue
                worst = int(margins.argmin())
                margin = float(margins[worst])
                if margin < -max(assertion.tolerance, slack) and tally.counterexample is None:
                    tally.counterexample = _counterexample(
                        assertion.statement, assertion.needs, quantities, worst
                    )
                    tally.counterexample["margin"] = margin
                tally.margin = min(tally.margin, margin)
            tally.instances += len(next(iter(quantities.values())))
            tally.seconds += time.perf_counter() - begun

    def _tally(self, k: int, name: str) -> _Tally:
        return self._tallies.setdefault((k, name), _Tally())

    def verdicts(self, entries: Sequence[LedgerEntry], run: str) -> dict[int, list[Verdict]]:
        """Verdicts by learner; `run` says in a few words what was trained."""
        for k in sorted({entry.learner for entry in entries}):
            own = [entry for entry in entries if entry.learner == k]
            overflow = next((entry.step for entry in own if not entry.is_finite), None)
            if overflow is not None:
                for name in (*PATH, "stationarity"):
                    if name in self.claims:
                        self._tally(k, name).broken = f"step {overflow} left the finite numbers"
                continue
            self._judge(k, PATH[:1], step_quantities(own), slack=self.tolerance)
            self._judge(k, PATH[1:], path_quantities(own), slack=self.tolerance)
        found: dict[int, list[Verdict]] = {}
        for (k, name), tally in self._tallies.items():
            found.setdefault(k, []).append(self._verdict(name, tally, f"{run}, learner {k}"))
        if "stationarity" in self.claims:
            for k, verdicts in found.items():
                steps = [entry for entry in entries if entry.learner == k]
                if all(entry.is_finite for entry in steps):
                    verdicts.append(stationarity_verdict(steps, f"{run}, learner {k}"))
        return found

    def record(self) -> dict[str, object]:
        """Everything met so far, JSON-ready, for a checkpoint."""
        return {
            "steps": self._steps,
            "tallies": [[k, name, asdict(t)] for (k, name), t in self._tallies.items()],
        }

    def resume(self, record: dict[str, Any]) -> None:
        """Go on from what `record` gave."""
        self._steps = record["steps"]
        self._tallies = {(k, name): _Tally(**tally) for k, name, tally in record["tallies"]}

    def _verdict(self, name: str, tally: _Tally, run: str) -> Verdict:
        status = Status.CHECKED if tally.counterexample is None else Status.REFUTED
        evidence = f"{run}: {self._what(name, tally.instances)}"
        if tally.broken:
            status, evidence = Status.FAILED, f"{run}: {tally.broken}"
        margin = None if tally.broken else tally.margin
        return Verdict(name, WITNESS, status, margin, evidence, tally.counterexample, tally.seconds)

    def _what(self, name: str, instances: int) -> str:
        if name == "ledger":
            return f"{instances} recorded steps, each closed on its own"
        if name == "pathwise":
            return "the sandwich around all recorded steps"
        if name in COHORT:
            return f"mutual gradient over {self.subsample} samples at {self._steps} steps"
        if name in JACOBIANS:
            return f"{instances} Jacobians: {self.subsample} samples at {self._steps} steps"
        return f"{instances} pairs of predictions: {len(self.inputs)} samples at {self._steps} steps"


def sample_quantities(logits: Sequence[Tensor], own: int, mutual: Mutual) -> dict[str, Tensor]:
    """`target`, `own`, `alpha` of learner `own` against every peer in turn, K−1 blocks of the samples."""
    peers = [j for j in range(len(logits)) if j != own]
    return {
        "target": torch.cat([logits[j] for j in peers]),
        "own": logits[own].repeat(len(peers), 1),
        "alpha": torch.cat([torch.full_like(logits[own][:, 0], mutual.order(j, own)) for j in peers]),
    }


def mutual_gradient(replicas: Sequence[Replica], inputs: Tensor, own: int, mutual: Mutual) -> Tensor:
    """`b` of learner `own` over the mean of `inputs`, `(d,)`, by automatic differentiation."""
    parameters = replicas[own].parameters
    logits = [replica.logits(inputs) for replica in replicas]
    total = mutual.term(logits, own).mean()
    if not total.requires_grad:
        return torch.zeros_like(flatten(parameters))
    return flatten(torch.autograd.grad(total, parameters, allow_unused=True, materialize_grads=True))


def cohort_quantities(
    bias: Tensor, jacobian: Tensor, logits: Sequence[Tensor], own: int, mutual: Mutual
) -> dict[str, Tensor]:
    """What `self-limiting` speaks of: `‖b‖²` and the mean of `‖PJ‖₂²·D̄`, N = 1; α is the largest in use."""
    plain = Mutual(mutual.alpha, mutual.weight)  # the logits are already divided by the temperature
    mean_divergence = torch.stack(plain.divergences(logits, own)).mean(0)
    orders = [mutual.order(j, own) for j in range(len(logits)) if j != own]
    return {
        "bias_norm_squared": (bias @ bias).view(1),
        "weighted_disagreement": (centred_spectral_norm(jacobian).square() * mean_divergence).mean().view(1),
        "alpha": torch.full_like(bias[:1], max(orders)),
        "beta": torch.full_like(bias[:1], mutual.weight),
    }


def _span(logits: Tensor) -> Tensor:
    """Largest minus least logit of every row, masks left out, `(N,)`; NaN if a logit is NaN or ∞."""
    return logits.amax(-1) - logits.masked_fill(logits.isneginf(), torch.inf).amin(-1)


def _speaks(claim: Claim, quantities: Mapping[str, Tensor]) -> bool:
    return all(name in quantities for assertion in claim.assertions for name in assertion.needs)


def _counterexample(
    statement: str, needs: Sequence[str], quantities: Instance, row: int
) -> dict[str, object]:
    report: dict[str, object] = {"assertion": statement}
    for name in needs:
        value = quantities[name][row]
        # A Jacobian has 10⁵ numbers and more: its shape must do.
        report[name] = value.tolist() if value.numel() <= 1000 else f"tensor {tuple(value.shape)}"
    return report
