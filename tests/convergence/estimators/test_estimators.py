"""Every estimator against a dense or looped oracle that computes the same quantity another way."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.func import functional_call, hessian
from torch.nn.functional import cross_entropy

from convergence.divergence import cohort_divergence
from convergence.divergence.renyi import renyi_divergence
from convergence.estimators import noise as noise_module
from convergence.estimators.alignment import gradient_alignment
from convergence.estimators.bias import peer_biases
from convergence.estimators.calibration import calibration_error
from convergence.estimators.disagreement import decision_disagreement, disagreement
from convergence.estimators.entropy import prediction_entropy
from convergence.estimators.mutual import Mutual
from convergence.estimators.noise import gradient_variance
from convergence.estimators.passes import Replica
from convergence.estimators.sharpness import sharpness
from convergence.estimators.smoothness import directional_smoothness


def perceptron(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).to(torch.float64)


class Text(nn.Module):
    """Tokens to logits."""

    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(20, 4), nn.Linear(4, 3)

    def forward(self, tokens):
        return self.head(torch.tanh(self.words(tokens).mean(1)))


def tokens(count=23):
    return torch.randint(20, (count, 6), generator=torch.Generator().manual_seed(6))


def samples(count=23):
    generator = torch.Generator().manual_seed(5)
    inputs = torch.randn(count, 4, dtype=torch.float64, generator=generator)
    return inputs, torch.randint(3, (count,), generator=generator)


def in_chunks(inputs, labels):
    return [(inputs[:9], labels[:9]), (inputs[9:], labels[9:])]


def looped_variance(model, inputs, labels):
    gradients = []
    for x, y in zip(inputs, labels, strict=True):
        loss = cross_entropy(model(x.unsqueeze(0)), y.unsqueeze(0))
        parameters = [p for p in model.parameters() if p.requires_grad]
        gradients.append(torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)]))
    return float(torch.stack(gradients).var(0, correction=1).sum())


def test_tokens_are_not_made_floating():
    torch.manual_seed(0)
    model, inputs, labels = Text().double(), tokens(), samples()[1]
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, in_chunks(inputs, labels)) == pytest.approx(expected, rel=1e-12)
    parameters = {n: p.detach() for n, p in model.named_parameters()}
    sizes = [p.numel() for p in parameters.values()]

    def loss(point):
        parts = zip(parameters.items(), point.split(sizes), strict=True)
        values = {name: part.view_as(p) for (name, p), part in parts}
        return cross_entropy(functional_call(model, values, (inputs,)), labels)

    point = torch.cat([p.flatten() for p in parameters.values()])
    largest = float(torch.linalg.eigvalsh(hessian(loss)(point))[-1])
    assert sharpness(model, in_chunks(inputs, labels)).lower_estimate == pytest.approx(largest, rel=1e-9)


def test_gradient_variance_of_linear_layers_in_closed_form(monkeypatch):
    model, (inputs, labels) = perceptron(), samples()
    monkeypatch.setattr(noise_module, "vmap_norms", None)  # the closed form must not need it
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, in_chunks(inputs, labels)) == pytest.approx(expected, rel=1e-12)
    model[0].weight.requires_grad_(False)
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, in_chunks(inputs, labels)) == pytest.approx(expected, rel=1e-12)


def test_gradient_variance_of_any_model():
    torch.manual_seed(1)
    model = nn.Sequential(nn.Unflatten(1, (1, 4)), nn.Conv1d(1, 2, 3), nn.Flatten(), nn.Linear(4, 3))
    model = model.to(torch.float64)
    inputs, labels = samples()
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, in_chunks(inputs, labels)) == pytest.approx(expected, rel=1e-12)


class Shared(nn.Module):
    """A linear layer used twice: its gradient is not one outer product."""

    def __init__(self):
        super().__init__()
        self.layer, self.head = nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.layer(self.layer(x).tanh()))


def test_gradient_variance_of_a_shared_layer():
    torch.manual_seed(2)
    model, (inputs, labels) = Shared().to(torch.float64), samples()
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, [(inputs, labels)]) == pytest.approx(expected, rel=1e-12)


class Reused(nn.Module):
    """A weight that a layer and a function use."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x) + nn.functional.linear(x.tanh(), self.layer.weight)


