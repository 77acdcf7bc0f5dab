"""Which rule an optimiser follows, and the iterate at which its step is a plain gradient step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class SgdRule:
    r"""SGD as in `torch.optim.SGD`, dampening 0.

    With the momentum buffer u, `x̃ = x − κu` satisfies `x̃_{t+1} = x̃_t − η̃g_t` exactly for constant η and γ:
    `η̃ = η/(1−γ)`, `κ = ηγ/(1−γ)` for heavy ball and `ηγ²/(1−γ)` for Nesterov. Source: ours.

    Args:
        step_size: η.
        momentum: γ ∈ [0, 1).
        nesterov: Nesterov's momentum instead of heavy ball.
        weight_decay: λ, coupled: F becomes `F + λ‖x‖²/2`.
    """

    step_size: float
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    @property
    def effective_step_size(self) -> float:
        """`η̃`."""
        return self.step_size / (1 - self.momentum)

    @property
    def lag(self) -> float:
        """`κ`."""
        return self.effective_step_size * self.momentum ** (2 if self.nesterov else 1)


def sgd_rule(optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]) -> SgdRule:
    """The rule by which `optimizer` moves `parameters`; `ValueError` where the ledger knows none."""
    if not isinstance(optimizer, torch.optim.SGD):
        raise ValueError(
            f"optimizer is {type(optimizer).__name__}; the ledger's identity holds for torch.optim.SGD "
            "(momentum, Nesterov and coupled weight decay included) only"
        )
    wanted = {id(parameter) for parameter in parameters}
    rules = set()
    for group in optimizer.param_groups:
        held = {id(parameter) for parameter in group["params"]} & wanted
        wanted -= held
        if not held:
            continue
        if group["dampening"] != 0 or group["maximize"]:
            raise ValueError(
                f"optimizer has dampening {group['dampening']} and maximize {group['maximize']}; "
                "the ledger needs 0 and False"
            )
        if not (group["lr"] > 0 and 0 <= group["momentum"] < 1):
            raise ValueError(
                f"optimizer has lr {group['lr']} and momentum {group['momentum']}; "
                "a positive lr and a momentum in [0, 1) are needed"
            )
        rules.add(
            SgdRule(float(group["lr"]), group["momentum"], group["nesterov"], float(group["weight_decay"]))
        )
    if wanted:
        raise ValueError(
            f"optimizer lacks {len(wanted)} of the learner's {len(parameters)} parameter tensors"
        )
    if len(rules) > 1:
        raise ValueError("optimizer moves one learner by groups with different settings; one rule is needed")
    return rules.pop()


def momentum_buffers(optimizer: torch.optim.Optimizer, parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """The buffer u of every parameter; zeros before the first step."""
    buffers = []
    for parameter in parameters:
        buffer = optimizer.state.get(parameter, {}).get("momentum_buffer")
        buffers.append(torch.zeros_like(parameter) if buffer is None else buffer)
    return buffers


def gradients(parameters: Sequence[nn.Parameter]) -> list[Tensor]:
    """What `.grad` holds of every parameter; zeros where it holds nothing."""
    return [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]


def gradient_scale(optimizer: torch.optim.Optimizer) -> float:
    """What the step that comes divides `.grad` by: not 1 for a fused optimiser under a `GradScaler`."""
    scale = getattr(optimizer, "grad_scale", None)
    return 1.0 if scale is None else float(scale)


def finds_overflow(optimizer: torch.optim.Optimizer) -> bool:
    """Whether a fused optimiser leaves out the step that comes, for a `GradScaler`; others are not told to step."""
    found = getattr(optimizer, "found_inf", None)
    return found is not None and bool(found)
