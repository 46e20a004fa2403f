"""Every move has a record that was opened before it and closed after it, whatever came of it."""

from datetime import timedelta

import pytest

from driftgate import uris
from driftgate.errors import PromotionRefused
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion import (
    advance,
    deployment,
    moves,
    needs_approval,
    record_answer,
    require_other_person,
    roll_back,
    start_shadow,
    switch_champion,
)
from driftgate.promotion.approvals import approver_of
from driftgate.promotion.changes import Change, changes_of, promotions_of, settle
from driftgate.registry import find_model
from driftgate.registry.states import model_state, move_state
from driftgate.wall_clock import utc_now

NAME = "flight_delays"
BY = {"actor": "anna", "reason": "a test"}


def told():
    return [(one.change.action, one.change.version, one.change.outcome) for one in changes_of(NAME)]


def test_a_promotion_leaves_one_record_per_move(serving, use_case, earn):
    start_shadow(use_case, "2", **BY)
    earn()
    advance(use_case, "2", 5, actor="anna")
    earn()
    switch_champion(use_case, "2", **BY)
    assert told() == [
        ("switch_champion", "1", "applied"),
        ("start_shadow", "2", "applied"),
        ("advance", "2", "applied"),
        ("switch_champion", "2", "applied"),
    ]
    share = changes_of(NAME)[2]
    assert (share.change.requester, share.change.approver, share.change.strategy) == ("anna", None, "canary")
    assert [(one.version, one.weight) for one in share.change.before] == [("1", 100), ("2", 0)]
    assert [(one.version, one.weight) for one in share.change.after] == [("1", 95), ("2", 5)]
    assert share.change.evidence[0].endswith("reports/promotion/flight_delays/2/shadow.json")
    assert share.opened_at <= share.closed_at
    assert deployment(NAME).change == changes_of(NAME)[3].change.id


def test_a_rollback_marks_what_it_takes_back(serving, use_case, earn):
    start_shadow(use_case, "2", **BY)
    earn()
    advance(use_case, "2", 5, actor="anna")
    roll_back(use_case, actor="judge", reason="too slow")
    assert told()[1:] == [
        ("start_shadow", "2", "rolled_back"),
        ("advance", "2", "rolled_back"),
        ("roll_back", "2", "applied"),
    ]


def test_a_refusal_is_recorded_with_its_sentence(serving, use_case):
    with pytest.raises(PromotionRefused):
        start_shadow(use_case, "9", **BY)
    refused = changes_of(NAME)[-1].change
    assert (refused.outcome, refused.version) == ("refused", "9")
    assert "no registered version '9'" in refused.reason


def test_a_move_tried_again_opens_no_record(serving, use_case):
    start_shadow(use_case, "2", **BY)
    before = told()
    start_shadow(use_case, "2", **BY)
    assert told() == before


@pytest.mark.parametrize("number", [0, 999])
def test_without_an_open_record_nothing_moves(serving, use_case, number):
    change = Change(
        id=number, use_case=NAME, action="advance", version="2", strategy="canary", requester="anna", reason="a hand"
    )
    with pytest.raises(PromotionRefused, match=f"Change {number} of flight_delays is not recorded, and traffic moves"):
        moves._append(use_case, serving, champion="2", previous=None, change=change, **BY)
    assert deployment(NAME) == serving


def test_a_closed_record_is_good_for_no_second_move(serving, use_case):
    change = changes_of(NAME)[0].change
    with pytest.raises(PromotionRefused, match=r"Change \d+ of flight_delays is applied"):
        moves._append(use_case, serving, champion="2", previous=None, change=change, **BY)


def test_the_report_counts_promotions_by_their_end(serving, use_case, earn):
    start_shadow(use_case, "2", **BY)
    roll_back(use_case, **BY)
    start_shadow(use_case, "2", **BY)
    earn()
    switch_champion(use_case, "2", **BY)
    found = promotions_of(changes_of(NAME))
    assert (found.succeeded, found.ended, len(found.lead_times)) == (2, 3, 2)
    assert found.sentence.startswith("2 of 3 promotions succeeded (67%); half of them took 0.0 minutes or less")
    roll_back(use_case, to_previous=True, **BY)
    assert promotions_of(changes_of(NAME)).succeeded == 1


