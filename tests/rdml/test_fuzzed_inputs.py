"""Inputs that fuzzing (`benchmarks/fuzzing.py`) found to end in a traceback: each is refused in one sentence."""

from pathlib import Path

import pytest

from rdml.claim_files import load_claim_file
from rdml.config import load_study
from rdml.problem_options import make_problem
from rdml.sweep import Plan, kind_of


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("dimension=False", "dimension is 'False'; a whole number from 1 to 1,000,000 is needed"),
        ("dimension=0", "dimension is 0; a whole number from 1"),
        ("dimension=3.0", "dimension is 3.0; a whole number"),
        ("dimension=2000000", "dimension is 2000000; a whole number"),
        ("smoothness=x", "smoothness is 'x'; a finite number is needed"),
        ("smoothness=nan", "smoothness is nan; a finite number is needed"),
        ("noise_variance=inf", "noise_variance is inf; a finite number is needed"),
        ("degrees=x", "degrees is 'x'; a finite number is needed"),
        ("bias_bound=1e300", "quadratic can't be made with {'bias_bound': 1e+300}: OverflowError"),
        ("name=1", "unknown parameter of quadratic: 'name'"),
    ],
)
def test_an_option_of_a_problem_is_refused_with_its_name_and_value(option: str, words: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        make_problem("quadratic", [option])
    assert words in str(caught.value)


def test_text_is_not_taken_for_true() -> None:
    with pytest.raises(ValueError, match="potential is 'False'; true or false is needed"):
        make_problem("rdml-logits", ["potential=False"])


def test_a_study_with_a_parameter_of_the_wrong_type_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('name = "x"\nrun = {kind="simulate", step_size=0.1, parameters={dimension=false}}\n')
    study = load_study(path)
    with pytest.raises(ValueError, match="parameters: dimension is False; a whole number"):
        list(Plan(study, kind_of(study), "code").settings())


FILE = """
from dataclasses import replace
from convergence.claims.claim import Assertion
from convergence.claims.divergence.skew import CLAIM as BASE
from proofs.divergence.skew import PROOF as BASE_PROOF
from proofs.refutation import Neighbour, reduced
CLAIM = replace(BASE, **({{"id": "mine"}} | {claim}))
PROOF = replace(BASE_PROOF, **({{"claim": CLAIM.id}} | {proof}))
"""


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        ("{'id': 3}", "CLAIM: id: Input should be a valid string, got 3"),
        ("{'id': 'a b'}", "CLAIM: id: String should match pattern"),
        ("{'assertions': None}", "CLAIM: assertions: Input should be a valid tuple, got None"),
        ("{'assertions': ()}", "CLAIM: assertions: Tuple should have at least 1 item"),
        (
            "{'assertions': (Assertion('x', '<', max),)}",
            "assertions.0.relation: Input should be '<=' or '=='",
        ),
        ("{'source': '\\udc80'}", "CLAIM: source: Input should be a valid string, unable to parse"),
        ("{'instances': len}", "CLAIM: instances: Input should be an instance of Sampler"),
        ("{'depends_on': ([],)}", "CLAIM: depends_on.0: Input should be a valid string, got []"),
    ],
)
def test_a_claim_whose_fields_are_of_the_wrong_type_is_refused(
    tmp_path: Path, claim: str, words: str
) -> None:
    path = tmp_path / "claim.py"
    path.write_text(FILE.format(claim=claim, proof={}))
    with pytest.raises(ValueError, match=r"claim\.py: CLAIM") as caught:
        load_claim_file(path)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ("{'goals': None}", "goals: Input should be a valid tuple, got None"),
        ("{'goals': (3,)}", "goals.0: Input should be an instance of Goal, got 3"),
        ("{'neighbour': 'none'}", "neighbour: Input should be an instance of Neighbour, got 'none'"),
        (
            "{'neighbour': Neighbour('skwe', reduced, {})}",
            "neighbour is of the goal 'skwe'; the goals are skew",
        ),
    ],
)
def test_a_proof_whose_fields_are_wrong_is_refused(tmp_path: Path, proof: str, words: str) -> None:
    path = tmp_path / "claim.py"
    path.write_text(FILE.format(claim={}, proof=proof))
    with pytest.raises(ValueError, match=r"claim\.py: PROOF: ") as caught:
        load_claim_file(path)
    assert words in str(caught.value)


def test_a_file_that_wants_to_end_the_process_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "claim.py"
    path.write_text("raise SystemExit(0)")
    with pytest.raises(ValueError, match="cannot be imported: SystemExit"):
        load_claim_file(path)
