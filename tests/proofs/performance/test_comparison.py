from fractions import Fraction

import pytest

from proofs.performance.comparison import FORMS, compare, markdown_table
from proofs.performance.heat_map import heat_map

HALF = Fraction(1, 2)


@pytest.fixture(scope="module")
def comparisons():
    said = []
    found = list(compare([HALF, Fraction(1)], [1, 4], [Fraction(0), HALF], [Fraction(0), HALF], said.append))
    assert len(said) == len(found) == 16
    return found


def test_no_form_is_below_the_exact_worst_case(comparisons):
    for each in comparisons:
        assert each.worst.exact
        ratios = [ratio for form in FORMS if (ratio := each.ratio(form)) is not None]
        assert min(ratios) >= 1 - 1e-6
        for form in ("biased-programme", "last-step", "unbiased-exact", "biased-exact"):
            assert each.ratio(form) is None or each.ratio(form) == pytest.approx(1, abs=1e-6)


def test_forms_apply_where_they_should(comparisons):
    applies = {form: sum(form in each.bounds for each in comparisons) for form in FORMS}
    assert applies["stationarity-sharp"] == 8
    assert applies["last-step"] == applies["unbiased-exact"] == 4
    assert applies["biased-exact"] == 7  # all but h = ½, T = 4, ζ = ½
    assert applies["tangent"] == 16


def test_the_table_has_a_line_for_each(comparisons):
    lines = markdown_table(comparisons).splitlines()
    assert len(lines) == 18
    assert {line.count("|") for line in lines} == {lines[0].count("|")}
    assert "| 0 | 1/2 | 1/2 | 4 | 0.956141 |" in "\n".join(lines)


def test_the_picture_has_a_panel_for_each_form_and_relative_bias(comparisons):
    figure = heat_map(comparisons)
    titles = [axes.get_title() for axes in figure.axes]
    assert "biased-programme, m = 1/2" in titles
    assert sum(bool(title) for title in titles) == 10
    shown = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert shown.count("does not apply") == 1
    assert len(shown) == 1 + 4 * 16 + 8
