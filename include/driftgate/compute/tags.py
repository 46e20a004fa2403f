"""Whose money a job spends: the tags that every job and every row of the ledger carries."""

from typing import Literal, get_args

from driftgate.compute.jobs import JobSpec
from driftgate.errors import ConfigError, nearest
from driftgate.settings import settings
from driftgate.use_cases import UseCase

Activity = Literal[
    "ingest", "validate", "prepare", "tune", "train", "retrain", "evaluate", "host", "monitor", "storage"
]
ACTIVITIES: tuple[Activity, ...] = get_args(Activity)
Phase = Literal["training", "inference", "experiment"]
PHASES: dict[Activity, Phase] = {
    **dict.fromkeys(ACTIVITIES, "training"),
    "tune": "experiment",
    "host": "inference",
    "monitor": "inference",
}
REQUIRED_TAGS = ("project", "business_unit", "environment", "owner")  # without one, nobody could be asked to pay


def tags_of(use_case: UseCase, activity: Activity, *, run: str | None = None) -> dict[str, str]:
    """Return the tags of what is done for a use case; a tag that nobody wrote is missing, never empty."""
    tags = {
        "project": settings().project,
        "business_unit": use_case.owner.business_unit or settings().business_unit,
        "environment": settings().stage,
        "owner": use_case.owner.team,
        "cost_centre": use_case.owner.cost_centre,
        "use_case": use_case.name,
        "activity": activity,
        "phase": PHASES[activity],
        "run": run,
    }
    return {name: value for name, value in tags.items() if value}


def missing_tags(tags: dict[str, str]) -> list[str]:
    """Return the required tags that are not there."""
    return [name for name in REQUIRED_TAGS if not tags.get(name)]


def require_tags(spec: JobSpec) -> None:
    """Let a job go to where it costs money only when somebody answers for it.

    :raises ConfigError: a required tag is missing, or the activity is none that the ledger knows
    """
    if missing := missing_tags(spec.tags):
        raise ConfigError(
            f"Job {spec.job_id} of use case {spec.use_case!r} lacks the tags {', '.join(missing)}, so nobody would "
            "answer for its cost; write 'business_unit' under 'owner' in its use_case.yaml or into the settings file."
        )
    activity = spec.tags.get("activity", "train")
    if activity not in ACTIVITIES:
        raise ConfigError(
            f"Job {spec.job_id} is tagged with the activity {activity!r}, which is none{nearest(activity, ACTIVITIES)}"
        )
