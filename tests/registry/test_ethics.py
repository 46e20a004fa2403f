"""Without owners and an approved ethics assessment no model is registered; the sentence says what is missing."""

import shutil
from pathlib import Path

import pytest

from driftgate.errors import PromotionRefused
from driftgate.monitoring import training_baseline
from driftgate.records import sha256
from driftgate.registry import list_models, register_job
from driftgate.registry.ethics import FILE, ethics_assessment, require_accountable
from driftgate.settings import project_root
from driftgate.use_cases import UseCase, load_use_case


@pytest.fixture
def assessment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The assessment of ``flight_delays`` in a project of this test's own."""
    for name in ("settings", "use_cases/flight_delays"):
        shutil.copytree(project_root() / "include" / name, tmp_path / "include" / name)
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    return tmp_path / "include" / "use_cases" / "flight_delays" / FILE


def refusal(use_case: UseCase) -> str:
    with pytest.raises(PromotionRefused) as refused:
        require_accountable(use_case)
    return str(refused.value)


@pytest.mark.parametrize("name", ["flight_delays", "air_time"])
def test_the_shipped_use_cases_are_accounted_for(name: str) -> None:
    use_case = load_use_case(name)
    found = require_accountable(use_case)
    assert found.sections["Decision"].startswith("Approved")
    assert found.sha256 == sha256((use_case.folder / FILE).read_bytes())


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("## Harms", "## Benefits", "says nothing under '## Harms'"),
        ("`airport`", "airport", "does not say under '## Facets' why `airport` is one"),
        ("Approved for", "Not approved for", "does not begin its section '## Decision' with 'Approved'"),
    ],
)
def test_an_assessment_that_is_incomplete_or_disapproves_is_refused(
    use_case: UseCase, assessment: Path, old: str, new: str, sentence: str
) -> None:
    assert ethics_assessment(use_case)
    assessment.write_text(assessment.read_text().replace(old, new))
    assert sentence in refusal(use_case)
    assert str(assessment) in refusal(use_case)


def test_a_file_that_is_no_text_is_a_sentence(use_case: UseCase, assessment: Path) -> None:
    assessment.write_bytes(b"\xff\xfe")
    assert "is not a text in UTF-8" in refusal(use_case)


@pytest.mark.usefixtures("mlflow_database")
def test_nothing_is_registered_without_them(finished, use_case: UseCase, assessment: Path) -> None:
    finished()
    assessment.unlink()
    orphan = use_case.model_copy(update={"owners": None})
    for wanted, sentence in ((use_case, "ethics_assessment.md does not exist"), (orphan, "has no key 'owners'")):
        with pytest.raises(PromotionRefused) as refused:
            register_job(wanted, "job-1", "flight_delays/2013-03-10-3f9c2a1", make_baseline=training_baseline)
        assert sentence in str(refused.value)
    assert list_models("flight_delays") == []
