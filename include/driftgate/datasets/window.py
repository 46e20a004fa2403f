"""Which partitions a dataset version is made from, and in which content: what was known when each day began."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from driftgate import uris
from driftgate.datasets.parameters import StageParameters
from driftgate.datasets.pins import Pins, arriving, known_at, known_revisions
from driftgate.datasets.quarantined_days import quarantined_days
from driftgate.datasets.reviewed_labels import pinned_labels
from driftgate.errors import ConfigError, SourceMissing
from driftgate.lake import Revision, Store, lake
from driftgate.partition_keys import keys_before
from driftgate.use_cases import UseCase

NAMED_AT_MOST = 5  # missing partitions that a sentence lists


class Known:
    """The contents of partitions that were known at ``as_of``, each partition looked up once."""

    def __init__(self, store: Store, as_of: datetime | None = None) -> None:
        self.store = store
        self.as_of = as_of
        self._found: dict[str, list[Revision]] = {}

    def revisions(self, dataset: str, key: str) -> list[Revision]:
        """Return the known contents of a partition, oldest first."""
        path = uris.partition("validated", dataset, key)
        if path not in self._found:
            self._found[path] = known_revisions(self.store, path, key, self.as_of)
        return self._found[path]


def beginning(day: str) -> datetime:
    """Return when ``day`` begins: what is known then is the history of all its requests."""
    return datetime.combine(date.fromisoformat(day), time.min)  # tomorrow too: its history is known this evening


def history_keys(day: str, history_days: int) -> list[str]:
    """Return the ``history_days`` days before ``day``, oldest first."""
    last = date.fromisoformat(day)
    return [(last - timedelta(days=ago)).isoformat() for ago in range(history_days, 0, -1)]


def pin(use_case: UseCase, key: str, stage: StageParameters, as_of: datetime | None = None) -> tuple[list[str], Pins]:
    """Return the days of the window that ends with ``key``, and the manifests to read for it.

    A history that begins inside the window makes it shorter. Partitions before the window are pinned where they exist.

    :param as_of: nothing that became known later is pinned; None pins what is known now
    :raises SourceMissing: a partition inside the history is not published, or the history is too short to train on
    :raises ConfigError: the window itself is too short to train on
    """
    known = Known(lake(), as_of)
    days = _history(use_case, keys_before(key, use_case.train.window_days), stage, known)
    pins = pins_of(days, use_case.datasets, use_case.history_days, stage.lookback_days, known)
    reviewed = pinned_labels(use_case.name, known.store, as_of) if use_case.review else {}
    return days, pins.model_copy(update={"reviewed": reviewed})


def pins_of(days: list[str], datasets: Sequence[str], history_days: int, lookback_days: int, known: Known) -> Pins:
    """Return the manifests to read for the requests of ``days``, which are published, oldest first."""
    requests, *others = datasets
    seen: dict[str, dict[str, str]] = {}
    for day in days:
        moment = beginning(day)
        for earlier in history_keys(day, history_days):
            _see(seen, requests, earlier, day, known_at(known.revisions(requests, earlier), moment))
        for dataset in others:
            for recent in keys_before(day, lookback_days + 1):
                _see(seen, dataset, recent, day, arriving(known.revisions(dataset, recent), moment))
    return Pins(requests={_path(requests, day): known.revisions(requests, day)[-1].manifest for day in days}, seen=seen)


def _see(seen: dict[str, dict[str, str]], dataset: str, key: str, day: str, manifest: str | None) -> None:
    """Note that the requests from ``day`` on see this content of a partition, unless the day before saw it too."""
    if manifest is None:
        return
    since = seen.setdefault(_path(dataset, key), {})
    if not since or since[max(since)] != manifest:
        since[day] = manifest


def _path(dataset: str, key: str) -> str:
    return uris.partition("validated", dataset, key)


def _history(use_case: UseCase, window: list[str], stage: StageParameters, known: Known) -> list[str]:
    """Return the days from the first published partition on that are not in quarantine; none of them may be missing."""
    found = {day: [name for name in use_case.datasets if known.revisions(name, day)] for day in window}
    begun = [day for day in window if found[day]]
    set_apart = quarantined_days(use_case.name, known.as_of)
    days = [day for day in (window[window.index(begun[0]) :] if begun else window) if day not in set_apart]
    missing = [_path(name, day) for day in days for name in use_case.datasets if name not in found[day]]
    if missing:
        raise SourceMissing(_holes(use_case, window, missing, known.as_of))
    _refuse_too_few(use_case, days, window, stage)
    return days


def _holes(use_case: UseCase, window: list[str], missing: Sequence[str], as_of: datetime | None) -> str:
    more = f" and {len(missing) - NAMED_AT_MOST} more" if len(missing) > NAMED_AT_MOST else ""
    state = f"that were not known at {as_of.isoformat()}" if as_of else "that are not published"
    remedy = (
        "name a later time or an earlier day" if as_of else "run the DAG <source>.ingest of their source for these days"
    )
    return (
        f"Training {use_case.name} on {window[0]} to {window[-1]} needs partitions {state}: "
        f"{', '.join(missing[:NAMED_AT_MOST])}{more}; {remedy}."
    )


def _refuse_too_few(use_case: UseCase, days: list[str], window: list[str], stage: StageParameters) -> None:
    enough = use_case.train.validation_days + stage.min_training_days
    need = f"{enough} ({stage.min_training_days} to train on, {use_case.train.validation_days} to validate)"
    if len(window) < enough:
        where = use_case.folder / "use_case.yaml"
        raise ConfigError(f"{where}: key 'train.window_days' is {len(window)}; make it at least {need}.")
    if len(days) < enough:
        span = f" from {days[0]} to {days[-1]}" if days else ""
        raise SourceMissing(
            f"{use_case.name} has {len(days)} days of history{span} and needs {need}; run the DAG <source>.ingest for "
            f"days before {days[0] if days else window[0]}, end a quarantine of days, or train on a later day."
        )
