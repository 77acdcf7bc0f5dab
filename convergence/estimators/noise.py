r"""Gradient noise: the variance of per-sample gradients, unbiased, over a data set.

For a batch of B samples drawn with replacement `E‖n‖² = σ²(N−1)/(NB)`, without replacement `σ²(N−B)/(NB)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from convergence.estimators.ledger import flatten
from convergence.estimators.passes import Batches, Replica

SampleLoss = Callable[[Tensor, Tensor], Tensor]
"""`(logits (N, C), labels (N,)) -> losses (N,)`, each a function of its own row."""


def cross_entropy_per_sample(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of every row in nats, `(N,)`."""
    return torch.nn.functional.cross_entropy(logits, labels, reduction="none")


def gradient_variance(
    model: nn.Module, batches: Batches, loss: SampleLoss = cross_entropy_per_sample
) -> float:
    r"""`σ² = Σ_i ‖g_i − ḡ‖²/(N−1)`, `g_i` the gradient of sample i's loss; float64, unbiased.

    Closed form where every trainable parameter belongs to a linear layer used once on `(N, features)` inputs;
    else per-sample gradients by `vmap`.

    Raises:
        ValueError: for batch normalisation (a sample has no gradient of its own), or fewer than 2 samples.
    """
    replica = Replica(model)
    norms = linear_norms if only_linear(replica.model) else vmap_norms
    squares, total, count = 0.0, torch.zeros_like(flatten(replica.parameters)), 0
    for inputs, labels in batches:
        norm_squared, summed = norms(replica, inputs, labels, loss)
        squares += float(norm_squared.sum())
        total += summed
        count += len(labels)
    if count < 2:
        raise ValueError(f"batches hold {count} samples; a variance needs at least 2")
    return (squares - float(total @ total) / count) / (count - 1)


def only_linear(model: nn.Module) -> bool:
    """Whether every trainable parameter belongs to exactly one `nn.Linear`."""
    owned = [
        id(p) for m in model.modules() if type(m) is nn.Linear for p in m.parameters() if p.requires_grad
    ]
    return sorted(owned) == sorted(id(p) for p in model.parameters() if p.requires_grad)


def linear_norms(replica: Replica, inputs: Tensor, labels: Tensor, loss: SampleLoss) -> tuple[Tensor, Tensor]:
    r"""`‖g_i‖²` `(N,)` and `Σg_i` `(d,)`; a weight's gradient is `δ_i a_iᵀ`, of norm `‖δ_i‖‖a_i‖`."""
    calls: list[tuple[nn.Linear, Tensor, Tensor]] = []

    def record(layer: nn.Linear, arguments: tuple[Tensor], output: Tensor) -> None:
        calls.append((layer, arguments[0], output))

    layers = [
        m
        for m in replica.model.modules()
        if type(m) is nn.Linear and any(p.requires_grad for p in m.parameters())
    ]
    hooks = [layer.register_forward_hook(record) for layer in layers]
    try:
        logits = replica.logits(inputs)
    finally:
        for hook in hooks:
            hook.remove()
    used_once = len(calls) == len(layers) == len({id(layer) for layer, _, _ in calls})
    if not used_once or any(activation.ndim != 2 for _, activation, _ in calls):
        return vmap_norms(replica, inputs, labels, loss)
    deltas = torch.autograd.grad(loss(logits, labels).sum(), [output for _, _, output in calls])
    squares = torch.zeros_like(logits[:, 0])
    sums: dict[Tensor, Tensor] = {}
    for (layer, activation, _), delta in zip(calls, deltas, strict=True):
        size = delta.square().sum(1)
        if layer.weight.requires_grad:
            squares += size * activation.detach().square().sum(1)
            sums[layer.weight] = delta.T @ activation.detach()
        if layer.bias is not None and layer.bias.requires_grad:
            squares += size
            sums[layer.bias] = delta.sum(0)
    return squares, flatten([sums[parameter] for parameter in replica.parameters])


def vmap_norms(
    replica: Replica, inputs: Tensor, labels: Tensor, loss: SampleLoss, *, chunk: int = 64
) -> tuple[Tensor, Tensor]:
    """`‖g_i‖²` `(N,)` and `Σg_i` `(d,)` from per-sample gradients, `chunk` samples at a time."""
    trainable = {n: p.detach() for n, p in replica.model.named_parameters() if p.requires_grad}

    def sample_loss(parameters: dict[str, Tensor], sample: Tensor, label: Tensor) -> Tensor:
        logits = functional_call(replica.model, parameters, (sample.unsqueeze(0),))
        return loss(logits, label.unsqueeze(0)).squeeze(0)

    gradients = vmap(grad(sample_loss), in_dims=(None, 0, 0))
    squares, total = [], torch.zeros_like(flatten(replica.parameters))
    for rows, row_labels in _chunks(inputs.to(torch.float64), labels, chunk):
        parts = [part.flatten(1) for part in gradients(trainable, rows, row_labels).values()]
        squares.append(sum(part.square().sum(1) for part in parts))
        total += torch.cat([part.sum(0) for part in parts])
    return torch.cat(squares), total


def _chunks(inputs: Tensor, labels: Tensor, size: int) -> Sequence[tuple[Tensor, Tensor]]:
    return list(zip(inputs.split(size), labels.split(size), strict=True))
