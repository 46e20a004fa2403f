"""A model that is made from personal data is promoted only with a privacy impact assessment that is not out of date.

It is ``privacy_impact.md`` in the folder of the use case; between two lines of ``---`` at its top it says ``date``, and
who made it if it likes.
"""

import datetime as dt
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml

from driftgate.catalog.features import feature_sensitivity, highest_sensitivity
from driftgate.catalog.sensitivity import highest
from driftgate.contracts.contract import PERSONAL, Classification
from driftgate.errors import ConfigError, PromotionRefused
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record
from driftgate.registry import find_model, verified_files
from driftgate.registry.versions import registration_of
from driftgate.settings import settings
from driftgate.use_cases import UseCase

KIND = "privacy_review"
FILE = "privacy_impact.md"
VALID_DAYS = 365
FENCE = "---"


class Assessment(Record):
    """What stands at the top of ``privacy_impact.md``."""

    date: dt.date
    assessed_by: str | None = None


class PrivacyReview(Record):
    """What was found when a version wanted to be promoted; the metadata says when that was."""

    schema_version: int = 1
    use_case: str
    version: str
    sensitivity: Classification
    assessed_on: dt.date | None


def review_privacy(use_case: UseCase, version: str) -> PrivacyReview | None:
    """Record how sensitive a model version is and when that was assessed; return when it may be promoted.

    A version that is not registered is left to the promotion, which refuses it: None.

    :raises PromotionRefused: it is made from personal data, and the assessment is missing or over a year old
    :raises ConfigError: the assessment has no date where it should have one
    """
    if registration_of(use_case.name, version) is None:
        return None
    level = model_sensitivity(use_case, version)
    path = use_case.folder / FILE
    assessed = read_assessment(path).date if level in PERSONAL and path.exists() else None
    review = PrivacyReview(use_case=use_case.name, version=version, sensitivity=level, assessed_on=assessed)
    entry = metadata().append(KIND, f"{use_case.name}/{version}", review.model_dump(mode="json"))
    if level in PERSONAL:
        today = entry.written_at.astimezone(ZoneInfo(settings().timezone)).date()
        _require_in_date(review, today, path)
    return review


def model_sensitivity(use_case: UseCase, version: str) -> Classification:
    """Return how sensitive a model version is: as much as the worst of the columns that its requests have.

    A feature that today's SQL does not have counts as the worst column that its datasets publish.
    """
    levels, worst = feature_sensitivity(use_case), highest_sensitivity(use_case)
    files = verified_files(find_model(use_case.name, version))
    if "signature.json" not in files:
        return worst
    names = [column["name"].lower() for column in json.loads(files["signature.json"])["columns"]]
    return highest(*(levels.get(name, worst) for name in names))


def read_assessment(path: Path) -> Assessment:
    """Return what stands at the top of an assessment.

    :raises ConfigError: it does not begin with its date between two lines of ``---``, or says nothing after it
    """
    try:
        text = path.read_text()
    except (OSError, UnicodeDecodeError):
        raise ConfigError(f"{path} is not a text in UTF-8 that can be read; correct it.") from None
    before, _, rest = text.removeprefix(FENCE).partition(f"\n{FENCE}\n")
    if not text.startswith(f"{FENCE}\n") or not rest.strip():
        raise ConfigError(
            f"{path} must begin with '{FENCE}', 'date: 2026-01-31' and '{FENCE}', each on a line of its own, and then "
            "say what was assessed."
        )
    try:
        return parse_record(yaml.safe_load(before), Assessment, where=str(path))
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not valid YAML at its top: {' '.join(str(error).split())}") from None


def _require_in_date(review: PrivacyReview, today: dt.date, path: Path) -> None:
    made_from = f"Version {review.version} of {review.use_case} is made from {review.sensitivity} data"
    if review.assessed_on is None:
        raise PromotionRefused(
            f"{made_from}, and {path} does not exist; write there what that means for the people concerned."
        )
    if review.assessed_on > today:
        raise PromotionRefused(
            f"{made_from}, and {path} is dated {review.assessed_on}, which is yet to come; correct it."
        )
    age = (today - review.assessed_on).days
    if age > VALID_DAYS:
        raise PromotionRefused(
            f"{made_from}, and {path} is {age} days old, more than the {VALID_DAYS} that it is valid; assess it again "
            "and set its date."
        )
