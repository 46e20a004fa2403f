"""When a night's evidence becomes a retraining, a review or a rollback: the section ``retrain`` of a use case."""

from itertools import pairwise
from typing import Annotated

from pydantic import Field, model_validator

from driftgate.drift_rules import Rule, require_agreement, table
from driftgate.monitoring_policy import MonitorName, Positive
from driftgate.records import Record


class Schedule(Record):
    """Retrain every so many days, drift or not. It costs money and energy that drift does not ask for, so say why."""

    every_days: Positive
    justification: Annotated[str, Field(min_length=10)]


class Retrain(Record):
    """When evidence becomes a retraining; ``rules`` overrule the default table of ``driftgate.drift_rules``."""

    on: tuple[MonitorName, ...]  # the causes that may start a training; for others a person is asked
    nights: Positive
    of_last: Positive
    cooldown_days: Annotated[int, Field(ge=0)]
    # After a first, second, … training in a row that brought no new champion, the last for all after it; none: as ever.
    cooldown_unhelpful_days: tuple[Positive, ...] = ()
    min_new_rows: Annotated[int, Field(ge=0)]
    max_model_age_days: Positive | None = None  # since the champion's last training day; None: age is no reason
    schedule: Schedule | None = None  # None: time alone is no reason
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _can_fire(self) -> "Retrain":
        if self.nights > self.of_last:
            raise ValueError(f"nights must not exceed of_last, got {self.nights} of the last {self.of_last}")
        if late := next((rule for rule in self.rules if (rule.nights or 0) > self.of_last), None):
            raise ValueError(
                f"rule {late.name!r} never applies: its {late.nights} nights exceed of_last, {self.of_last}"
            )
        if self.schedule and self.schedule.every_days < self.cooldown_days:
            raise ValueError(
                f"schedule.every_days {self.schedule.every_days} is shorter than cooldown_days {self.cooldown_days}, "
                "which would hold it back; shorten the cooldown"
            )
        return self

    @model_validator(mode="after")
    def _waits_longer(self) -> "Retrain":
        longer = self.cooldown_unhelpful_days
        if any(later < earlier for earlier, later in pairwise(longer)):
            raise ValueError(
                f"cooldown_unhelpful_days {list(longer)} must not fall; what brought nothing again is not tried sooner"
            )
        if longer and longer[-1] < self.cooldown_days:
            raise ValueError(
                f"cooldown_unhelpful_days {list(longer)} stay below cooldown_days, {self.cooldown_days}, which holds "
                "back anyway; make them longer, or leave them out"
            )
        if self.schedule and longer and self.schedule.every_days < longer[-1]:
            raise ValueError(
                f"schedule.every_days {self.schedule.every_days} is shorter than the {longer[-1]} of "
                "cooldown_unhelpful_days, which would hold it back; leave them out, or shorten them"
            )
        return self

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> "Retrain":
        require_agreement(self.rules)
        for rule in self.rules:
            if rule.decision == "retrain" and rule.drift not in self.on:
                raise ValueError(
                    f"rule {rule.name!r} retrains after {rule.drift} drift, which 'on' does not accept as a cause; add "
                    f"{rule.drift!r} to it, or let the rule ask for a review"
                )
        retraining = {cell.drift for cell, rule in table(self.rules).items() if rule.decision == "retrain"}
        if idle := next((cause for cause in self.on if cause not in retraining), None):
            raise ValueError(
                f"'on' accepts {idle!r} as a cause, and no rule retrains after it; add one to 'rules', or leave it out"
            )
        return self
