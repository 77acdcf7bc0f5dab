"""Exact losses and gradients of a cohort over a whole data set, in float64, on copies of its models."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from convergence.estimators.jacobian import refuse_batch_normalisation
from convergence.estimators.ledger import flatten
from convergence.estimators.mutual import Mutual

Batches = Iterable[tuple[Tensor, Tensor]]
"""Inputs and labels in chunks, iterated over once per measurement: a list, or a `DataLoader`."""
Total = Callable[[Tensor], Tensor]
"""Adds up float64 sums over the processes that share the batches; the identity for one process."""
UNLABELLED = -100
"""The label of samples that the cross-entropy leaves out, of its sum and of its mean, as PyTorch's does."""


def repeatable(batches: Batches) -> Batches:
    """The batches, as many times as wanted: what an iterator gives is kept.

    Raises:
        ValueError: a list that is empty or has other members than pairs of inputs `(N, *features)` and labels
            `(N,)`. (A loader is not looked at: its workers and random numbers belong to the caller.)
    """
    if isinstance(batches, Iterator | Tensor):
        batches = list(batches)
    if not isinstance(batches, Sequence):
        return batches
    if not batches:
        raise ValueError("batches is empty; at least one pair (inputs, labels) is needed")
    for index, pair in enumerate(batches):
        if not (isinstance(pair, Sequence) and [isinstance(part, Tensor) for part in pair] == [True, True]):
            raise ValueError(
                f"batches[{index}] is a {type(pair).__name__}; a pair of tensors (inputs, labels) is needed"
            )
        inputs, labels = (tuple(part.shape) for part in pair)
        if labels != inputs[:1]:
            raise ValueError(
                f"batches[{index}] has inputs of shape {inputs} and labels of shape {labels}; a label for each "
                f"input is needed, {inputs[:1]}"
            )
    return batches


@dataclass(frozen=True)
class Measurement:
    """F and `∇F` of one learner, means over the labelled samples, and b, over all; `(d,)`, zeros where not asked."""

    objective: float
    gradient: Tensor
    bias: Tensor


class Replica:
    """A float64 copy of a learner in evaluation mode, placed at any parameter vector."""

    def __init__(self, model: nn.Module) -> None:
        refuse_batch_normalisation(model)
        self.model = copy.deepcopy(model).to(torch.float64).eval()
        self.parameters = [p for p in self.model.parameters() if p.requires_grad]
        self.constants = constants(self.model)

    def place(self, point: Tensor) -> None:
        """Set the trainable parameters to `point`, `(d,)`."""
        with torch.no_grad():
            for parameter, part in zip(
                self.parameters, point.split([p.numel() for p in self.parameters]), strict=True
            ):
                parameter.copy_(part.view_as(parameter))

    def follow(self, found: Sequence[Tensor]) -> None:
        """Set the frozen parameters and buffers to those `found`, in the order of `constants`."""
        if len(self.constants) != len(found):
            raise ValueError(
                f"a model has {len(found)} frozen parameters and buffers, {len(self.constants)} when it was copied; it "
                "must keep them"
            )
        with torch.no_grad():
            for constant, value in zip(self.constants, found, strict=True):
                constant.copy_(value)

    def logits(self, inputs: Tensor) -> Tensor:
        """`z`, `(N, C)`, in float64."""
        return self.model(in_float64(inputs))


def in_float64(inputs: Tensor) -> Tensor:
    """Inputs in float64; integers, which stand for tokens or positions, as they are."""
    return inputs.to(torch.float64) if inputs.is_floating_point() else inputs


def constants(model: nn.Module) -> list[Tensor]:
    """What the model computes with but does not train: frozen parameters, then buffers."""
    return [*(p for p in model.parameters() if not p.requires_grad), *model.buffers()]


def refuse_shared_parameters(models: Sequence[nn.Module]) -> None:
    """A parameter that two learners train moves by the gradients of both: neither's step is its own."""
    owners: dict[int, tuple[int, str]] = {}
    for k, model in enumerate(models):
        for name, parameter in model.named_parameters():
            j, other = owners.setdefault(id(parameter), (k, name))
            if j != k and parameter.requires_grad:
                raise ValueError(
                    f"models[{k}] shares its parameter {name} with models[{j}] ({other}); learners may share frozen "
                    "parameters only"
                )


