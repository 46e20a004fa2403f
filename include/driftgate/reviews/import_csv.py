"""Answers that reviewers wrote into a file: all of it counts, or nothing."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

from driftgate.errors import ConfigError, DriftgateError
from driftgate.reviews.answers import ReviewAnswer, keep_answer, made_answer
from driftgate.reviews.item import ReviewItem, review_items
from driftgate.use_cases import UseCase

COLUMNS = ("prediction_id", "human_label", "reviewer", "seconds")
LABELS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def import_answers(use_case: UseCase, file: Path) -> int:
    """Record the answers of a CSV file with the columns ``COLUMNS`` and return how many they are.

    :raises ConfigError: a line is wrong; nothing of the file is recorded then
    """
    answers = list(_answers(use_case, file))
    for answer in answers:
        keep_answer(answer)
    return len(answers)


def _answers(use_case: UseCase, file: Path) -> Iterator[ReviewAnswer]:
    items = {item.prediction_id: item for item in review_items(use_case.name)}
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            if tuple(rows.fieldnames or ()) != COLUMNS:
                raise ConfigError(f"{file}: line 1 must be {','.join(COLUMNS)}; correct the columns.")
            for row in rows:
                yield _answer(use_case, items, row, f"{file}, line {rows.line_num}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"{file} is no CSV file in UTF-8 ({error}); save it as one.") from None


def _answer(
    use_case: UseCase, items: Mapping[str, ReviewItem], row: Mapping[str, str | None], where: str
) -> ReviewAnswer:
    item, label = items.get(row["prediction_id"] or ""), LABELS.get((row["human_label"] or "").strip().lower())
    if item is None:
        raise ConfigError(f"{where}: column 'prediction_id' names no answer in a queue of {use_case.name}; correct it.")
    if label is None:
        raise ConfigError(f"{where}: column 'human_label' is neither true nor false; write one of the two.")
    try:
        return made_answer(use_case, item, label, reviewer=row["reviewer"] or "", seconds=float(row["seconds"] or ""))
    except ValueError:
        raise ConfigError(f"{where}: column 'seconds' is no number; write how long the review took.") from None
    except DriftgateError as error:
        raise ConfigError(f"{where}: {error}") from None
