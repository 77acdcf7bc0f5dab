r"""Many cohorts of equal perceptrons trained at once as one batch of matrices, with gradients in closed form.

The mutual term needs no automatic differentiation: its gradient in the logits of learner k is
`τβ/(K−1) Σ_{j≠k}(q_k − r_jk)` (`grad-own`), and that of a linear layer is an outer product. Samples are the
last axis throughout, which is what makes softmax over a few classes fast.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from convergence.estimators.passes import labels_out_of_range
from simulations.networks.stacked_passes import Passes


class StackedCohorts:
    r"""S cohorts of K perceptrons of one shape, each with its own batches and, if wanted, its own settings.

    Equal to `cohort.train_cohort` with simultaneous updates and `torch.optim.SGD`, up to rounding.

    Args:
        cohorts: S sequences of K perceptrons, `Flatten, Linear, (ReLU, Linear)*` as `models.mlp` makes them;
            copied. `write_back` puts the trained weights into them.
        step_size: η, one or one per cohort `(S,)`.
        alpha: finite order, one, one per cohort `(S,)`, or `alpha[s, k, j]` for `D(p_j‖p_k)` `(S, K, K)`.
        beta: weight β of the mutual term, one or one per cohort `(S,)`.
        temperature: τ of the mutual term, see `Mutual`.
        momentum: γ, as in `torch.optim.SGD`; so `nesterov` and `weight_decay`.
        nesterov: Nesterov's momentum.
        weight_decay: λ, coupled.
    """

    def __init__(
        self,
        cohorts: Sequence[Sequence[nn.Module]],
        *,
        step_size: float | Tensor,
        alpha: float | Tensor = 1.0,
        beta: float | Tensor = 1.0,
        temperature: float = 1.0,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        layers = [[_linear_layers(model) for model in cohort] for cohort in cohorts]
        shapes = {
            tuple(tuple(layer.weight.shape) for layer in model) for cohort in layers for model in cohort
        }
        if len(shapes) != 1 or len({len(cohort) for cohort in cohorts}) != 1:
            raise ValueError("cohorts must hold equal numbers of perceptrons of one shape")
        self.cohorts, self.learners = len(cohorts), len(cohorts[0])
        _check_descent(step_size, temperature, momentum, nesterov, weight_decay)
        first = layers[0][0][0].weight
        self._shapes = [(outer, inner + 1) for outer, inner in next(iter(shapes))]
        sizes = [self.cohorts * self.learners * outer * inner for outer, inner in self._shapes]
        self._flat = torch.empty(sum(sizes), dtype=first.dtype, device=first.device)
        self._gradient = torch.empty_like(self._flat)
        self._buffer = torch.zeros_like(self._flat) if momentum else None
        self._weights = self._per_layer(self._flat, sizes)
        self._weight_gradients = self._per_layer(self._gradient, sizes)
        for depth, weight in enumerate(self._weights):
            for s, cohort in enumerate(layers):
                for k, model in enumerate(cohort):
                    layer = model[depth]
                    weight[s, k, :, :-1] = layer.weight.detach()
                    weight[s, k, :, -1] = layer.bias.detach()
        self._step_size = (
            step_size if isinstance(step_size, float) else self._broadcast("step_size", step_size)
        )
        self._set_mutual(alpha, beta)
        self._temperature = temperature
        self._momentum, self._nesterov, self._weight_decay = momentum, nesterov, weight_decay
        self.passes: Passes | None = None
        """Buffers of the last step, kept for the next on batches of the same shape."""
        self._minus_one = torch.full((1, 1, 1, 1), -1.0, dtype=first.dtype, device=first.device)

    def _per_layer(self, flat: Tensor, sizes: list[int]) -> list[Tensor]:
        return [
            part.view(self.cohorts, self.learners, *shape)
            for part, shape in zip(flat.split(sizes), self._shapes, strict=True)
        ]

    def _broadcast(self, name: str, value: float | Tensor) -> Tensor:
        tensor = torch.as_tensor(value, dtype=self._flat.dtype, device=self._flat.device)
        if tensor.ndim == 0:
            return tensor
        if tensor.shape != (self.cohorts,):
            raise ValueError(
                f"{name} has shape {tuple(tensor.shape)}; one number, or {self.cohorts}, one per cohort, is needed"
            )
        return tensor.view(-1, 1, 1, 1)

    def _set_mutual(self, alpha: float | Tensor, beta: float | Tensor) -> None:
        learners = self.learners
        orders = torch.as_tensor(alpha, dtype=self._flat.dtype, device=self._flat.device)
        if not bool(((orders >= 0) & orders.isfinite()).all()):
            raise ValueError(f"alpha is {alpha}; finite orders of at least 0 are needed")
        weights = self._broadcast("beta", beta)
        if not bool(((weights >= 0) & weights.isfinite()).all()):
            raise ValueError(f"beta is {beta}; finite numbers of at least 0 are needed")
        if learners < 2 and bool((weights > 0).any()):
            raise ValueError(f"{learners} learner with beta {beta}; a mutual term needs at least 2")
        if orders.ndim == 3 and orders.shape == (self.cohorts, learners, learners):
            orders = orders.view(self.cohorts, learners, learners, 1, 1)
        elif orders.ndim:
            orders = self._broadcast("alpha", orders).unsqueeze(-1)
        # Off where no cohort needs it: independent learners and DML are cheaper than RDML.
        self._is_mutual = bool((weights > 0).any())
        self._is_kullback_leibler = bool((orders == 1).all())
        self._orders: float | Tensor = float(orders) if orders.ndim == 0 else orders
        share = weights / max(1, learners - 1)
        self._peer_weight: float | Tensor = float(share) if share.ndim == 0 else share

    def _passes_over(self, groups: int, count: int) -> Passes:
        if self.passes is None or (self.passes.groups, self.passes.count) != (groups, count):
            self.passes = Passes(self._weights, self._weight_gradients, groups, count)
        return self.passes

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """`z`, `(S, K, N, C)`, of inputs `(N, *features)`."""
        passes = Passes(self._weights, self._weight_gradients, 1, len(inputs))
        return passes.forward(inputs.flatten(1).unsqueeze(0)).transpose(2, 3)

    @torch.no_grad()
    def losses(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of every learner on `(N, *features)` and `(N,)`, `(S, K)`."""
        self._check_batch(inputs.unsqueeze(0), labels.unsqueeze(0))
        scores = log_softmax(self.logits(inputs), -1)
        return -scores.gather(3, labels.expand(self.cohorts, self.learners, -1).unsqueeze(3)).mean((2, 3))

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor) -> None:
        """One simultaneous step of all on batches `(S, B, *features)` and `(S, B)`, or one batch for all."""
        if labels.ndim == 1:
            inputs, labels = inputs.unsqueeze(0), labels.unsqueeze(0)
        self._check_batch(inputs, labels)
        passes = self._passes_over(*labels.shape)
        logits = passes.forward(inputs.flatten(2))
        passes.backward(self._logit_gradient(logits, labels))
        self._descend()

    def _check_batch(self, inputs: Tensor, labels: Tensor) -> None:
        features = self._shapes[0][1] - 1
        whole = labels.numel() and inputs.shape[:2] == labels.shape and len(labels) in (1, self.cohorts)
        if not whole or inputs[0, 0].numel() != features:
            raise ValueError(
                f"inputs have shape {tuple(inputs.shape)}, labels {tuple(labels.shape)}; {features} features for each "
                f"label are needed, in a batch for all or one for each of the {self.cohorts} cohorts"
            )
        if labels.is_floating_point():
            raise TypeError(f"labels has dtype {labels.dtype}; classes are integers")

    def _logit_gradient(self, logits: Tensor, labels: Tensor) -> Tensor:
        """`q − onehot + τβ/(K−1) Σ_{j≠k}(q − r_j)` over B; the sum over all j takes in j=k, where r is q."""
        count = labels.shape[1]
        own = logits.softmax(2)
        if self._is_mutual and self._temperature == 1:
            gradient = own * ((1 + self.learners * self._peer_weight) / count)
            gradient -= self._escorts(logits, own) * (self._peer_weight / count)
        elif self._is_mutual:
            cooled = logits / self._temperature
            pull = self.learners * cooled.softmax(2) - self._escorts(cooled, cooled.softmax(2))
            gradient = (own + pull * self._peer_weight * self._temperature) / count
        else:
            gradient = own / count
        where = labels[:, None, None].expand(self.cohorts, self.learners, 1, -1)
        try:
            return gradient.scatter_add_(2, where, self._minus_one.expand(where.shape) / count)
        except RuntimeError as error:
            if int(labels.min()) >= 0 and int(labels.max()) < gradient.shape[2]:
                raise
            raise labels_out_of_range(labels, gradient.shape[2]) from error

    def _escorts(self, logits: Tensor, own: Tensor) -> Tensor:
        """`Σ_j r_jk`, j = k included."""
        if self._is_kullback_leibler:
            return own.sum(1, keepdim=True)
        return torch.lerp(logits.unsqueeze(2), logits.unsqueeze(1), self._orders).softmax(3).sum(2)

    def _descend(self) -> None:
        direction = self._gradient
        if self._weight_decay:
            direction.add_(self._flat, alpha=self._weight_decay)
        if self._buffer is not None:
            self._buffer.mul_(self._momentum).add_(direction)
            if self._nesterov:
                direction.add_(self._buffer, alpha=self._momentum)
            else:
                direction = self._buffer
        if isinstance(self._step_size, float):
            self._flat.add_(direction, alpha=-self._step_size)
            return
        sizes = [weight.numel() for weight in self._weights]
        for weight, part in zip(self._weights, self._per_layer(direction, sizes), strict=True):
            weight.sub_(part * self._step_size)

    @contextmanager
    def untouched(self) -> Iterator[None]:
        """Undo, in place, what steps within the block do to weights and momentum."""
        kept = [part for part in (self._flat, self._buffer) if part is not None]
        copies = [part.clone() for part in kept]
        yield
        for part, copy in zip(kept, copies, strict=True):
            part.copy_(copy)

    @torch.no_grad()
    def write_back(self, cohorts: Sequence[Sequence[nn.Module]]) -> None:
        """Put the trained weights into plain modules."""
        for s, cohort in enumerate(cohorts):
            for k, model in enumerate(cohort):
                for layer, weight in zip(_linear_layers(model), self._weights, strict=True):
                    layer.weight.copy_(weight[s, k, :, :-1])
                    layer.bias.copy_(weight[s, k, :, -1])


