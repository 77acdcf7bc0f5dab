"""What a release promises: one version, types for its users, and every file that it needs at run time."""

import re
from importlib.metadata import metadata, version
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("convergence", "proofs", "simulations", "rdml")


def test_the_version_is_semantic_and_the_same_everywhere():
    installed = version("renyi-dml")
    assert re.fullmatch(r"\d+\.\d+\.\d+", installed)
    cited = re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert cited
    assert cited[1] == installed


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_says_that_it_is_typed(package):
    assert files(package).joinpath("py.typed").is_file()


def test_the_templates_are_beside_the_code():
    names = {entry.name for entry in files("rdml").joinpath("templates").iterdir()}
    assert {"page.html.j2", "study.html.j2", "verification.html.j2"} <= names


def test_the_licence_comes_along():
    assert metadata("renyi-dml")["License-Expression"] == "MIT"
    assert metadata("renyi-dml").get_all("License-File") == ["LICENSE"]