def measure(
    replicas: Sequence[Replica],
    batches: Batches,
    mutual: Mutual,
    learners: Sequence[int],
    total: Total = lambda values: values,
) -> dict[int, Measurement]:
    """F, `∇F` and `b` of each of `learners` at the replicas' points, by two backward passes each.

    b is `Jᵀ` of the closed form `τβ mean_j (q − r_j)`, see `Mutual.pull`.
    """
    sums = {k: _Sum(replicas[k]) for k in learners}
    for inputs, labels in batches:
        logits = [
            replica.logits(inputs) if k in sums else _without_gradient(replica, inputs)
            for k, replica in enumerate(replicas)
        ]
        for k, parts in sums.items():
            parts.add_loss(summed_loss(logits[k], labels), labels)
            if mutual.beta > 0:
                parts.add_mutual(logits[k], mutual.pull(logits, k))
    return {k: parts.mean(total) for k, parts in sums.items()}


def step_gradients(
    replicas: Sequence[Replica], batch: tuple[Tensor, Tensor], mutual: Mutual, learners: Sequence[int]
) -> dict[int, Tensor]:
    """`g`, `(d,)`, of each of `learners`: the gradient of its mean loss on one batch, by one backward pass."""
    inputs, labels = batch
    logits = [
        replica.logits(inputs) if k in learners else _without_gradient(replica, inputs)
        for k, replica in enumerate(replicas)
    ]
    found = {}
    for k in learners:
        loss = summed_loss(logits[k], labels) / labelled(labels)
        pull = mutual.pull(logits, k) / len(labels) if mutual.beta > 0 else torch.zeros_like(logits[k])
        gradient = torch.autograd.grad(
            (loss, logits[k]),
            replicas[k].parameters,
            (torch.ones_like(loss), pull),
            allow_unused=True,
            materialize_grads=True,
        )
        found[k] = flatten(gradient)
    return found


def measure_objective(
    replica: Replica, batches: Batches, *, gradient: bool, total: Total = lambda values: values
) -> Measurement:
    """F alone of one learner at its replica's point, with `∇F` where asked."""
    parts = _Sum(replica)
    for inputs, labels in batches:
        with torch.set_grad_enabled(gradient):
            parts.add_loss(summed_loss(replica.logits(inputs), labels), labels)
    return parts.mean(total)


def labelled(labels: Tensor) -> int:
    """How many samples the mean of the cross-entropy is over."""
    return int((labels != UNLABELLED).sum())


def summed_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy summed over `(N, C)` and `(N,)`, with the classes off the last axis, which is faster."""
    if labels.is_floating_point():
        raise TypeError(f"labels has dtype {labels.dtype}; classes are integers")
    try:
        return cross_entropy(logits.mT.unsqueeze(0), labels.long().unsqueeze(0), reduction="sum")
    except IndexError as error:
        raise labels_out_of_range(labels, logits.shape[-1]) from error


def labels_out_of_range(labels: Tensor, classes: int) -> ValueError:
    """The error that says which labels do not fit logits of so many classes."""
    return ValueError(
        f"labels span [{int(labels.min())}, {int(labels.max())}]; logits of {classes} classes need labels in "
        f"[0, {classes - 1}]"
    )


def _without_gradient(replica: Replica, inputs: Tensor) -> Tensor:
    with torch.no_grad():
        return replica.logits(inputs)


class _Sum:
    """Running sums of one learner over chunks."""

    def __init__(self, replica: Replica) -> None:
        self.parameters = replica.parameters
        self.objective, self.labelled, self.samples = 0.0, 0, 0
        self.gradient = torch.zeros_like(flatten(self.parameters))
        self.bias = torch.zeros_like(self.gradient)

    def add_loss(self, loss: Tensor, labels: Tensor) -> None:
        self.objective += float(loss.detach())
        self.labelled += labelled(labels)
        self.samples += len(labels)
        if loss.requires_grad:
            self.gradient += self._backward(loss, retain_graph=True)

    def add_mutual(self, logits: Tensor, pull: Tensor) -> None:
        self.bias += self._backward(logits, pull)

    def _backward(
        self, output: Tensor, by_output: Tensor | None = None, *, retain_graph: bool = False
    ) -> Tensor:
        return flatten(
            torch.autograd.grad(
                output,
                self.parameters,
                by_output,
                retain_graph=retain_graph,
                allow_unused=True,
                materialize_grads=True,
            )
        )

    def mean(self, total: Total) -> Measurement:
        here = self.gradient.new_tensor([self.objective, self.labelled, self.samples])
        objective, with_label, samples = total(here).tolist()
        if with_label == 0:
            raise ValueError(
                f"batches hold {samples:.0f} samples, none of them labelled; at least 1 is needed"
            )
        return Measurement(
            objective / with_label, total(self.gradient) / with_label, total(self.bias) / samples
        )
