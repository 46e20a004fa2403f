"""A use case is fit to run when the names in it exist and its SQL runs on what the contracts promise."""

import re
import shutil
from pathlib import Path

import pytest

from driftgate.cli.use_case_lint import lint_use_case
from driftgate.use_cases import use_case_folder


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sample's use case that a test may spoil."""
    return Path(shutil.copytree(use_case_folder() / "flight_delays", tmp_path / "flight_delays"))


def spoiled(folder: Path, file: str, old: str, new: str) -> str:
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    (problem,) = lint_use_case(folder / "use_case.yaml")
    return problem


def test_the_sample_is_fit_to_run(copy: Path) -> None:
    assert lint_use_case(copy / "use_case.yaml") == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("use_case.yaml", "name: flight_delays", "name: flights", "key 'name' is 'flights' but the folder is"),
        ("use_case.yaml", "weather, planes]", "wether, planes]", "names 'wether', which has no contract; did you mean"),
        ("use_case.yaml", "key: [carrier", "key: [carier", "key 'request_key' names 'carier', no column of flights"),
        ("use_case.yaml", "target: local_small", "target: local_smal", "key 'train.target' names 'local_smal'"),
        ("use_case.yaml", "arr_delay_minutes > 15", "arr_delay > 15", 'label.expression\' does not run.*"arr_delay"'),
        ("features.sql", "f.dest,", "f.destination,", 'features.sql does not run.*column named "destination"'),
        ("features.sql", "f.dest,", "f.dest, f.air_time_minutes,", "air_time_minutes"),  # an outcome
        ("features.sql", "    f.flight,\n", "", "must select 'flight', which is in request_key"),
    ],
)
def test_one_wrong_word_is_one_sentence(copy: Path, file: str, old: str, new: str, words: str) -> None:
    problem = spoiled(copy, file, old, new)

    assert str(copy / file) in problem
    assert re.search(words, problem), problem


def test_a_use_case_without_features_is_told_so(copy: Path) -> None:
    (copy / "features.sql").unlink()

    (problem,) = lint_use_case(copy / "use_case.yaml")
    assert "features.sql does not exist; write the SELECT" in problem
