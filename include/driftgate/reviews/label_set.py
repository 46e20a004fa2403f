"""The answers of people as a set of labels: a version that DVC keeps, and a revision in the lake that training pins."""

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from driftgate import uris
from driftgate.captures import read_captures
from driftgate.datasets import publish_files
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.records import Record, canonical_json, parse_record, sha256
from driftgate.reviews.answers import ReviewAnswer, decided, review_answers
from driftgate.reviews.item import ReviewItem, review_items
from driftgate.use_cases import UseCase
from driftgate.wall_clock import wall_clock

if TYPE_CHECKING:
    import pyarrow as pa

KIND, FILE = "review_labels", "answers.jsonl"


class LabelSet(Record):
    """The newest set: the dataset version that DVC has, the manifest in the lake, and the answers it was made of."""

    schema_version: int = 1
    use_case: str
    version: str
    manifest: str
    labels: int
    answers_sha256: str


class _Label(NamedTuple):
    day: str
    prediction_id: str
    request_key: str
    label: bool


def publish_labels(use_case: UseCase, key: str) -> LabelSet | None:
    """Publish what reviewers have decided until now, on the day ``key``; the same answers as before are no news.

    The version has every answer with its item; the set in the lake the label of each request that is decided and whose
    capture is still there. None: nobody has answered yet.

    :raises ConfigError: the use case has no section ``review``, or the data repository or DVC's remote refuses it
    """
    answers = review_answers(use_case)
    given, before = _digest(answers), newest_labels(use_case.name)
    if not answers or (before and before.answers_sha256 == given):
        return before
    items = [item for item in review_items(use_case.name) if item.prediction_id in answers]
    with tempfile.TemporaryDirectory(prefix="driftgate-reviews-") as folder:
        lines = [_line(item, answer) for item in items for answer in answers[item.prediction_id]]
        (Path(folder) / FILE).write_bytes(b"".join(lines))
        version = publish_files(Path(folder), f"{use_case.name}_reviews", key)
    table = _table(_labels(use_case.name, items, answers))
    path = uris.reviewed_labels(use_case.name)
    manifest = publish(lake(), path, table, known_at=wall_clock(), inputs=(version.index.sha256,))
    made = LabelSet(
        use_case=use_case.name,
        version=version.name,
        manifest=manifest.hash,
        labels=table.num_rows,
        answers_sha256=given,
    )
    metadata().append(KIND, use_case.name, made.model_dump(mode="json"))
    return made


def newest_labels(use_case_name: str) -> LabelSet | None:
    """Return the set that was published last, or None."""
    entry = metadata().latest(KIND, use_case_name)
    return parse_record(entry.body, LabelSet, where=f"the labels of {use_case_name}") if entry else None


def _digest(answers: Mapping[str, list[ReviewAnswer]]) -> str:
    return sha256(canonical_json([one.model_dump(mode="json") for name in sorted(answers) for one in answers[name]]))


def _line(item: ReviewItem, answer: ReviewAnswer) -> bytes:
    return canonical_json({**item.model_dump(mode="json"), **answer.model_dump(mode="json")}) + b"\n"


def _labels(use_case_name: str, items: list[ReviewItem], answers: Mapping[str, list[ReviewAnswer]]) -> Iterator[_Label]:
    for day in sorted({item.day for item in items}):
        captures = read_captures(use_case_name, day)
        keys = dict(zip(*(captures.column(name).to_pylist() for name in ("prediction_id", "request_key")), strict=True))
        for item in items:
            label = decided(answers[item.prediction_id])
            if item.day == day and item.prediction_id in keys and label is not None:
                yield _Label(day, item.prediction_id, keys[item.prediction_id], label)


def _table(labels: Iterator[_Label]) -> "pa.Table":
    import pyarrow as pa

    text = pa.string()
    schema = pa.schema({"day": text, "prediction_id": text, "request_key": text, "label": pa.bool_()})
    return pa.Table.from_pylist([label._asdict() for label in sorted(labels)], schema)
