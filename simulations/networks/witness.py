"""The network witness: perceptrons trained by RDML on scans of handwritten digits, claims judged on the run.

Full-batch gradients in float64, so that there is no noise and the ledger must close to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from convergence.bounds.gradient import self_bounding_constant
from convergence.claims.claim import Claim
from convergence.claims.verdict import Finding, Picture, Status, Verdict
from convergence.divergence.renyi import gradient_own, renyi_divergence
from convergence.estimators import Ledger, LedgerEntry, Mutual
from convergence.threads import one_thread
from simulations.networks.cohort import train_cohort
from simulations.networks.data import digits
from simulations.networks.figures import self_bounding_scatter, stacked_ledger
from simulations.networks.models import build
from simulations.networks.monitor import COHORT, JACOBIANS, PATH, SAMPLES, Monitor, sample_quantities
from simulations.networks.sampling import learner_seed
from simulations.plots.style import new_figure

SPEAKS_OF = (*SAMPLES, *JACOBIANS, *COHORT, *PATH)
ROWS = slice(None, None, 6)
"""Every sixth training sample stands for the set where claims on single samples are judged."""
SUBSAMPLE = 16
"""As many of these have their Jacobians taken."""


@dataclass(frozen=True)
class Trial:
    """One cohort to train: order, weight, number of learners, η and number of steps, all of them recorded."""

    alpha: float
    beta: float = 1.0
    learners: int = 2
    step_size: float = 0.5
    steps: int = 24


QUICK = (Trial(1.5), Trial(0.5))
FULL = (
    Trial(1.5, steps=100),
    Trial(0.5, steps=100),
    Trial(1.0, steps=60),
    Trial(2.0, learners=3, steps=60),
    Trial(5.0, beta=3.0, steps=60),
)

OptimizerOf = Callable[[nn.Module, float], torch.optim.Optimizer]
"""`(model, η) -> optimiser`; the tests put broken ones here."""


def plain_sgd(model: nn.Module, step_size: float) -> torch.optim.Optimizer:
    """The optimiser that the theory speaks of."""
    return torch.optim.SGD(model.parameters(), lr=step_size)


def witness(
    claims: Sequence[Claim],
    *,
    seed: int,
    full: bool,
    progress: Callable[[str], None],
    optimizer_of: OptimizerOf = plain_sgd,
) -> Iterator[Finding]:
    """Train the cohorts of `QUICK` or `FULL`; yield a verdict a claim, its worst over them, and two pictures.

    The verdicts depend on the seed alone. Claims of which a run cannot speak are passed over.
    """
    chosen = [claim for claim in claims if claim.id in SPEAKS_OF]
    if not chosen:
        return
    worst: dict[str, Verdict] = {}
    pictures: list[Picture] = []
    for trial in FULL if full else QUICK:
        progress(f"digits, RDML α={trial.alpha:g}")
        verdicts, entries, pairs = run(trial, chosen, seed=seed, optimizer_of=optimizer_of)
        if not pictures:
            pictures = [ledger_picture(trial, entries), scatter_picture(trial, pairs)]
        for verdict in verdicts:
            worst[verdict.claim] = worse(worst.get(verdict.claim), verdict)
    for claim in chosen:
        if claim.id in worst:
            yield worst[claim.id]
    yield from pictures


def run(
    trial: Trial, claims: Sequence[Claim], *, seed: int, optimizer_of: OptimizerOf = plain_sgd
) -> tuple[list[Verdict], list[LedgerEntry], tuple[Tensor, Tensor]]:
    """Train one cohort; verdicts, the ledger, and every `(D, ‖q−r‖²)` that was met."""
    with one_thread():
        return _run(trial, claims, seed, optimizer_of)


def _run(
    trial: Trial, claims: Sequence[Claim], seed: int, optimizer_of: OptimizerOf
) -> tuple[list[Verdict], list[LedgerEntry], tuple[Tensor, Tensor]]:
    data = digits()
    batch = (data.train_inputs, data.train_labels)
    models = [build("mlp", data, seed=learner_seed(seed, k)) for k in range(trial.learners)]
    optimizers = [optimizer_of(model, trial.step_size) for model in models]
    monitor = Monitor(claims, data.train_inputs[ROWS], subsample=SUBSAMPLE)
    ledger = Ledger(models, optimizers, batches=[batch], alpha=trial.alpha, beta=trial.beta)
    pairs: list[tuple[Tensor, Tensor]] = []

    def before(step: int, mutual: Mutual) -> None:
        monitor.observe(models, mutual)
        pairs.append(_divergences_and_gradients(models, data.train_inputs[ROWS], mutual))

    trained = train_cohort(
        models,
        optimizers,
        [batch],
        steps=trial.steps,
        alpha=trial.alpha,
        beta=trial.beta,
        ledger=ledger,
        before_step=before,
    )
    if trained.trouble:
        raise RuntimeError(trained.trouble)
    name = f"{trial.learners} MLPs on digits, α={trial.alpha:g}, η={trial.step_size:g}, full batch"
    verdicts = [v for own in monitor.verdicts(trained.ledger, name).values() for v in own]
    return verdicts, trained.ledger, (torch.cat([d for d, _ in pairs]), torch.cat([g for _, g in pairs]))


def _divergences_and_gradients(
    models: Sequence[nn.Module], inputs: Tensor, mutual: Mutual
) -> tuple[Tensor, Tensor]:
    with torch.no_grad():
        logits = [model(inputs) for model in models]
    pair = sample_quantities(logits, 0, mutual)
    divergence = renyi_divergence(pair["target"], pair["own"], alpha=pair["alpha"])
    return divergence, gradient_own(pair["target"], pair["own"], alpha=pair["alpha"]).square().sum(-1)


def worse(one: Verdict | None, other: Verdict) -> Verdict:
    """The worse of two verdicts, with the time and the number of both."""
    if one is None:
        return other
    order = (Status.FAILED, Status.REFUTED, Status.CHECKED)
    worse = min(
        (one, other), key=lambda v: (order.index(v.status), v.margin if v.margin is not None else 0.0)
    )
    return replace(worse, seconds=one.seconds + other.seconds)


def ledger_picture(trial: Trial, entries: Sequence[LedgerEntry]) -> Picture:
    """The ledger of the first learner, stacked over iterations."""
    own = [entry for entry in entries if entry.learner == 0]
    figure, axes = new_figure(7.0, 4.2)
    stacked_ledger(axes, own)
    worst = max(entry.closure_error for entry in entries)
    axes.set_title(f"Ledger of learner 0 on digits, α={trial.alpha:g}, η={trial.step_size:g}")
    return Picture(
        "digits-ledger",
        figure,
        f"Ledger of the first of {trial.learners} perceptrons trained on the digits by RDML with "
        f"α={trial.alpha:g} and full-batch gradients: at each of {len(own)} iterations the signed terms that "
        f"add up to the squared gradient norm. They close to {worst:.0e} of the sum of their magnitudes.",
    )


def scatter_picture(trial: Trial, pairs: tuple[Tensor, Tensor]) -> Picture:
    """Mutual gradients that the first learner met, against divergences and the line of self-bounding."""
    figure, axes = new_figure(6.0, 4.5)
    constant = float(self_bounding_constant(trial.alpha))
    self_bounding_scatter(axes, *pairs, alpha=trial.alpha, constant=constant)
    axes.set_title("Mutual gradients of a digits run stay below the line")
    return Picture(
        "self-bounding",
        figure,
        f"Squared mutual gradient against the divergence of order {trial.alpha:g} for {len(pairs[0])} "
        f"predictions of a run on the digits, on logarithmic axes; all lie below the line {constant:g}·D.",
    )
