"""What a run is about: its partition keys, and whether it may act on production."""

from typing import Any

from driftgate.errors import ConfigError
from driftgate.partition_keys import keys_between, parse_key


def partition_key(context: Any) -> str:
    """Return the partition key of the run.

    :raises ConfigError: the run has none, or it is not a date of the past
    """
    key = context["dag_run"].partition_key
    if not key:
        raise ConfigError(
            f"This run of {context['dag_run'].dag_id} has no partition key; trigger it again with a partition key "
            "such as 2013-04-01."
        )
    parse_key(key)
    return str(key)


def partition_keys(context: Any) -> list[str]:
    """Return the keys to work on: the range in the run's parameters if there is one, else the run's own key."""
    first, last = context["params"].get("first_partition"), context["params"].get("last_partition")
    if first or last:
        if not (first and last):
            raise ConfigError("A range needs both its first and its last partition; fill in the other one.")
        return keys_between(first, last)
    return [partition_key(context)]


def is_replay(context: Any) -> bool:
    """Return whether the run plays a past day as if it were today."""
    return bool(context["params"].get("replay") or (context["dag_run"].conf or {}).get("replay"))


def is_late(context: Any) -> bool:
    """Return whether the run brings late rows into partitions that were there already."""
    return bool((context["dag_run"].conf or {}).get("late"))


def is_on_time(context: Any) -> bool:
    """Return whether what the run brings is history, which nobody can say came late: a backfill, a range, a replay."""
    is_range = context["params"].get("first_partition") and not is_late(context)
    return bool(is_replay(context) or context["dag_run"].run_type == "backfill" or is_range)


def is_old_backfill(context: Any) -> bool:
    """Return whether the run works on old partitions and must not retrain or move traffic."""
    if is_replay(context):
        return False
    if context["dag_run"].run_type == "backfill" or is_late(context):
        return True
    events = context.get("triggering_asset_events") or {}
    return any((event.extra or {}).get("old_backfill") for group in events.values() for event in group)


def row_share(context: Any, usual: float) -> float:
    """Return the share of the training rows to learn from: the usual one of the use case, or what an experiment asks.

    :param usual: ``train.row_share``; a run that asks for more than that gets that
    """
    return min(usual, float(context["params"].get("sample_fraction") or 1))


def run_name(context: Any) -> str:
    """Return the name of the run, as records have it."""
    run = context["dag_run"]
    return f"{run.dag_id}/{run.run_id}"


def actor(context: Any) -> str:
    """Return who asked for the run, for decision records."""
    run = context["dag_run"]
    return str(getattr(run, "triggering_user_name", None) or f"airflow:{run.dag_id}")


def candidate_version(context: Any) -> str:
    """Return the model version that this run promotes: from its parameter, else from the asset event that started it.

    :raises ConfigError: neither names a version
    """
    if version := context["params"].get("model_version"):
        return str(version)
    events = context.get("triggering_asset_events") or {}
    versions = [(event.extra or {}).get("model_version") for group in events.values() for event in group]
    named = [version for version in versions if version]
    if not named:
        raise ConfigError("This run names no model version; trigger it again and fill in 'Model version'.")
    return str(named[-1])
