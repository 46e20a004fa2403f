"""The record of one dataset version: an immutable training set and where it came from."""

import json
from datetime import datetime
from typing import Any, Literal

from driftgate.errors import ConfigError, Tampered
from driftgate.models.views import View
from driftgate.records import Record, canonical_json, parse_record, sha256

ROWS = "rows.parquet"
VERSION = "version.json"


class Window(Record):
    """The days whose requests are the rows, both included."""

    first: str
    last: str


class Split(Record):
    """The rows to train on, and the later ones to validate on: the days from ``validation_first`` on."""

    validation_first: str
    train_rows: int
    validation_rows: int


class LabelCounts(Record):
    """How many rows have each label, and how many requests are no rows because their outcome never comes."""

    positive: int
    negative: int
    without_outcome: int


class LabelSummary(Record):
    """What the numbers are that a regression's rows have as labels, and how many requests are no rows."""

    mean: float
    standard_deviation: float
    minimum: float
    maximum: float
    without_outcome: int


class DatasetVersion(Record):
    """An immutable training set; the git tag ``tag`` of the data repository is its only pointer."""

    schema_version: int = 1
    name: str
    tag: str
    use_case: str
    key: str
    window: Window
    rows: int
    split: Split
    labels: LabelCounts | LabelSummary
    columns: dict[str, str]  # name to Arrow type
    feature_set_sha256: str
    inputs_sha256: str
    files: dict[str, str]  # name to sha256
    dvc_md5: str
    sources: dict[str, str]  # path of a partition in the lake to the hash of its manifest, of several the newest
    older_sources: dict[str, tuple[str, ...]] = {}  # what requests saw of partitions that were corrected later
    views: tuple[View, ...] = ()  # what the endpoint joins from the online store
    as_of: datetime | None = None  # nothing that became known later is in it; None: what was known when it was made

    @property
    def pinned(self) -> tuple[tuple[str, str], ...]:
        """Path and manifest hash of everything that it was made from."""
        older = ((path, digest) for path, digests in self.older_sources.items() for digest in digests)
        return tuple(sorted((*self.sources.items(), *older)))

    @property
    def subject(self) -> str:
        """What it is a version of."""
        return self.use_case

    @property
    def objects(self) -> tuple[str, ...]:
        """The md5 of each of its files in the DVC remote."""
        return (self.dvc_md5,)


class StoredFile(Record):
    """One file in the DVC remote, where its md5 is its name."""

    sha256: str
    md5: str
    bytes: int


class FilesVersion(Record):
    """An immutable set of files, packed into a few archives; the git tag ``tag`` is its only pointer."""

    schema_version: int = 1
    kind: Literal["files"] = "files"
    name: str
    tag: str
    dataset: str
    key: str
    files: int
    bytes: int
    index: StoredFile
    packs: dict[str, StoredFile]

    @property
    def subject(self) -> str:
        """What it is a version of."""
        return self.dataset

    @property
    def objects(self) -> tuple[str, ...]:
        """The md5 of each of its files in the DVC remote."""
        return (self.index.md5, *(pack.md5 for pack in self.packs.values()))


AnyVersion = DatasetVersion | FilesVersion


def named_files(content: dict[str, Any]) -> FilesVersion:
    """Return the record of ``content``, everything but the name, under the name that its content gives it."""
    content = {"kind": "files", **content}
    name = name_of(content)
    return parse_record({"name": name, "tag": name, **content}, FilesVersion, where=f"dataset version {name}")


def named(content: dict[str, Any]) -> DatasetVersion:
    """Return the record of ``content``, everything but the name, under the name that its content gives it."""
    name = name_of(content)
    return parse_record({"name": name, "tag": name, **content}, DatasetVersion, where=f"dataset version {name}")


def read_version(data: bytes, tag: str) -> DatasetVersion:
    """Parse ``version.json`` as found at ``tag``.

    :raises Tampered: the content is not the one that the name was made from
    """
    version = read_any(data, tag)
    if isinstance(version, FilesVersion):
        raise ConfigError(f"{tag} is a set of files, not of rows to train on; name a dataset version of a use case.")
    return version


def read_any(data: bytes, tag: str) -> AnyVersion:
    """Parse ``version.json`` of either kind, as found at ``tag``.

    :raises Tampered: the content is not the one that the name was made from
    """
    content = _content_at(data, tag)
    kind: type[AnyVersion] = FilesVersion if content.get("kind") == "files" else DatasetVersion
    return parse_record(content, kind, where=f"{VERSION} at tag {tag}")


def _content_at(data: bytes, tag: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(data)
        names = {content["name"], content["tag"], name_of(content)}
    except (ValueError, KeyError, TypeError):
        names = set()
    if names != {tag}:
        raise Tampered(f"{VERSION} at tag {tag} is not what the tag was made for; restore the data repository.")
    return content


def name_of(content: dict[str, Any]) -> str:
    """Return the name that the content of a version gives it; what is not in the content does not count."""
    digest = sha256(canonical_json({field: content[field] for field in content if field not in ("name", "tag")}))
    return f"{content.get('use_case') or content['dataset']}/{content['key']}-{digest[:7]}"