def _check_descent(
    step_size: float | Tensor, temperature: float, momentum: float, nesterov: bool, weight_decay: float
) -> None:
    sizes = torch.as_tensor(step_size)
    for name, value, right, allowed in (
        ("step_size", step_size, bool(((sizes > 0) & sizes.isfinite()).all()), "a positive finite number"),
        ("temperature", temperature, 0 < temperature < math.inf, "a positive finite number"),
        ("momentum", momentum, 0 <= momentum < 1, "a number in [0, 1)"),
        ("weight_decay", weight_decay, 0 <= weight_decay < math.inf, "a finite number of at least 0"),
        ("nesterov", f"{nesterov} with momentum 0", momentum or not nesterov, "a positive momentum"),
    ):
        if not right:
            raise ValueError(f"{name} is {value}; {allowed} is needed")


def _linear_layers(model: nn.Module) -> list[nn.Linear]:
    """The linear layers of a perceptron; `ValueError` for any other model."""
    modules = list(model) if isinstance(model, nn.Sequential) else []
    layers = [m for m in modules[1::2] if type(m) is nn.Linear and m.bias is not None]
    shape = [nn.Flatten, nn.Linear] + [nn.ReLU, nn.Linear] * (len(layers) - 1)
    if not layers or [type(m) for m in modules] != shape:
        raise ValueError(f"{type(model).__name__} cannot be stacked; Flatten, Linear, (ReLU, Linear)* can")
    return layers
