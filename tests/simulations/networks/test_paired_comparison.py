"""The comparison is paired, its choices do not see the test samples, and its sentence says what numbers say."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
import torch
from scipy import stats

from simulations.experiments import generalisation
from simulations.experiments.generalisation import compare
from simulations.networks import arms as arms_module
from simulations.networks.arms import Arm, Budget, Outcome, train_arms, with_validation
from simulations.networks.cost import Cost
from simulations.networks.data import Dataset, digits

BUDGET = Budget(steps=4, batch_size=16)


def small():
    data = digits(torch.float64)
    return replace(
        data,
        train_inputs=data.train_inputs[:100],
        train_labels=data.train_labels[:100],
        test_inputs=data.test_inputs[:50],
        test_labels=data.test_labels[:50],
    )


def test_arms_share_weights_and_batches_and_engines_agree(monkeypatch):
    arms = [Arm(1.0, 0.0), Arm(2.0, 0.0), Arm(1.5, 1.0), Arm(1.0, 1.5)]
    stacked = train_arms(arms, [3, 4], small(), BUDGET)
    assert stacked[arms[0]] == stacked[arms[1]], "without a mutual term the order cannot matter"
    assert stacked[arms[0]] != stacked[arms[2]]
    assert stacked[arms[0]][0] != stacked[arms[0]][1]
    monkeypatch.setattr(arms_module, "PERCEPTRONS", ())
    apart = train_arms(arms, [3, 4], small(), BUDGET)
    for arm in arms:
        for one, other in zip(stacked[arm], apart[arm], strict=True):
            assert one.loss == pytest.approx(other.loss, rel=1e-9)
            assert one.validation_loss == pytest.approx(other.validation_loss, rel=1e-9)
    alone = train_arms(arms[2:3], [4], small(), BUDGET)
    assert alone[arms[2]][0].loss == pytest.approx(apart[arms[2]][1].loss, rel=1e-9)


@pytest.mark.parametrize("engine", ["_train_stacked", "_train_apart"])
def test_validation_samples_are_not_trained_on(monkeypatch, engine):
    if engine == "_train_apart":
        monkeypatch.setattr(arms_module, "PERCEPTRONS", ())
    train, given = getattr(arms_module, engine), []
    monkeypatch.setattr(arms_module, engine, lambda *inputs: (given.extend(inputs), train(*inputs)))
    data = small()
    train_arms([Arm(1.0, 1.0)], [0], data, BUDGET)
    (trained,) = [one for one in given if isinstance(one, Dataset)]
    held_out = torch.arange(100) % 5 == 0
    assert torch.equal(trained.train_inputs, data.train_inputs[~held_out])
    assert torch.equal(trained.train_labels, data.train_labels[~held_out])
    _, inputs, labels = with_validation(data)
    assert torch.equal(inputs, data.train_inputs[held_out])
    assert torch.equal(labels, data.train_labels[held_out])


def test_a_comparison_from_end_to_end(monkeypatch):
    monkeypatch.setattr(generalisation, "load", lambda *a, **k: small())
    monkeypatch.setattr(generalisation, "step_costs", lambda *a: [Cost("modules", 1.2, 1.1)])
    told = []
    result = compare(seeds=3, orders=(2.0,), weights=(0.5, 2.0), steps=4, progress=told.append)
    plain = json.loads(json.dumps(result.to_json()))
    assert {a["name"] for a in plain["arms"]} == {
        "independent", "DML, β=1", "DML, β=0.5", "DML, β=2", "RDML α=2, β=1", "RDML α=2, β=0.25",
    }  # fmt: skip
    assert [d["kind"] for d in plain["differences"][:4]] == ["mutual", "weight", "order", "tuned"]
    order = plain["differences"][2]
    assert (order["arm"], order["rival"], order["metric"]) == ("RDML α=2, β=1", "DML, β=2", "accuracy")
    by_name = {a["name"]: a for a in plain["arms"]}
    gaps = [
        one["accuracy"] - other["accuracy"]
        for one, other in zip(
            by_name["RDML α=2, β=1"]["by_seed"], by_name["DML, β=2"]["by_seed"], strict=True
        )
    ]
    assert order["difference"] == pytest.approx(sum(gaps) / 3)
    low, high = order["interval"]
    wide_low, wide_high = order["simultaneous_interval"]
    assert wide_low <= low <= order["difference"] <= high <= wide_high
    assert result.sentence() == plain["sentence"]
    assert "costs 1.20 times" in result.cost_sentence()
    assert len(result.pictures()) == 3
    again = compare(seeds=3, orders=(2.0,), weights=(0.5, 2.0), steps=4)
    assert again.to_json() == result.to_json()


def judged(accuracy, calibration=lambda arm: 0.1, lost=None):
    """A comparison of made-up outcomes: accuracy and calibration error as functions of the arm; one may be lost."""
    orders, weights = (0.5, 2.0), (1.0, 2.0)
    arms = [Arm(1.0, 0.0), Arm(1.0, 1.0), *(Arm(a, 1.0) for a in orders), *(Arm(1.0, a) for a in orders)]
    arms += [Arm(a, w / a) for a in (1.0, *orders) for w in weights]
    outcomes = {
        arm: [
            Outcome(
                accuracy(arm) + 1e-4 * seed * seed * arm.beta,
                0.5,
                calibration(arm),
                1 / (1 + arm.alpha * arm.beta),
            )
            for seed in range(4)
        ]
        for arm in dict.fromkeys(arms)
    }
    if lost:
        outcomes[lost] = [Outcome(math.nan, math.nan, math.nan, math.inf)] * 4
    return generalisation._judge(small(), BUDGET, 4, orders, 1.0, weights, outcomes, lambda words: None)


def test_what_the_sentence_says(monkeypatch):
    monkeypatch.setattr(generalisation, "step_costs", lambda *a: [])
    weight_only = judged(lambda arm: 0.8 + 0.01 * min(arm.alpha * arm.beta, 2))
    assert "do not show that the order improves" in weight_only.sentence()
    assert "accuracy at no order" in weight_only.sentence()
    assert weight_only.tuned(2.0) == Arm(2.0, 1.0)
    assert weight_only.tuned(1.0) == Arm(1.0, 2.0)

    order_helps = judged(lambda arm: 0.8 + (0.05 if arm.alpha != 1 else 0.0))
    assert "order improves accuracy beyond what the weight does, here" in order_helps.sentence()
    assert "accuracy differs clearly at 2 of 2 orders" in order_helps.sentence()

    order_harms = judged(lambda arm: 0.8 - (0.05 if arm.alpha != 1 else 0.0))
    assert "DML is ahead of every order tried" in order_harms.sentence()

    calibrated = judged(lambda arm: 0.8, calibration=lambda arm: 0.1 + 0.05 * (arm.alpha == 2))
    assert "calibration error differs clearly at 1 of 2 orders (α=2: +5.00 points" in calibrated.sentence()
    edge = calibrated.to_json()["tuned_at_edge"]
    assert edge == ["1", "0.5", "2"]


def test_simultaneous_intervals_share_the_error_among_all_differences(monkeypatch):
    monkeypatch.setattr(generalisation, "step_costs", lambda *a: [])
    mutual = judged(lambda arm: 0.8).differences[0]  # of 7 in accuracy; gaps are 1e-4·(0, 1, 4, 9)
    error = 1e-4 * math.sqrt(49 / 3 / 4)
    for interval, quantile in ((mutual.interval, 0.975), (mutual.simultaneous, 1 - 0.025 / 7)):
        assert interval.value == pytest.approx(3.5e-4)
        assert interval.high - interval.value == pytest.approx(stats.t.ppf(quantile, 3) * error)


def test_who_diverged_is_said_instead_of_a_conclusion(monkeypatch):
    monkeypatch.setattr(generalisation, "load", lambda *a, **k: small())
    monkeypatch.setattr(generalisation, "step_costs", lambda *a: [])
    result = compare(seeds=2, orders=(2.0,), weights=(0.5, 2.0), steps=2, step_size=1e30)
    assert result.diverged == {str(arm): 2 for arm in result.outcomes}
    assert "independent: 2 of 2" in result.sentence()
    assert "Nothing can be concluded" in result.sentence()
    assert "order" not in result.sentence()
    assert result.to_json()["arms"][0]["validation_loss"] == math.inf
    assert len(result.pictures()) == 3


def test_an_arm_that_diverged_is_not_chosen(monkeypatch):
    monkeypatch.setattr(generalisation, "step_costs", lambda *a: [])
    result = judged(lambda arm: 0.8, lost=Arm(0.5, 4.0))
    assert result.tuned(0.5) == Arm(0.5, 2.0)
    assert "do not show that the order improves" in result.sentence()
    assert "Runs diverged (RDML α=0.5, β=4: 4 of 4)." in result.sentence()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seeds": 1}, "seeds is 1"),
        ({"learners": 1}, "learners 1"),
        ({"orders": (1.0,)}, "none 1"),
        ({"orders": ()}, "at least one"),
        ({"weights": (2.0, 1.0)}, "increasing"),
        ({"beta": 0.0}, r"beta holds 0\.0"),
        ({"beta": math.inf}, "beta holds inf"),
        ({"weights": (1.0, math.nan)}, "weights holds 1.0, nan"),
        ({"orders": (math.nan,)}, "orders is .nan"),
        ({"step_size": math.nan}, "step_size is nan"),
        ({"steps": 0}, "steps is 0"),
        ({"momentum": 2.0}, "momentum is 2.0"),
        ({"batch_size": 0}, "batch_size is 0"),
        ({"batch_size": 1150}, "batch_size is 1150; 1 to the 1149 training samples"),
        ({"data": "mnist"}, "data is 'mnist'"),
    ],
    ids=str,
)
def test_refusals(settings, message):
    with pytest.raises(ValueError, match=message):
        compare(**settings)
