r"""Many cohorts of equal perceptrons trained at once as one batch of matrices, with gradients in closed form.

The mutual term needs no automatic differentiation: its gradient in the logits of learner k is
`τβ/(K−1) Σ_{j≠k}(q_k − r_jk)` (`grad-own`), and that of a linear layer is an outer product. Samples are the
last axis throughout, which is what makes softmax over a few classes fast.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax


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
        self._step_size = step_size if isinstance(step_size, float) else self._broadcast(step_size)
        self._set_mutual(alpha, beta)
        self._temperature = temperature
        self._momentum, self._nesterov, self._weight_decay = momentum, nesterov, weight_decay
        self.passes: _Passes | None = None
        """Buffers of the last step, kept for the next on batches of the same shape."""
        self._minus_one = torch.full((1, 1, 1, 1), -1.0, dtype=first.dtype, device=first.device)

    def _per_layer(self, flat: Tensor, sizes: list[int]) -> list[Tensor]:
        return [
            part.view(self.cohorts, self.learners, *shape)
            for part, shape in zip(flat.split(sizes), self._shapes, strict=True)
        ]

    def _broadcast(self, value: float | Tensor) -> Tensor:
        tensor = torch.as_tensor(value, dtype=self._flat.dtype, device=self._flat.device)
        if tensor.ndim == 0:
            return tensor
        if tensor.shape != (self.cohorts,):
            raise ValueError(
                f"{tuple(tensor.shape)} settings for {self.cohorts} cohorts; one per cohort is needed"
            )
        return tensor.view(-1, 1, 1, 1)

    def _set_mutual(self, alpha: float | Tensor, beta: float | Tensor) -> None:
        learners = self.learners
        orders = torch.as_tensor(alpha, dtype=self._flat.dtype, device=self._flat.device)
        if not bool(((orders >= 0) & orders.isfinite()).all()):
            raise ValueError(f"alpha is {alpha}; finite orders of at least 0 are needed")
        weights = self._broadcast(beta)
        if not bool(((weights >= 0) & weights.isfinite()).all()):
            raise ValueError(f"beta is {beta}; finite numbers of at least 0 are needed")
        if learners < 2 and bool((weights > 0).any()):
            raise ValueError(f"{learners} learner with beta {beta}; a mutual term needs at least 2")
        if orders.ndim == 3 and orders.shape == (self.cohorts, learners, learners):
            orders = orders.view(self.cohorts, learners, learners, 1, 1)
        elif orders.ndim:
            orders = self._broadcast(orders).unsqueeze(-1)
        # Off where no cohort needs it: independent learners and DML are cheaper than RDML.
        self._is_mutual = bool((weights > 0).any())
        self._is_kullback_leibler = bool((orders == 1).all())
        self._orders: float | Tensor = float(orders) if orders.ndim == 0 else orders
        share = weights / max(1, learners - 1)
        self._peer_weight: float | Tensor = float(share) if share.ndim == 0 else share

    def _passes_over(self, groups: int, count: int) -> _Passes:
        if self.passes is None or (self.passes.groups, self.passes.count) != (groups, count):
            self.passes = _Passes(self._weights, self._weight_gradients, groups, count)
        return self.passes

    @torch.no_grad()
    def logits(self, inputs: Tensor) -> Tensor:
        """`z`, `(S, K, N, C)`, of inputs `(N, *features)`."""
        passes = _Passes(self._weights, self._weight_gradients, 1, len(inputs))
        return passes.forward(inputs.flatten(1).unsqueeze(0)).transpose(2, 3)

    @torch.no_grad()
    def losses(self, inputs: Tensor, labels: Tensor) -> Tensor:
        """Mean cross-entropy of every learner on `(N, *features)` and `(N,)`, `(S, K)`."""
        scores = log_softmax(self.logits(inputs), -1)
        return -scores.gather(3, labels.expand(self.cohorts, self.learners, -1).unsqueeze(3)).mean((2, 3))

    @torch.no_grad()
    def step(self, inputs: Tensor, labels: Tensor) -> None:
        """One simultaneous step of all on batches `(S, B, *features)` and `(S, B)`, or one batch for all."""
        if labels.ndim == 1:
            inputs, labels = inputs.unsqueeze(0), labels.unsqueeze(0)
        passes = self._passes_over(*labels.shape)
        logits = passes.forward(inputs.flatten(2))
        passes.backward(self._logit_gradient(logits, labels))
        self._descend()

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
        return gradient.scatter_add_(2, where, self._minus_one.expand(where.shape) / count)

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


class _Passes:
    """Forward and backward passes over batches of one shape, in buffers and views made once."""

    def __init__(self, weights: list[Tensor], gradients: list[Tensor], groups: int, count: int) -> None:
        self.groups, self.count = groups, count
        cohorts, learners = weights[0].shape[:2]
        self._shape = (cohorts, learners, -1, count)
        # The first layer sees a batch that its learners share: one matrix product for all of them.
        split = [weights[0].flatten(1, 2), *(weight.flatten(0, 1) for weight in weights[1:])]
        self._gradients = [gradients[0].flatten(1, 2), *(g.flatten(0, 1) for g in gradients[1:])]
        self._weights = split
        self._back_weights = [weight[..., :-1].transpose(1, 2) for weight in split]
        like = weights[0]
        self._samples = like.new_ones(groups, count, like.shape[3])
        self._sample_values = self._samples[..., :-1]
        self._batch = self._samples.expand(cohorts, -1, -1)
        self._inputs = [like.new_ones(cohorts * learners, w.shape[2], count) for w in split[1:]]
        self._values = [activation[:, :-1] for activation in self._inputs]
        self._hidden = [like.new_empty(cohorts, split[0].shape[1], count)]
        self._hidden += [like.new_empty(len(w), w.shape[1], count) for w in split[1:]]

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits `(S, K, C, N)` of inputs `(S or 1, N, features)`; keeps every layer's input."""
        self._sample_values.copy_(inputs)
        torch.bmm(self._weights[0], self._batch.transpose(1, 2), out=self._hidden[0])
        for depth, (into, values) in enumerate(zip(self._inputs, self._values, strict=True), 1):
            torch.clamp_min(self._hidden[depth - 1].view(values.shape), 0, out=values)
            torch.bmm(self._weights[depth], into, out=self._hidden[depth])
        return self._hidden[-1].view(self._shape)

    def backward(self, gradient: Tensor) -> None:
        """Write the weights' gradients, given that of the logits."""
        for depth in range(len(self._inputs), 0, -1):
            gradient = gradient.flatten(0, 1) if gradient.ndim == 4 else gradient
            into, values = self._inputs[depth - 1], self._values[depth - 1]
            torch.bmm(gradient, into.transpose(1, 2), out=self._gradients[depth])
            gradient = torch.bmm(self._back_weights[depth], gradient)
            gradient = torch.ops.aten.threshold_backward(gradient, values, 0)
        torch.bmm(gradient.view(self._hidden[0].shape), self._batch, out=self._gradients[0])


def _linear_layers(model: nn.Module) -> list[nn.Linear]:
    """The linear layers of a perceptron; `ValueError` for any other model."""
    modules = list(model) if isinstance(model, nn.Sequential) else []
    layers = [m for m in modules[1::2] if type(m) is nn.Linear and m.bias is not None]
    shape = [nn.Flatten, nn.Linear] + [nn.ReLU, nn.Linear] * (len(layers) - 1)
    if not layers or [type(m) for m in modules] != shape:
        raise ValueError(f"{type(model).__name__} cannot be stacked; Flatten, Linear, (ReLU, Linear)* can")
    return layers
