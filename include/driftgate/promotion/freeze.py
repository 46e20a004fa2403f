"""A freeze: no version of a use case gets more traffic until it ends. The way back stays open."""

from driftgate.errors import ConfigError, PromotionRefused
from driftgate.metadata import metadata
from driftgate.records import Record, parse_record

KIND = "promotion_freeze"
STILL_ALLOWED = frozenset({"roll_back", "restore"})


class Freeze(Record):
    """Who stopped, or let go on, the promotions of a use case, and why."""

    schema_version: int = 1
    use_case: str
    frozen: bool
    actor: str
    reason: str


def freeze_of(use_case_name: str) -> Freeze | None:
    """Return the freeze of a use case, None when its promotions may go on."""
    entry = metadata().latest(KIND, use_case_name)
    found = parse_record(entry.body, Freeze, where=f"the freeze of {use_case_name}") if entry else None
    return found if found and found.frozen else None


def freeze(use_case_name: str, *, actor: str, reason: str) -> Freeze:
    """Stop the promotions of a use case; one that is frozen already stays as it is recorded.

    :raises ConfigError: there is no reason
    """
    return freeze_of(use_case_name) or _append(use_case_name, True, actor, reason)


def unfreeze(use_case_name: str, *, actor: str, reason: str) -> Freeze:
    """Let promotions go on.

    :raises ConfigError: they are not frozen, or there is no reason
    """
    if freeze_of(use_case_name) is None:
        raise ConfigError(f"The promotions of {use_case_name} are not frozen; there is nothing to end.")
    return _append(use_case_name, False, actor, reason)


def require_not_frozen(use_case_name: str, action: str) -> None:
    """Return when ``action`` may move traffic.

    :raises PromotionRefused: promotions are frozen, and it is no way back
    """
    found = freeze_of(use_case_name)
    if found and action not in STILL_ALLOWED:
        raise PromotionRefused(
            f"The promotions of {use_case_name} are frozen by {found.actor} ({found.reason}), so nothing moves but "
            f"back; end it with driftgate promotion unfreeze {use_case_name}."
        )


def _append(use_case_name: str, frozen: bool, actor: str, reason: str) -> Freeze:
    if not reason.strip():
        raise ConfigError(f"A freeze of {use_case_name}, and its end, needs a reason; say it in a few words.")
    record = Freeze(use_case=use_case_name, frozen=frozen, actor=actor, reason=reason)
    metadata().append(KIND, use_case_name, record.model_dump(mode="json"))
    return record
