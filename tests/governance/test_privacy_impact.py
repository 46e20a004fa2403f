"""A model made from personal data needs an assessment of the last year; one made from public data needs none."""

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from driftgate.errors import ConfigError, PromotionRefused
from driftgate.governance.privacy_impact import PrivacyReview, model_sensitivity, read_assessment, review_privacy
from driftgate.metadata import metadata
from driftgate.registry.versions import ModelVersion
from driftgate.settings import settings
from driftgate.use_cases import UseCase, load_use_case

SHIPPED = Path(__file__).resolve().parents[2] / "include" / "use_cases" / "flight_delays"


@pytest.fixture
def fares(project: Path) -> UseCase:
    """A use case over rides, of which one feature is made from the passenger."""
    folder = project / "include" / "use_cases" / "fares"
    shutil.copytree(SHIPPED, folder)
    file = folder / "use_case.yaml"
    raw = yaml.load(file.read_text(), Loader=yaml.BaseLoader)
    raw.update(name="fares", datasets=["rides"], request_key=["ride"], event_time="started_at")
    raw.update(not_features=["ride", "started_at"], label={"expression": "fare_usd > 20", "known_after_days": "1"})
    raw.pop("online", None)
    file.write_text(yaml.safe_dump(raw))
    shutil.copy(project / "features.sql", folder / "features.sql")
    return load_use_case("fares")


@pytest.fixture
def register(put_package: Callable[..., ModelVersion]) -> Callable[..., None]:
    """Register a version with these columns."""

    def write(version: str, *columns: str) -> None:
        signature = {"columns": [{"name": name} for name in columns]}
        files = {"signature.json": json.dumps(signature).encode(), "model.txt": b"", "feature_baseline.json": b"{}"}
        put_package(version, files, use_case="fares")

    return write


def assess(use_case: UseCase, days_ago: int) -> dt.date:
    day = dt.datetime.now(ZoneInfo(settings().timezone)).date() - dt.timedelta(days=days_ago)
    (use_case.folder / "privacy_impact.md").write_text(f"---\ndate: {day}\nassessed_by: anna\n---\nNobody is harmed.\n")
    return day


def test_a_model_is_as_sensitive_as_its_worst_feature(fares: UseCase, register: Callable[..., None]) -> None:
    register("1", "ride", "distance_km")
    register("2", "ride", "distance_km", "name_length")
    register("3", "ride", "of_another_sql")
    assert [model_sensitivity(fares, version) for version in "123"] == ["public", "pii", "pii"]


def test_a_treatment_lowers_it(fares: UseCase, register: Callable[..., None], change: Callable[..., None]) -> None:
    change("data_contracts/rides.yaml", "property: treatment, value: keep", "property: treatment, value: hash")
    register("2", "ride", "name_length")
    assert model_sensitivity(fares, "2") == "internal"
    assert review_privacy(fares, "2")


def test_public_data_needs_no_assessment(fares: UseCase, register: Callable[..., None]) -> None:
    register("1", "ride", "distance_km")
    assert review_privacy(fares, "1") == PrivacyReview(
        use_case="fares", version="1", sensitivity="public", assessed_on=None
    )


def test_personal_data_without_an_assessment_is_not_promoted(fares: UseCase, register: Callable[..., None]) -> None:
    register("1", "name_length")
    with pytest.raises(
        PromotionRefused, match=r"Version 1 of fares is made from pii data, and .*impact\.md does not exist"
    ):
        review_privacy(fares, "1")
    [entry] = metadata().history("privacy_review", "fares/1")
    assert entry.body["sensitivity"] == "pii", "the refusal is on record"


@pytest.mark.parametrize("days", [0, 364])
def test_with_an_assessment_of_the_last_year_it_is(fares: UseCase, register: Callable[..., None], days: int) -> None:
    register("1", "name_length")
    day = assess(fares, days)
    assert review_privacy(fares, "1").assessed_on == day


def test_an_older_one_blocks(fares: UseCase, register: Callable[..., None]) -> None:
    register("1", "name_length")
    assess(fares, 400)
    with pytest.raises(
        PromotionRefused, match=r"is 40[01] days old, more than the 365 that it is valid; assess it again"
    ):
        review_privacy(fares, "1")


def test_one_from_the_future_blocks(fares: UseCase, register: Callable[..., None]) -> None:
    register("1", "name_length")
    assess(fares, -30)
    with pytest.raises(PromotionRefused, match="which is yet to come; correct it"):
        review_privacy(fares, "1")


def test_a_version_that_is_not_registered_is_left_to_the_promotion(fares: UseCase) -> None:
    assert review_privacy(fares, "9") is None


@pytest.mark.parametrize(
    ("text", "telling"),
    [
        ("date: 2026-01-31\n", "must begin with '---', 'date: 2026-01-31' and '---'"),
        ("---\ndate: 2026-01-31\n---\n", "and then say what was assessed"),
        ("---\nday: 2026-01-31\n---\nFine.", "key 'date' is missing; add it; unknown key 'day'"),
        ("---\ndate: soon\n---\nFine.", "key 'date': Input should be a valid date"),
        ("---\ndate: [\n---\nFine.", "is not valid YAML at its top"),
        ("---\n- a\n---\nFine.", "expected a mapping of keys, found list"),
    ],
)
def test_an_assessment_without_its_date_is_a_sentence(tmp_path: Path, text: str, telling: str) -> None:
    path = tmp_path / "privacy_impact.md"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_assessment(path)
    assert telling in str(caught.value)
    assert str(path) in str(caught.value)


def test_the_golden_review_is_written_and_read_unchanged() -> None:
    golden = '{"assessed_on":"2026-01-31","schema_version":1,"sensitivity":"pii","use_case":"fares","version":"2"}'
    assert PrivacyReview.model_validate_json(golden).canonical().decode() == golden
