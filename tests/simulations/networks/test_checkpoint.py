"""A run that is stopped and goes on is, to the bit, the run that was not stopped."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from simulations.networks.checkpoint import restore, save
from simulations.networks.cohort import train_cohort
from simulations.networks.sampling import BatchOrder, learner_seed


def build(optimizer, seed=0, width=6):
    torch.manual_seed(seed)
    models = [
        nn.Sequential(nn.Linear(5, width), nn.Dropout(0.3), nn.BatchNorm1d(width), nn.Linear(width, 3))
        for _ in range(2)
    ]
    return models, [optimizer(m.parameters()) for m in models]


def data():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(30, 5, generator=generator), torch.randint(3, (30,), generator=generator)


def go(models, optimizers, first, last):
    (inputs, labels), order = data(), BatchOrder(30, 7, seed=3)
    rows = (order.rows(step) for step in range(first, last))
    train_cohort(
        models, optimizers, [(inputs[r], labels[r]) for r in rows], steps=last, first_step=first, alpha=0.7
    )


def state(models):
    return [t for m in models for t in m.state_dict().values()]


@pytest.mark.parametrize(
    "optimizer",
    [
        lambda p: torch.optim.SGD(p, lr=0.1),
        lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.01),
    ],
    ids=["sgd", "nesterov", "adam"],
)
def test_resume_is_exact_to_the_bit(tmp_path, optimizer):
    path = tmp_path / "run.safetensors"
    models, optimizers = build(optimizer)
    go(models, optimizers, 0, 5)
    save(path, models, optimizers, step=5, record={"note": [1.5, None]})
    go(models, optimizers, 5, 11)
    others, their_optimizers = build(optimizer, seed=9)
    torch.rand(17)
    step, record = restore(path, others, their_optimizers)
    assert (step, record) == (5, {"note": [1.5, None]})
    go(others, their_optimizers, step, 11)
    assert all(torch.equal(a, b) for a, b in zip(state(models), state(others), strict=True))
    restore(path, others, their_optimizers)
    torch.rand(1)  # another dropout mask: another run, so equality above was not for free
    go(others, their_optimizers, 5, 11)
    assert not all(torch.equal(a, b) for a, b in zip(state(models), state(others), strict=True))
    assert [p.name for p in tmp_path.iterdir()] == ["run.safetensors"]


def test_files_that_are_no_checkpoint(tmp_path):
    path = tmp_path / "run.safetensors"
    sgd = lambda p: torch.optim.SGD(p, lr=0.1)  # noqa: E731
    models, optimizers = build(sgd)
    with pytest.raises(ValueError, match="cannot be read"):
        restore(path, models, optimizers)
    path.write_bytes(b"\x80\x04pickle")
    with pytest.raises(ValueError, match="cannot be read"):
        restore(path, models, optimizers)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="has format None"):
        restore(path, models, optimizers)
    save(path, models, optimizers, step=0, record={})
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(ValueError, match="cannot be read"):
        restore(path, models, optimizers)
    save(path, models, optimizers, step=0, record={})
    with pytest.raises(ValueError, match="does not fit learner 0"):
        restore(path, *build(sgd, width=7))
    with pytest.raises(ValueError, match="2 optimizers; the run has 1"):
        restore(path, models, optimizers[:1])


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "run.safetensors"
    models, optimizers = build(lambda p: torch.optim.SGD(p, lr=0.1))
    save(path, models, optimizers, step=3, record={})
    with pytest.raises(TypeError):
        save(path, models, optimizers, step=4, record={"not json": object()})
    assert restore(path, models, optimizers)[0] == 3


def test_batches_are_a_function_of_seed_and_step():
    order = BatchOrder(23, 5, seed=4)
    epoch = [order.rows(step) for step in range(4, 8)]
    assert order.per_epoch == 4
    rows = torch.cat(epoch)
    assert len(rows.unique()) == 20
    assert torch.equal(order.rows(5), epoch[1])
    assert not torch.equal(order.rows(0), order.rows(4))
    assert not torch.equal(order.rows(0), BatchOrder(23, 5, seed=5).rows(0))
    assert torch.equal(BatchOrder(6, 6, seed=0).rows(3), torch.arange(6))
    with pytest.raises(ValueError, match="batch_size is 0"):
        BatchOrder(5, 0, seed=0)
    seeds = {learner_seed(s, k) for s in range(20) for k in range(8)}
    assert len(seeds) == 160
