"""Perceptrons stacked into one batch of matrices: forward and backward, gradients in closed form."""

from __future__ import annotations

import torch
from torch import Tensor


class Passes:
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
