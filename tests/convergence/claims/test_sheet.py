"""The claims as a whole: complete, found by their files, consistent with each other."""

from __future__ import annotations

import importlib
import re
from graphlib import TopologicalSorter

import pytest
import torch
from latex2mathml.converter import convert

from convergence.claims import SECTIONS, find, load_claims

CLAIMS = load_claims()
IDS = [
    "jensen-gap",
    "nonneg",
    "order-monotone",
    "skew",
    "kl-limit",
    "bhattacharyya",
    "chi2",
    "tsallis-hellinger",
    "additive",
    "data-processing",
    "pinsker",
    "pinsker-best",
    "order-inversion",
    "mean-value",
    "variational",
    "convex-in-q",
    "fisher-local",
    "grad-own",
    "grad-target",
    "hessian-own",
    "grad-own-bounded",
    "self-bounding",
    "self-bounding-best",
    "smooth-own",
    "grad-theta",
    "peer-direction",
    "order-lipschitz",
    "order-as-weight",
    "order-monotone-force",
    "stationarity",
    "stationarity-sharp",
    "last-step",
    "unbiased-exact",
    "biased-exact",
    "biased-programme",
    "relative-bias",
    "bias-floor-tight",
    "noise-floor",
    "self-limiting",
    "potential-half",
    "curl",
    "skew-pair",
    "disagreement-lyapunov",
    "cohort-mean",
    "pl",
    "quadratic-floor",
    "scope",
    "diminishing",
    "ledger",
    "pathwise",
    "momentum-iterate",
]


def test_every_id_of_the_theory_has_a_claim_in_reading_order() -> None:
    assert list(CLAIMS) == IDS


def test_orders_name_files_that_exist() -> None:
    for section in SECTIONS:
        package = importlib.import_module(f"convergence.claims.{section}")
        for name in package.ORDER:
            assert importlib.import_module(f"{package.__name__}.{name}").CLAIM.id == name.replace("_", "-")


def test_dependencies_exist_and_have_no_cycle() -> None:
    graph = {claim.id: set(claim.depends_on) for claim in CLAIMS.values()}
    assert set().union(*graph.values()) <= set(graph)
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_is_complete(claim) -> None:
    assert claim.assertions
    assert claim.assumptions
    assert claim.source
    assert claim.false_neighbour is not None
    for assertion in (*claim.assertions, claim.false_neighbour):
        mathml = convert(assertion.statement)
        assert not re.search(r"\\[a-zA-Z]+", mathml), "a command that the report cannot render"


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_instances_are_what_the_assertions_need(claim) -> None:
    cube = torch.rand(7, claim.instances.dimension, dtype=torch.float64) * 2 - 1
    instance = claim.instances(cube)
    assert all(len(values) == 7 for values in instance.values())
    assert all(values.dtype == torch.float64 for values in instance.values())
    for assertion in (*claim.assertions, claim.false_neighbour):
        assert set(assertion.needs) <= set(instance)
        assert assertion.margin(instance).shape == (7,)


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_an_instance_does_not_depend_on_its_neighbours(claim) -> None:
    cube = torch.rand(5, claim.instances.dimension, dtype=torch.float64) * 2 - 1
    together, alone = claim.instances(cube), claim.instances(cube[2:3])
    for name, values in alone.items():
        torch.testing.assert_close(together[name][2:3], values, rtol=1e-12, atol=1e-12)


def test_find_suggests_the_nearest_ids() -> None:
    assert find("pinsker").id == "pinsker"
    with pytest.raises(ValueError, match="'self-bouding'; did you mean self-bounding"):
        find("self-bouding")
    with pytest.raises(ValueError, match="rdml claims list"):
        find("zzzzzz")
