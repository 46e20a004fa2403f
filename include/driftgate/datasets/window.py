"""Which partitions a dataset version is made from, pinned by the hash of their manifests."""

from collections.abc import Sequence

from driftgate import uris
from driftgate.datasets.parameters import StageParameters
from driftgate.errors import ConfigError, SourceMissing
from driftgate.lake import Store, lake, read_manifest
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase

NAMED_AT_MOST = 5  # missing partitions that a sentence lists


def pin(use_case: UseCase, key: str, stage: StageParameters) -> tuple[list[str], dict[str, str]]:
    """Return the days of the window that ends with ``key``, and the manifest hash of each partition to read.

    A history that begins inside the window makes it shorter. The partitions just before the window that the lookback
    needs are pinned where they exist.

    :raises SourceMissing: a partition inside the history is not published, or the history is too short to train on
    :raises ConfigError: the window itself is too short to train on
    """
    store = lake()
    found = {day: _published(store, use_case.datasets, day) for day in keys_before(key, use_case.train.window_days)}
    days = _history(use_case, found, stage)
    before = keys_before(days[0], stage.lookback_days + 1)[:-1]
    lookback = [_published(store, use_case.datasets[1:], day) for day in before]
    return days, {path: digest for day in (*lookback, *(found[day] for day in days)) for path, digest in day.items()}


def _published(store: Store, datasets: Sequence[str], day: str) -> dict[str, str]:
    """Return path and manifest hash of those datasets that have the partition ``day``."""
    hashes = {}
    for path in _paths(datasets, day):
        try:
            hashes[path] = read_manifest(store, path).hash
        except SourceMissing:
            continue
    return hashes


def _paths(datasets: Sequence[str], day: str) -> list[str]:
    return [uris.partition("validated", dataset, day) for dataset in datasets]


def _history(use_case: UseCase, found: dict[str, dict[str, str]], stage: StageParameters) -> list[str]:
    """Return the days from the first published partition on; from there on, none may be missing."""
    window = list(found)
    begun = [day for day in window if found[day]]
    days = window[window.index(begun[0]) :] if begun else window
    missing = [path for day in days for path in _paths(use_case.datasets, day) if path not in found[day]]
    if missing:
        more = f" and {len(missing) - NAMED_AT_MOST} more" if len(missing) > NAMED_AT_MOST else ""
        raise SourceMissing(
            f"Training {use_case.name} on {window[0]} to {window[-1]} needs partitions that are not published: "
            f"{', '.join(missing[:NAMED_AT_MOST])}{more}; run the DAG <source>.ingest of their source for these days."
        )
    _refuse_too_few(use_case, days, window, stage)
    return days


def _refuse_too_few(use_case: UseCase, days: list[str], window: list[str], stage: StageParameters) -> None:
    enough = use_case.train.validation_days + stage.min_training_days
    need = f"{enough} ({stage.min_training_days} to train on, {use_case.train.validation_days} to validate)"
    if len(window) < enough:
        where = use_case.folder / "use_case.yaml"
        raise ConfigError(f"{where}: key 'train.window_days' is {len(window)}; make it at least {need}.")
    if len(days) < enough:
        raise SourceMissing(
            f"{use_case.name} has {len(days)} days of history from {days[0]} to {days[-1]} and needs {need}; "
            f"run the DAG <source>.ingest for days before {days[0]}, or train on a later day."
        )
