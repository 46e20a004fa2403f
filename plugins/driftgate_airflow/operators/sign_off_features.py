"""Ask people to sign a feature review."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param

from driftgate import uris
from driftgate.compute.tags import Activity
from driftgate_airflow.errors import fail_at_once
from driftgate_airflow.runs import partition_key
from driftgate_airflow.ui.addresses import full_url

APPROVE, REJECT = "Approve", "Reject"


class SignOffFeaturesOperator(HITLOperator):
    """
    Ask in Airflow's UI for a signature in each role, and record what was answered.

    An approval becomes the retraining of the next night; a rejection says why and changes nothing. What is not
    complete is asked again. Silence until the deadline fails the task, which is an alarm, and the review is due again.

    :param use_case: name of a folder in ``include/use_cases/``
    :param roles: who signs, by role
    :param deadline_days: for the answer
    """

    activity: Activity = "tune"
    template_fields: Sequence[str] = (*HITLOperator.template_fields, "use_case")

    def __init__(self, *, use_case: str, roles: Sequence[str], deadline_days: int, **kwargs: Any) -> None:
        kwargs.pop("params", None)  # those of the DAG, which Airflow hands down: the form has its own fields only
        super().__init__(
            subject=f"Are the features of {use_case} still the right ones? To be signed by {', '.join(roles)}",
            options=[APPROVE, REJECT],
            defaults=REJECT,
            response_timeout=timedelta(days=deadline_days),
            params={**{role: _signature(role) for role in roles}, "reason": _reason()},
            **kwargs,
        )
        self.use_case = use_case
        self.roles = tuple(roles)

    def execute(self, context: Context) -> Any:
        with fail_at_once():
            self.body = self._question(context)
        return super().execute(context)  # waits, and goes on in execute_complete

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        from driftgate.errors import CannotJudge, NotPermitted
        from driftgate.feature_reviews.round import require_complete

        answered = HITLOperator.execute_complete(self, context, event)
        given, person = dict(answered["params_input"] or {}), answered["responded_by_user"]
        approve = None if person is None else answered["chosen_options"] == [APPROVE]
        try:
            require_complete(self.roles, approve, given, str(given.get("reason") or ""))
        except NotPermitted as refusal:
            self.log.warning("asked again: %s", refusal)  # Airflow shows a question as it was first asked
            # Airflow guards ``execute`` against calls by others than its task runner; this is the same task, once more.
            return HITLOperator.execute.__wrapped__(self, context)  # type: ignore[attr-defined]
        with fail_at_once():
            made = self._record(context, approve, given, person)
            if approve is None:
                raise CannotJudge(
                    f"Nobody signed the feature review of {self.use_case} of {made['key']} in time; it is due again."
                )
        return made

    def _record(self, context: Context, approve: bool | None, given: dict[str, Any], person: Any) -> dict[str, Any]:
        from driftgate.feature_reviews.pack import read_pack
        from driftgate.feature_reviews.round import answer
        from driftgate.lineage import DatasetRef
        from driftgate_airflow.lineage import Step, record_step

        key = partition_key(context)
        pack = read_pack(self.use_case, key)
        made = answer(
            self.use_case,
            key,
            approve=approve,
            roles=self.roles,
            signed=given,
            by=str(person.get("name") or person.get("id")) if person else None,
            reason=str(given.get("reason") or ""),
            pack_sha256=pack.hash if pack else None,
        )
        facts = {"key": key, "state": made.state, "signed": made.signed, "reason": made.reason}
        read = (DatasetRef(uris.feature_review(self.use_case, key), made.pack_sha256),)
        record_step(self.use_case, Step(summary=facts, inputs=read, parameters=facts), context)
        return facts

    def _question(self, context: Context) -> str:
        from driftgate.feature_reviews.pack import read_pack
        from driftgate.feature_reviews.page import summary

        key = partition_key(context)
        pack = read_pack(self.use_case, key)
        page = full_url(uris.feature_review(self.use_case, key, "html"))
        told = "".join(f"\n- {line}" for line in summary(pack)) if pack else ""
        roles = ", ".join(role.replace("_", " ") for role in self.roles)
        return (
            f"{pack.why if pack else ''} [What to look at]({page}).\n{told}\n\nTo approve, {roles} each give their "
            "name; the features are then trained as features.sql says. To reject, say why."
        )


def _signature(role: str) -> Param:
    return _field(f"Signed as {role.replace('_', ' ')}", "Name of who signs in this role.", 80)


def _reason() -> Param:
    return _field("Reason", "Why; a rejection needs one.", 500)


def _field(title: str, description: str, longest: int) -> Param:
    return Param(None, type=["null", "string"], maxLength=longest, title=title, description=description, source="task")
