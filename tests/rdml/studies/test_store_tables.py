"""What tables of the store hold: columns of one type, and compression where it pays."""

import io
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rdml.store import SMALL, make_store, parquet_bytes, save_study
from simulations.studies.files import read_study, study_path


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([1, 2], [1, 2]),
        ([1, 2.5], [1.0, 2.5]),
        ([True, False], [True, False]),
        (["a", "b"], ["a", "b"]),
        ([1, "b"], ["1", "b"]),
        ([1, True], ["1", "True"]),
        ([1, 2.5, "c"], ["1", "2.5", "c"]),
    ],
)
def test_a_column_of_swept_values_has_one_type(tmp_path: Path, given: list, kept: list) -> None:
    store = make_store(tmp_path)
    save_study(store, "mixed", {"axes": ["x"]}, {"run": ["0" * 32] * len(given), "x": given})
    found = read_study(store, "mixed").points.column("x").to_pylist()
    assert found == kept
    assert [type(value) for value in found] == [type(value) for value in kept]


@pytest.mark.parametrize(("rows", "compression"), [(1, "UNCOMPRESSED"), (SMALL + 1, "ZSTD")])
def test_only_large_tables_are_compressed(rows: int, compression: str) -> None:
    file = pq.ParquetFile(io.BytesIO(parquet_bytes([{"x": 0.5}] * rows)))
    assert file.metadata.row_group(0).column(0).compression == compression


def test_small_files_hold_numbers_and_nothing_to_search_them_by() -> None:
    file = pq.ParquetFile(io.BytesIO(parquet_bytes([{"x": 0.5}] * 3)))
    column = file.metadata.row_group(0).column(0)
    assert not column.is_stats_set
    assert not column.has_dictionary_page
    assert file.metadata.metadata is None  # Arrow's own copy of the schema would be here


def test_studies_are_compressed(tmp_path: Path) -> None:
    store = make_store(tmp_path)
    save_study(store, "many", {"axes": ["x"]}, {"run": ["0" * 32] * 99, "x": list(range(99))})
    assert pq.read_metadata(study_path(store, "many")).row_group(0).column(0).compression == "ZSTD"


def test_a_metric_that_is_no_number_is_named() -> None:
    with pytest.raises(TypeError, match="metric 'x' is of type string; numbers are needed"):
        parquet_bytes([{"x": "text"}])
