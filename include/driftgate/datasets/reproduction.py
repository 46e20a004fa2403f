"""Rebuilding a dataset version from its pinned source partitions, to see whether the same bytes come out."""

from driftgate.datasets.restore import file_at, scratch_clone
from driftgate.datasets.version import ROWS, VERSION, DatasetVersion, read_version
from driftgate.records import Record


class Reproduction(Record):
    """What came out; ``different`` names each recorded value that did not come out again, with both values."""

    name: str
    rows_sha256: str
    different: dict[str, tuple[str, str]]

    @property
    def equal(self) -> bool:
        """Whether every byte is the recorded one."""
        return not self.different


def reproduce(name: str) -> Reproduction:
    """Compute the dataset version ``name`` again, from its source partitions, parameters and features as at its tag.

    Nothing that an earlier computation left is used, and nothing is published.

    :raises ConfigError: there is no such version, or the recorded features do not run with this code
    :raises SourceMissing: a source partition is gone
    :raises Tampered: the bytes of a source partition are not those that were published
    """
    from driftgate.datasets.stage import build

    with scratch_clone() as clone:
        recorded = read_version(file_at(clone, name, f"data/{VERSION}"), name)
        clone.check_out(name)
        (clone.folder / "data" / VERSION).unlink()
        build(clone.folder, cached=False)
        built = DatasetVersion.model_validate_json((clone.folder / "data" / VERSION).read_bytes())
    return Reproduction(name=name, rows_sha256=built.files[ROWS], different=_different(recorded, built))


def _different(recorded: DatasetVersion, built: DatasetVersion) -> dict[str, tuple[str, str]]:
    before, after = recorded.model_dump(mode="json"), built.model_dump(mode="json")
    fields = (field for field in before if field not in ("name", "tag"))
    return {field: (f"{before[field]}", f"{after[field]}") for field in fields if before[field] != after[field]}