class Tokens(nn.Module):
    """A linear layer on two rows of every sample."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 3)

    def forward(self, x):
        return self.layer(x.reshape(-1, 2)).unflatten(0, (-1, 2)).mean(1)


class Swapped(nn.Module):
    """Rows in another order inside, so that no row of an activation belongs to the sample in its place."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return self.layer(x.flip(0)).flip(0)


class Functional(nn.Module):
    """A linear layer that is never called."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x):
        return nn.functional.linear(x, self.layer.weight, self.layer.bias)


@pytest.mark.parametrize(
    "build",
    [
        lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(inplace=True), nn.Linear(5, 3)),
        lambda: nn.Sequential(nn.Linear(4, 5), nn.SELU(inplace=True), nn.Linear(5, 3)),
        Reused,
        Tokens,
        Swapped,
        Functional,
    ],
)
def test_gradient_variance_where_a_linear_layer_is_not_one_outer_product_a_sample(build):
    torch.manual_seed(2)
    model, (inputs, labels) = build().to(torch.float64), samples()
    expected = looped_variance(model, inputs, labels)
    assert gradient_variance(model, in_chunks(inputs, labels)) == pytest.approx(expected, rel=1e-12)


def test_gradient_variance_of_an_unused_layer_is_in_closed_form(monkeypatch):
    model, (inputs, labels) = perceptron(), samples()
    expected = gradient_variance(model, [(inputs, labels)])
    model.append(nn.Identity()).get_submodule("3").unused = nn.Linear(2, 2)
    monkeypatch.setattr(noise_module, "vmap_norms", None)
    assert gradient_variance(model, [(inputs, labels)]) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("exact", [True, False])
def test_gradient_variance_of_samples_that_hardly_differ(exact):
    """One mean of squares less the square of a mean would leave 1e-16 of the square of the gradient."""
    torch.manual_seed(3)
    layers = (
        [nn.Linear(4, 3)] if exact else [nn.Linear(4, 3), nn.Unflatten(1, (3, 1)), nn.PReLU(3), nn.Flatten()]
    )
    model, (inputs, labels) = nn.Sequential(*layers).to(torch.float64), samples()
    same = inputs[:1].repeat(400, 1), labels[:1].repeat(400)
    assert gradient_variance(model, [same]) == pytest.approx(0, abs=1e-31)
    apart = 1e-9 * torch.randn(400, 4, dtype=torch.float64)
    batches = [(same[0][part] + apart[part], same[1][part]) for part in (slice(150), slice(150, 400))]
    expected = looped_variance(model, same[0] + apart, same[1])
    assert gradient_variance(model, batches) == pytest.approx(expected, rel=1e-6)


def test_gradient_variance_gives_the_noise_of_a_batch():
    """`E‖n‖² = σ²(N−B)/(NB)` without replacement, by enumeration of all pairs."""
    model, (inputs, labels) = perceptron(), samples(7)
    parameters = list(model.parameters())

    def flat(rows):
        loss = cross_entropy(model(inputs[rows]), labels[rows])
        return torch.cat([g.flatten() for g in torch.autograd.grad(loss, parameters)])

    full = flat(list(range(7)))
    pairs = [[i, j] for i in range(7) for j in range(i)]
    mean = sum(float((flat(pair) - full).square().sum()) for pair in pairs) / len(pairs)
    variance = gradient_variance(model, [(inputs, labels)])
    assert mean == pytest.approx(variance * (7 - 2) / (7 * 2), rel=1e-12)


def test_gradient_variance_refuses():
    inputs, labels = samples()
    with pytest.raises(ValueError, match="GroupNorm"):
        gradient_variance(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), [(inputs, labels)])
    with pytest.raises(ValueError, match="at least 2"):
        gradient_variance(perceptron(), [(inputs[:1], labels[:1])])


def dense_hessian(model, inputs, labels):
    names = [name for name, _ in model.named_parameters()]
    shapes = [p.shape for p in model.parameters()]
    point = torch.cat([p.detach().flatten() for p in model.parameters()])

    def objective(vector):
        parts = vector.split([s.numel() for s in shapes])
        tensors = {n: v.view(s) for n, v, s in zip(names, parts, shapes, strict=True)}
        return cross_entropy(functional_call(model, tensors, (inputs,)), labels)

    return hessian(objective)(point)


def test_sharpness_against_the_dense_hessian():
    model, (inputs, labels) = perceptron(), samples()
    eigenvalues = torch.linalg.eigvalsh(dense_hessian(model, inputs, labels))
    largest = float(eigenvalues[-1])
    found = sharpness(model, in_chunks(inputs, labels), products=40, tolerance=1e-9)
    assert found.lower_estimate == pytest.approx(largest, rel=1e-9)
    assert found.products <= 40
    for products in (2, 3, 5):
        rough = sharpness(model, in_chunks(inputs, labels), products=products)
        assert rough.lower_estimate <= largest * (1 + 1e-12)
        assert rough.products == products
        assert (eigenvalues - rough.lower_estimate).abs().min() <= rough.residual * (1 + 1e-9)
    assert rough.lower_estimate < largest * (1 - 1e-6), "too few products, yet exact: the test shows nothing"


def test_sharpness_of_fewer_parameters_than_products():
    torch.manual_seed(0)
    model = nn.Linear(1, 2, bias=False).to(torch.float64)
    inputs = torch.randn(9, 1, dtype=torch.float64)
    labels = torch.randint(2, (9,))
    largest = float(torch.linalg.eigvalsh(dense_hessian(model, inputs, labels))[-1])
    assert sharpness(model, [(inputs, labels)]).lower_estimate == pytest.approx(largest, rel=1e-9)


def test_sharpness_leaves_out_what_the_loss_does_not_see():
    """A parameter that is not used, and samples without a label."""
    model, (inputs, labels) = perceptron(), samples()
    some = labels.clone()
    some[::3] = -100
    expected = sharpness(model, [(inputs[some >= 0], labels[some >= 0])]).lower_estimate
    assert sharpness(model, in_chunks(inputs, some)).lower_estimate == pytest.approx(expected, rel=1e-9)
    model.append(nn.Identity()).get_submodule("3").unused = nn.Linear(2, 2)
    assert sharpness(model, in_chunks(inputs, some)).lower_estimate == pytest.approx(expected, rel=1e-9)


def test_directional_smoothness_of_a_quadratic():
    matrix = torch.diag(torch.tensor([1.0, 3.0], dtype=torch.float64))
    x, step = torch.tensor([1.0, -2.0]).double(), torch.tensor([0.3, 0.1]).double()
    objective = lambda v: float(v @ matrix @ v) / 2  # noqa: E731
    expected = float(step @ matrix @ step / (step @ step))
    measured = directional_smoothness(objective(x), objective(x + step), matrix @ x, step)
    assert measured == pytest.approx(expected, rel=1e-12)
    assert directional_smoothness(1.0, 1.0, x, 0 * x) == 0


ORDERS = ((0.0, 0.5, 3.0), (1.0, 0.0, 2.0), (0.7, 1.5, 0.0))


@pytest.mark.parametrize("learner", range(3))
def test_peer_biases_against_autograd_and_their_sum(learner):
    models, (inputs, labels) = [perceptron(s) for s in range(3)], samples()
    mutual = Mutual(ORDERS, 0.8, temperature=2.0)
    rows = peer_biases(models, in_chunks(inputs, labels), mutual, learner)
    parameters = list(models[learner].parameters())
    peers = [j for j in range(3) if j != learner]
    for row, j in zip(rows, peers, strict=True):
        divergence = renyi_divergence(
            models[j](inputs).detach() / 2, models[learner](inputs) / 2, alpha=ORDERS[learner][j]
        )
        expected = torch.autograd.grad(4 * 0.4 * divergence.mean(), parameters)
        torch.testing.assert_close(row, torch.cat([g.flatten() for g in expected]), rtol=1e-11, atol=1e-15)
    total = mutual.term([m(inputs) for m in models], learner).mean()
    expected = torch.cat([g.flatten() for g in torch.autograd.grad(total, parameters)])
    torch.testing.assert_close(rows.sum(0), expected, rtol=1e-11, atol=1e-15)


def test_alignment():
    gradient = torch.tensor([3.0, 4.0]).double()
    assert gradient_alignment(gradient, -2 * gradient) == pytest.approx(-1)
    assert gradient_alignment(gradient, torch.tensor([4.0, -3.0]).double()) == pytest.approx(0, abs=1e-15)
    assert gradient_alignment(gradient, torch.tensor([1.0, 0.0]).double()) == pytest.approx(0.6)
    assert math.isnan(gradient_alignment(gradient, 0 * gradient))


def test_disagreement_against_probabilities():
    models, (inputs, _) = [perceptron(s) for s in range(3)], samples()
    logits = [m(inputs).detach() for m in models]
    alpha = 2.5
    measured, decided = disagreement(logits, alpha=alpha), decision_disagreement(logits)
    for j in range(3):
        for k in range(3):
            p, q = logits[j].softmax(-1), logits[k].softmax(-1)
            expected = ((p**alpha * q ** (1 - alpha)).sum(-1).log() / (alpha - 1)).mean()
            assert float(measured[k, j]) == pytest.approx(float(expected), rel=1e-10, abs=1e-15)
            differ = sum(int(a.argmax()) != int(b.argmax()) for a, b in zip(p, q, strict=True)) / 23
            assert float(decided[j, k]) == pytest.approx(differ)


def test_disagreement_is_that_of_the_loss():
    logits = torch.stack([perceptron(s)(samples()[0]).detach() for s in range(3)])
    torch.testing.assert_close(
        disagreement(logits, alpha=1.5),
        cohort_divergence(logits, alpha=1.5).disagreement,
        rtol=1e-12,
        atol=1e-15,
    )


def test_entropy():
    logits = torch.tensor([[0.0, 0.0, 0.0, -torch.inf], [50.0, 0.0, 0.0, 0.0]]).double()
    entropy = prediction_entropy(logits)
    assert float(entropy[0]) == pytest.approx(math.log(3))
    p = 1 / (1 + 3 * math.exp(-50))
    rest = math.exp(-50) * p
    expected = -p * math.log1p(p - 1) - 3 * rest * math.log(rest)
    assert float(entropy[1]) == pytest.approx(expected, rel=1e-6)


def test_calibration_error_against_a_loop():
    generator = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(200, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(4, (200,), generator=generator)
    confidence, decision = logits.softmax(-1).max(-1)
    expected = 0.0
    for i in range(10):
        inside = [n for n in range(200) if i / 10 < confidence[n] <= (i + 1) / 10]
        if inside:
            right = sum(bool(decision[n] == labels[n]) for n in inside) / len(inside)
            sure = sum(float(confidence[n]) for n in inside) / len(inside)
            expected += len(inside) / 200 * abs(right - sure)
    assert calibration_error(logits, labels, bins=10) == pytest.approx(expected, rel=1e-12)
    certain = 100 * torch.nn.functional.one_hot(labels, 4).double()
    assert calibration_error(certain, labels) == pytest.approx(0, abs=1e-12)
    assert calibration_error(certain, (labels + 1) % 4) == pytest.approx(1)


def test_a_replica_is_a_copy():
    model = perceptron()
    replica = Replica(model)
    replica.place(torch.zeros(sum(p.numel() for p in model.parameters()), dtype=torch.float64))
    assert float(model[0].weight.detach().abs().sum()) > 0
    assert float(replica.logits(samples()[0]).detach().abs().sum()) == 0
