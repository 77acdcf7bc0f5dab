r"""Gradient noise: the variance of per-sample gradients, unbiased, over a data set.

For a batch of B samples drawn with replacement `E‖n‖² = σ²(N−1)/(NB)`, without replacement `σ²(N−B)/(NB)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap

from convergence.estimators.ledger import flatten
from convergence.estimators.passes import Batches, Replica, in_float64

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
    else per-sample gradients by `vmap`. Sums are of differences from a sample of the batch, and batches are put
    together as Chan, Golub and LeVeque (1983) do, so that no digits go to the size of ḡ. A label −100 makes a
    sample of gradient 0: leave such samples out.

    Raises:
        ValueError: for batch normalisation (a sample has no gradient of its own), or fewer than 2 samples.
    """
    replica = Replica(model)
    norms = linear_norms if only_linear(replica.model) else vmap_norms
    spread, mean, count = 0.0, torch.zeros_like(flatten(replica.parameters)), 0
    for inputs, labels in batches:
        size = len(labels)
        if size == 0:
            continue
        squares, summed, first = norms(replica, inputs, labels, loss)
        step = first + summed / size - mean
        spread += float(squares.sum()) - float(summed @ summed) / size
        spread += float(step @ step) * count * size / (count + size)
        mean += step * (size / (count + size))
        count += size
    if count < 2:
        raise ValueError(f"batches hold {count} samples; a variance needs at least 2")
    return max(spread, 0.0) / (count - 1)  # below 0 by rounding at most


def only_linear(model: nn.Module) -> bool:
    """Whether every trainable parameter belongs to exactly one `nn.Linear`."""
    owned = [
        id(p) for m in model.modules() if type(m) is nn.Linear for p in m.parameters() if p.requires_grad
    ]
    return sorted(owned) == sorted(id(p) for p in model.parameters() if p.requires_grad)


def linear_norms(
    replica: Replica, inputs: Tensor, labels: Tensor, loss: SampleLoss
) -> tuple[Tensor, Tensor, Tensor]:
    r"""`‖g_i − g_0‖²` `(N,)`, `Σ(g_i − g_0)` and `g_0` `(d,)` from `g_i = δ_i a_iᵀ`, a layer's weight at a time.

    What overwrites an activation, uses a weight a second time or mixes rows shows in a randomly weighted sum
    of the g_i, which autograd gives as well: then it is `vmap_norms`.
    """
    calls, logits = _linear_calls(replica, inputs)
    used_once = 0 < len(calls) == len({id(layer) for layer, _, _ in calls})
    if not used_once or any(activation.shape[:-1] != inputs.shape[:1] for _, activation, _ in calls):
        return vmap_norms(replica, inputs, labels, loss)
    losses = loss(logits, labels)
    weights = torch.rand(len(losses), generator=torch.Generator().manual_seed(0)).to(losses)
    outputs = [output for _, _, output in calls]
    deltas = torch.autograd.grad(
        losses.sum(), outputs, retain_graph=True, allow_unused=True, materialize_grads=True
    )
    weighted = torch.autograd.grad(
        losses @ weights, replica.parameters, allow_unused=True, materialize_grads=True
    )
    squares = torch.zeros_like(losses).detach()
    # Of every parameter: Σ(g_i − g_0), g_0 and the weighted sum.
    sums: dict[Tensor, list[Tensor]] = {
        parameter: [torch.zeros_like(parameter)] * 3 for parameter in replica.parameters
    }
    for (layer, activation, _), delta in zip(calls, deltas, strict=True):
        first, first_delta = activation[0], delta[0]
        change, delta_change = activation - first, delta - first_delta
        size = delta_change.square().sum(1)
        if layer.weight.requires_grad:
            # δaᵀ − δ_0a_0ᵀ = (δ−δ_0)aᵀ + δ_0(a−a_0)ᵀ
            squares += size * activation.square().sum(1) + first_delta.square().sum() * change.square().sum(1)
            squares += 2 * (delta_change @ first_delta) * (activation * change).sum(1)
            total = delta_change.T @ activation + first_delta.outer(change.sum(0))
            sums[layer.weight] = [total, first_delta.outer(first), (weights * delta.T) @ activation]
        if layer.bias is not None and layer.bias.requires_grad:
            squares += size
            sums[layer.bias] = [delta_change.sum(0), first_delta, weights @ delta]
    total, first, found = (flatten(parts) for parts in zip(*sums.values(), strict=True))
    expected = flatten(weighted)
    if not (found - expected).norm() <= 1e-9 * expected.norm():
        return vmap_norms(replica, inputs, labels, loss)
    return squares, total, first


def _linear_calls(replica: Replica, inputs: Tensor) -> tuple[list[tuple[nn.Linear, Tensor, Tensor]], Tensor]:
    """Every call of a linear layer that trains, with its input (detached) and output; and the logits."""
    calls: list[tuple[nn.Linear, Tensor, Tensor]] = []

    def record(layer: nn.Linear, arguments: tuple[Tensor], output: Tensor) -> None:
        calls.append((layer, arguments[0].detach(), output))

    hooks = [
        m.register_forward_hook(record)
        for m in replica.model.modules()
        if type(m) is nn.Linear and any(p.requires_grad for p in m.parameters())
    ]
    try:
        return calls, replica.logits(inputs)
    finally:
        for hook in hooks:
            hook.remove()


def vmap_norms(
    replica: Replica, inputs: Tensor, labels: Tensor, loss: SampleLoss, *, chunk: int = 64
) -> tuple[Tensor, Tensor, Tensor]:
    """`‖g_i − g_0‖²` `(N,)`, `Σ(g_i − g_0)` and `g_0` `(d,)` from per-sample gradients, `chunk` samples at a time."""
    trainable = {n: p.detach() for n, p in replica.model.named_parameters() if p.requires_grad}

    def sample_loss(parameters: dict[str, Tensor], sample: Tensor, label: Tensor) -> Tensor:
        logits = functional_call(replica.model, parameters, (sample.unsqueeze(0),))
        return loss(logits, label.unsqueeze(0)).squeeze(0)

    gradients = vmap(grad(sample_loss), in_dims=(None, 0, 0))
    squares: list[Tensor] = []
    total = torch.zeros_like(flatten(replica.parameters))
    for rows, row_labels in _chunks(in_float64(inputs), labels, chunk):
        parts = [part.flatten(1) for part in gradients(trainable, rows, row_labels).values()]
        if not squares:
            first = torch.cat([part[0] for part in parts])
        for part, reference in zip(parts, first.split([part.shape[1] for part in parts]), strict=True):
            part -= reference
        squares.append(sum(part.square().sum(1) for part in parts))
        total += torch.cat([part.sum(0) for part in parts])
    return torch.cat(squares), total, first


def _chunks(inputs: Tensor, labels: Tensor, size: int) -> Sequence[tuple[Tensor, Tensor]]:
    return list(zip(inputs.split(size), labels.split(size), strict=True))