class TestCrashes:
    @pytest.fixture
    def die_in(self, monkeypatch):
        def run(name, move):
            def die(*_, **__):
                raise KeyboardInterrupt

            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(moves, name, die)
                move()

        return run

    def test_a_move_that_was_never_made_is_closed_as_refused(self, serving, use_case, die_in):
        die_in("_candidate_moves", lambda: start_shadow(use_case, "2", **BY))
        assert told()[-1] == ("start_shadow", "2", "open")
        assert settle(NAME, utc_now() - timedelta(minutes=10)) == [], "it may still be going on"
        settle(NAME, utc_now())
        assert changes_of(NAME)[-1].change.outcome == "refused"
        assert changes_of(NAME)[-1].change.reason == "It was begun and never finished: a test"

    def test_a_move_that_was_made_is_closed_as_applied(self, serving, use_case, die_in):
        die_in("close", lambda: start_shadow(use_case, "2", **BY))
        settle(NAME, utc_now())
        assert told()[-1] == ("start_shadow", "2", "applied")
        settle(NAME, utc_now())
        assert len(metadata().history("change", NAME)) == 4, "opened and closed twice, and nothing more"

    def test_its_own_retry_closes_it_too(self, serving, use_case, die_in):
        die_in("close", lambda: start_shadow(use_case, "2", **BY))
        start_shadow(use_case, "2", **BY)
        assert told()[-1] == ("start_shadow", "2", "applied")


class TestApprovals:
    @pytest.fixture
    def waiting(self, serving, use_case):
        """Version 2 waits for a person's word."""
        move_state(NAME, "2", "needs_review", actor="gates", reason="too few rows to tell")
        return use_case

    def test_nothing_is_promoted_before_a_person_has_approved(self, waiting):
        assert needs_approval(waiting, "2")
        with pytest.raises(PromotionRefused, match=r"Version 2 .* is needs_review \(too few rows to tell\)"):
            start_shadow(waiting, "2", **BY)
        record_answer(waiting, "2", approved=True, approver="ben")
        assert not needs_approval(waiting, "2")
        start_shadow(waiting, "2", **BY)
        assert approver_of(NAME, "2") == "ben"

    def test_a_rejected_version_is_never_promoted(self, waiting):
        record_answer(waiting, "2", approved=False, approver="ben")
        with pytest.raises(PromotionRefused, match=r"Version 2 of flight_delays is rejected \(rejected in Airflow\)"):
            start_shadow(waiting, "2", **BY)
        with pytest.raises(PromotionRefused, match="is rejected"):
            needs_approval(waiting, "2")

    def test_silence_leaves_it_waiting(self, waiting):
        record_answer(waiting, "2", approved=False, approver=None)
        assert needs_approval(waiting, "2")

    def test_who_asked_cannot_approve(self, waiting):
        with pytest.raises(PromotionRefused, match=r"anna asked for the promotion of version 2 .*somebody else must"):
            require_other_person(waiting, "2", approver="anna", requester="anna")

    def test_high_risk_asks_a_person_when_the_use_case_says_so(self, put_package, use_case):
        promote = use_case.promote.model_copy(update={"approve": "when_high_risk"})
        asked = []
        for version, risk in (("1", "low"), ("2", "medium"), ("3", "high")):
            move_state(NAME, version, "candidate", actor="gates", reason="passed")
            risky = use_case.model_copy(update={"promote": promote.model_copy(update={"risk": risk})})
            asked.append(needs_approval(risky, version))
        assert asked == [False, False, True]


class TestModelStates:
    """Where a model stands follows what the traffic does with it."""

    def stands(self, version):
        return model_state(NAME, version).state

    def test_a_promotion_takes_it_to_champion_and_retires_the_one_before(self, serving, use_case, earn):
        assert (self.stands("1"), self.stands("2")) == ("champion", "approved")
        start_shadow(use_case, "2", **BY)
        assert self.stands("2") == "shadow"
        earn()
        advance(use_case, "2", 5, actor="anna")
        assert self.stands("2") == "canary"
        earn()
        switch_champion(use_case, "2", **BY)
        assert (self.stands("1"), self.stands("2")) == ("retired", "champion")
        roll_back(use_case, to_previous=True, **BY)
        assert (self.stands("1"), self.stands("2")) == ("champion", "retired")

    @pytest.mark.parametrize(("rejects", "state"), [(False, "approved"), (True, "rejected")])
    def test_what_a_judge_took_out_never_tries_again_and_what_a_person_stopped_may(
        self, serving, use_case, rejects, state
    ):
        start_shadow(use_case, "2", **BY)
        roll_back(use_case, rejects=rejects, **BY)
        assert self.stands("2") == state
        if rejects:
            with pytest.raises(PromotionRefused, match=r"Version 2 of flight_delays is rejected \(a test\)"):
                start_shadow(use_case, "2", **BY)


@pytest.mark.parametrize("move", ["shadow", "advance", "switch"])
def test_without_its_receipts_nothing_moves(serving, use_case, earn, move):
    if move != "shadow":
        start_shadow(use_case, "2", **BY)
        earn()
    lake().delete(uris.gate_receipt(NAME, find_model(NAME, "2").job_id, "uplift"))
    before = deployment(NAME)
    with pytest.raises(PromotionRefused, match="The receipt of the gate 'uplift' is missing"):
        {
            "shadow": lambda: start_shadow(use_case, "2", **BY),
            "advance": lambda: advance(use_case, "2", 5, actor="anna"),
            "switch": lambda: switch_champion(use_case, "2", **BY),
        }[move]()
    assert deployment(NAME) == before
