"""Drift as people remember it: what drifted from when to when, why, what was done, and what that did to the metric.

An episode begins with a verdict that moves something and goes on while such verdicts follow. A person closes it.
"""

from datetime import datetime

from driftgate.errors import ConfigError, DriftgateError, nearest
from driftgate.metadata import Entry, metadata
from driftgate.monitoring.verdicts.outcome import Outcome, causes_of
from driftgate.monitoring.verdicts.policy import MOVES
from driftgate.monitoring.verdicts.record import Verdict
from driftgate.partition_keys import days_between
from driftgate.records import Record, parse_record

KIND = "drift_episode"
APART_NIGHTS = 14  # a drift so many nights after the last one is another


class Episode(Record):
    """One drift; ``id`` is its first night.

    :param statistic: what each monitor measured on the first night
    """

    schema_version: int = 1
    use_case: str
    id: str
    last: str
    nights: int
    rule: str
    features: tuple[str, ...]
    statistic: str
    intervention: str | None = None
    cause: str | None = None
    effect_on_metric: str | None = None
    false_alarm: bool = False
    closed_at: datetime | None = None
    closed_by: str | None = None


def note_verdict(verdict: Verdict) -> Episode | None:
    """Begin an episode, or go on with the one that lasts; None for a verdict that moves nothing."""
    if verdict.decision not in MOVES or verdict.backfill or not verdict.causes:
        return None
    open_ = next((one for one in reversed(episodes(verdict.use_case)) if one.closed_at is None), None)
    if open_ is None or days_between(open_.last, verdict.key) > APART_NIGHTS:
        return _write(_begun(verdict))
    if verdict.key <= open_.last:  # decided again
        return open_
    features = tuple(sorted({*open_.features, *_features(verdict)}))
    return _write(open_.model_copy(update={"last": verdict.key, "nights": open_.nights + 1, "features": features}))


def note_outcome(outcome: Outcome) -> Episode | None:
    """Write what a retraining came to into the episode that it belongs to; None when there is no such episode."""
    mine = [one for one in episodes(outcome.use_case) if one.id <= outcome.key <= one.last and one.closed_at is None]
    if not mine:
        return None
    made = f", version {outcome.model_version}" if outcome.model_version else ""
    update: dict[str, str] = {"intervention": f"retrained{made}: {outcome.status}. {outcome.notes}".strip()}
    if outcome.effect:
        update["effect_on_metric"] = outcome.effect
    return _write(mine[-1].model_copy(update=update))


def close_episode(
    use_case_name: str,
    episode_id: str,
    *,
    cause: str | None,
    effect: str | None,
    intervention: str | None,
    actor: str,
    at: datetime,
    false_alarm: bool = False,
) -> Episode:
    """Close an episode and return it; what was recorded of intervention and effect stands where nothing else is said.

    :raises ConfigError: there is none of that id
    :raises DriftgateError: it is closed already, or has no cause, or no effect on the metric
    """
    found = find_episode(use_case_name, episode_id)
    if found.closed_at:
        raise DriftgateError(f"Episode {episode_id} of {use_case_name} is closed already, by {found.closed_by}.")
    said = {"cause": cause, "effect_on_metric": effect, "intervention": intervention}
    closed = found.model_copy(update={name: text.strip() for name, text in said.items() if text and text.strip()})
    missing = [name for name in ("cause", "effect_on_metric") if not getattr(closed, name)]
    if missing:
        raise DriftgateError(
            f"Episode {episode_id} of {use_case_name} cannot be closed without its {' and its '.join(missing)}; "
            "say them with --cause and --effect."
        )
    return _write(closed.model_copy(update={"closed_at": at, "closed_by": actor, "false_alarm": false_alarm}))


def find_episode(use_case_name: str, episode_id: str) -> Episode:
    """Return one episode.

    :raises ConfigError: there is none of that id
    """
    entry = metadata().latest(KIND, f"{use_case_name}/{episode_id}")
    if entry is None:
        known = [one.id for one in episodes(use_case_name)]
        raise ConfigError(f"{use_case_name} has no drift episode {episode_id!r}{nearest(episode_id, known)}")
    return _parse(entry)


def episodes(use_case_name: str) -> list[Episode]:
    """Return the episodes of a use case, oldest first."""
    return [_parse(entry) for entry in metadata().all_latest(KIND, f"{use_case_name}/")]


def _begun(verdict: Verdict) -> Episode:
    return Episode(
        use_case=verdict.use_case,
        id=verdict.key,
        last=verdict.key,
        nights=1,
        rule=verdict.rule,
        features=_features(verdict),
        statistic="; ".join(
            f"{item.monitor}: {item.statistic} {item.value} (threshold {item.threshold})" for item in causes_of(verdict)
        ),
    )


def _features(verdict: Verdict) -> tuple[str, ...]:
    return tuple(sorted({name for item in causes_of(verdict) for name in item.features}))


def _write(episode: Episode) -> Episode:
    metadata().append(KIND, f"{episode.use_case}/{episode.id}", episode.model_dump(mode="json"))
    return episode


def _parse(entry: Entry) -> Episode:
    return parse_record(entry.body, Episode, where=f"the drift episode {entry.subject}")
