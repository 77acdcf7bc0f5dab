"""The divergence and its peers: accuracy, speed and memory on the same logits."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from statistics import median
from typing import NamedTuple

import torch
from divergence_accuracy import Arithmetic, cases, errors, ours
from divergence_rivals import kl, published
from divergence_speed import by_pairs, kl_div_step, our_step, peak_memory, published_step
from torch import Tensor

from convergence.divergence.exact import exact

CASES = 600
ORDER = 1.5


def pytorch_dml(target: Tensor, own: Tensor, alpha: float = 1) -> Tensor:
    """pytorch-dml's loss at temperature 1: the mean over the batch."""
    from pydml.core.losses import KLDivergenceLoss

    return KLDivergenceLoss()(own.reshape(-1, own.shape[-1]), target.reshape(-1, target.shape[-1]))


def dit(target: Tensor, own: Tensor, alpha: float) -> Tensor:
    """The Rényi divergence of dit, from probabilities and in nats; it has no gradient."""
    from dit import Distribution
    from dit.divergences import renyi_divergence

    outcomes = [(k,) for k in range(len(target))]
    p, q = (Distribution(outcomes, z.detach().double().softmax(-1).tolist()) for z in (target, own))
    value = math.log(2) * float(renyi_divergence(p, q, alpha=alpha))
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


class Peer(NamedTuple):
    """A peer's divergence, its dtype, the orders it has, and the package that it needs."""

    name: str
    divergence: Callable[[Tensor, Tensor, float], Tensor]
    dtype: torch.dtype
    has: Callable[[float], bool]
    package: str = "torch"


def _every(alpha: float) -> bool:
    return True


def _one(alpha: float) -> bool:
    return alpha == 1


DOUBLE, SINGLE = torch.float64, torch.float32
LINES = [
    Peer("renyi-dml, float64", ours("accurate"), DOUBLE, _every),
    Peer("published loss, float64", published, DOUBLE, _every),
    Peer("F.kl_div, float64", kl, DOUBLE, _one),
    Peer("pytorch-dml, float64", pytorch_dml, DOUBLE, _one, "pydml"),
    Peer("dit, float64", dit, DOUBLE, lambda alpha: alpha < math.inf, "dit"),
    Peer("renyi-dml, float32", ours("accurate"), SINGLE, _every),
    Peer("renyi-dml fast, float32", ours("fast"), SINGLE, _every),
    Peer("published loss, float32", published, SINGLE, _every),
    Peer("F.kl_div, float32", kl, SINGLE, _one),
    Peer("pytorch-dml, float32", pytorch_dml, SINGLE, _one, "pydml"),
]


def accuracy_rows() -> tuple[list[str], list[list[object]]]:
    """How often each is wrong on the same cases."""
    head = ["", "cases", "failed", "D off by > 1 %", "D off by > 1e-6", "gradient off by > 1 %"]
    rows: list[list[object]] = []
    tests = {dtype: list(cases(CASES, dtype, [])) for dtype in (DOUBLE, SINGLE)}
    true = {d: [exact(c.target.tolist(), c.own.tolist(), alpha=c.alpha) for c in tests[d]] for d in tests}
    for peer in LINES:
        if find_spec(peer.package) is None:
            rows.append([peer.name, f"skipped: {peer.package} is not installed"])
            continue
        floor = 2.0**-970 if peer.dtype == DOUBLE else 2.0**-100  # numbers underflow
        line = Arithmetic(peer.name, peer.dtype, peer.divergence, lambda _: None, floor)
        found = [
            _errors(line, c, t)
            for c, t in zip(tests[peer.dtype], true[peer.dtype], strict=True)
            if peer.has(c.alpha)
        ]
        values, gradients = zip(*found, strict=True)
        off = [sum(value > bar for value in values) for bar in (1e-2, 1e-6)]
        wrong = "–" if peer.name.startswith("dit") else sum(g > 1e-2 for g in gradients)
        rows.append([peer.name, len(found), sum(map(math.isinf, values)), *off, wrong])
    return head, rows


def _errors(line: Arithmetic, case: object, true: object) -> tuple[float, float]:
    try:
        return errors(line, case, true)  # type: ignore[arg-type]
    except Exception:  # the peer raised
        return math.inf, math.inf


def dit_values(learners: list[Tensor]) -> None:
    """What dit can do of a step: the value of every pair."""
    for k, own in enumerate(learners):
        for j, target in enumerate(learners):
            if j != k:
                for row in range(len(own)):
                    dit(target[row], own[row], ORDER)


def speed_rows() -> tuple[list[str], list[list[object]]]:
    """Milliseconds of a step, and the ratio to ours."""
    head = ["(K, B, C)", "", "ms", "over ours, same order"]
    rows: list[list[object]] = []
    for shape, rounds in (((2, 128, 10), 60), ((4, 128, 100), 20), ((2, 128, 1000), 12)):
        logits = torch.randn(shape, generator=torch.Generator().manual_seed(0)).requires_grad_()
        learners = [z.detach().clone().requires_grad_() for z in logits]
        steps: dict[str, tuple[Callable[[], object], str]] = {
            "ours": (partial(our_step, logits, alpha=ORDER, precision="accurate"), "ours"),
            "ours, fast": (partial(our_step, logits, alpha=ORDER, precision="fast"), "ours"),
            "ours, α = 1": (partial(our_step, logits, alpha=1.0, precision="accurate"), "ours, α = 1"),
            "published loss": (partial(published_step, learners), "ours"),
            "F.kl_div (α = 1)": (partial(kl_div_step, learners), "ours, α = 1"),
        }
        if find_spec("pydml"):
            steps["pytorch-dml (α = 1)"] = (partial(by_pairs, learners, pytorch_dml), "ours, α = 1")
        if find_spec("dit") and shape == (2, 128, 10):
            steps["dit (values only)"] = (partial(dit_values, learners), "ours")
        times: dict[str, list[float]] = {name: [] for name in steps}
        for number in range(rounds + 1):
            for name, (step, _) in steps.items():
                if name.startswith("dit") and number > 1:
                    continue
                began = time.process_time()
                step()
                if number > 0:  # the first round compiles
                    times[name].append(time.process_time() - began)
        for name, (_, side) in steps.items():
            ratio = median(times[name]) / median(times[side])
            rows.append([shape, name, f"{1e3 * median(times[name]):.2f}", f"{ratio:.2f}"])
    rows += [
        ["", f"{package}: skipped, not installed"] for package in ("pydml", "dit") if not find_spec(package)
    ]
    return head, rows


def memory_rows() -> tuple[list[str], list[list[object]]]:
    """Peak memory of one step."""
    names = ("accurate", "published", "kl_div")
    rows = [
        [shape, *(f"{peak_memory(shape, name):.0f}" for name in names)]
        for shape in ((2, 1024, 1000), (2, 1024, 32000))
    ]
    return ["(K, B, C)", "ours", "published loss", "F.kl_div"], rows
