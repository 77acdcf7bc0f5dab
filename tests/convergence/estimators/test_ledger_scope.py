"""What models the ledger takes beside plain ones, which change while they train, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from convergence import MutualLoss
from convergence.estimators import Ledger

ALPHA, BETA = 1.5, 0.7


def with_trunk(trunk: nn.Module) -> list[nn.Module]:
    return [nn.Sequential(trunk, nn.Tanh(), nn.Linear(6, 3)) for _ in range(2)]


def data() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(40, 5, generator=generator), torch.randint(3, (40,), generator=generator)


def doubled() -> tuple[torch.Tensor, torch.Tensor]:
    inputs, labels = data()
    return inputs.double(), labels


def entries(models, *, with_batch, autocast=False):
    inputs, labels = data()
    optimizers = [torch.optim.SGD([p for p in m.parameters() if p.requires_grad], lr=0.1) for m in models]
    loss = MutualLoss(alpha=1.5)
    with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=1.5) as ledger:
        for start in (0, 10, 20):
            batch = inputs[start : start + 20], labels[start : start + 20]
            for optimizer in optimizers:
                optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                losses, _ = loss(torch.stack([model(batch[0]) for model in models]), batch[1])
            losses.sum().backward()
            for optimizer in optimizers:
                optimizer.step()
            ledger.step(batch if with_batch else None)
    return ledger.entries


def test_learners_that_train_one_trunk_are_refused_by_name():
    models = with_trunk(nn.Linear(5, 6))
    with pytest.raises(
        ValueError, match=r"models\[1\] shares its parameter 0.weight with models\[0\] \(0.weight\)"
    ):
        entries(models, with_batch=True)


def test_a_frozen_trunk_may_be_shared():
    models = with_trunk(nn.Linear(5, 6).requires_grad_(False))
    assert max(entry.closure_error for entry in entries(models, with_batch=True)) < 1e-6


def test_a_parameter_used_twice_within_a_learner_is_its_own():
    layer = nn.Linear(5, 5)
    models = [nn.Sequential(layer, nn.Tanh(), layer, nn.Linear(5, 3)), nn.Linear(5, 3)]
    assert max(entry.closure_error for entry in entries(models, with_batch=True)) < 1e-6


def test_under_autocast_it_closes_without_the_batch():
    torch.manual_seed(2)
    models = [nn.Linear(5, 3) for _ in range(2)]
    assert max(entry.closure_error for entry in entries(models, with_batch=False, autocast=True)) < 1e-6
    assert max(entry.closure_error for entry in entries(models, with_batch=True, autocast=True)) > 1e-4


class Text(nn.Module):
    """Tokens to logits."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(20, 4), nn.Linear(4, 3)

    def forward(self, tokens):
        return self.head(self.words(tokens).mean(1))


class Scaled(nn.Module):
    """A head on frozen features, times a buffer."""

    def __init__(self):
        super().__init__()
        self.features, self.head = nn.Linear(5, 6).requires_grad_(False), nn.Linear(6, 3)
        self.register_buffer("scale", torch.tensor(1.0))

    def forward(self, inputs):
        return self.scale * self.head(torch.tanh(self.features(inputs)))


def entries_of(make, inputs, labels, *, give_batch, change=lambda model, step: None):
    """Entries of three steps of two learners, and the objectives of the models themselves before each of them."""
    torch.manual_seed(4)
    models = [make().double() for _ in range(2)]
    optimizers = [torch.optim.SGD([p for p in m.parameters() if p.requires_grad], lr=0.1) for m in models]
    criterion, objectives = MutualLoss(ALPHA, BETA), []
    with Ledger(models, optimizers, batches=[(inputs, labels)], alpha=ALPHA, beta=BETA) as ledger:
        for step in range(3):
            for model, optimizer in zip(models, optimizers, strict=True):
                change(model, step)
                optimizer.zero_grad()
            logits = [m(inputs) for m in models]
            objectives += [float(cross_entropy(z.detach(), labels)) for z in logits]
            criterion(torch.stack(logits), labels).losses.sum().backward()
            for optimizer in optimizers:
                optimizer.step()
            for model in models:  # what comes after the step belongs to the next one
                change(model, step + 1)
            ledger.step((inputs, labels) if give_batch else None)
    return ledger.entries, objectives


def closes(entries, objectives):
    for entry, objective in zip(entries, objectives, strict=True):
        assert entry.closure_error < 1e-13
        assert entry.step_error < 1e-12
        assert entry.noise_norm_squared < 1e-24  # the batch is the training set
        assert entry.objective == pytest.approx(objective, rel=1e-13)


@pytest.mark.parametrize("give_batch", [True, False])
def test_it_closes_on_tokens(give_batch):
    tokens = torch.randint(20, (8, 5), generator=torch.Generator().manual_seed(3))
    closes(*entries_of(Text, tokens, data()[1][:8], give_batch=give_batch))


CHANGES = {
    "an annealed buffer": lambda model, step: model.scale.fill_(1.0 + step),
    "a new buffer": lambda model, step: setattr(
        model, "scale", torch.tensor(1.0 + step, dtype=torch.float64)
    ),
    "frozen weights": lambda model, step: model.features.weight.data.fill_(0.1 * step),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
@pytest.mark.parametrize("give_batch", [True, False])
def test_it_measures_the_model_as_it_is_at_the_step(change, give_batch):
    closes(*entries_of(Scaled, *doubled(), give_batch=give_batch, change=change))


@pytest.mark.parametrize("give_batch", [True, False])
def test_it_closes_on_a_spectral_norm(give_batch):
    """Its buffers move in every forward pass."""

    def make():
        return nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(5, 3)), nn.Tanh())

    closes(*entries_of(make, *doubled(), give_batch=give_batch))


def test_constants_that_come_or_go_and_statistics_that_run_are_refused():
    def unfreeze(model, step):
        model.features.requires_grad_(step > 0)

    with pytest.raises(ValueError, match="has 1 frozen parameters and buffers, 3 when it was copied"):
        entries_of(Scaled, *doubled(), give_batch=False, change=unfreeze)

    def make():
        return nn.Sequential(
            nn.Unflatten(1, (1, 5)),
            nn.InstanceNorm1d(1, track_running_stats=True),
            nn.Flatten(),
            nn.Linear(5, 3),
        )

    with pytest.raises(ValueError, match=r"InstanceNorm1d with track_running_stats=True at '1'"):
        entries_of(make, *doubled(), give_batch=False)
    closes(*entries_of(lambda: make().eval(), *doubled(), give_batch=False))
