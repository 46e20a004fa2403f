"""The pages of a promotion say first what became of a version, and show what stopped it."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from driftgate import uris
from driftgate.lake import lake
from driftgate.promotion import advance, deployment, judge, roll_back, start_shadow, switch_champion
from driftgate.promotion.course import course_of, duration
from driftgate.promotion.page import render_overview, render_step, write_overview, write_step_page

DAY = "2013-04-02"


@pytest.fixture
def shadow(serving, use_case):
    return start_shadow(use_case, "2", actor="test", reason="a test")


def lead(page: bytes) -> str:
    return re.search(r'<p class="lead (\w+)"><b>(.*?)</b>', page.decode(), re.DOTALL).groups()


def overview(use_case, version="2"):
    return render_overview(use_case, course_of(use_case.name, version))


@pytest.fixture
def stopped(shadow, use_case, traffic):
    """A candidate that raises errors, and the judge's answer."""
    day = traffic.day(DAY, 300)
    traffic.shadowed(day, shadow, answer=lambda chance: chance if chance < 0.4 else None)
    day.publish_outcomes()
    judgement = judge(use_case, "2", "shadow")
    roll_back(use_case, reason=judgement.reason, actor="ann", candidate="2", rejects=True)
    return judgement


def test_a_stopped_candidate_is_told_by_where_when_and_why(stopped, use_case) -> None:
    page = overview(use_case)
    mood, sentence = lead(page)
    assert mood == "fail"
    assert re.fullmatch(
        r"Version 2 was rolled back from shadow after 300 requests, .+ into the step, because it crossed error rate.*",
        sentence,
    )
    text = page.decode()
    assert "<h2>What stopped it</h2>" in text
    assert 'aria-label="error rate: fail, row by row"' in text
    assert text.count("not reached") == len(use_case.promote.shares) - 1
    assert '<td>roll back</td><td class="long">ann</td>' in text
    assert '<span class="verdict rolled_back">' in text


def test_the_step_says_after_how_many_requests_and_shows_each_guardrail(stopped) -> None:
    page = render_step(stopped)
    assert lead(page) == ("fail", "Stopped after 300 requests.")
    text = page.decode()
    failed = next(one for one in stopped.guardrails if one.name == "error_rate")
    assert f"crossed after {failed.failed_after}" in text
    for name in ("error rate", "latency p95 ms", "agreement"):
        assert f'aria-label="{name}: ' in text
    assert page == render_step(stopped), "the same judgement gives the same bytes"
    assert "<script" not in text


def test_the_pages_lie_beside_the_judgement(stopped, use_case) -> None:
    paths = write_step_page(stopped), write_overview(use_case, "2")
    assert paths == tuple(f"reports/promotion/flight_delays/2/{name}.html" for name in ("shadow", "index"))
    assert all(lake().exists(path) for path in (*paths, uris.promotion_report("flight_delays", "2", "shadow")))


def test_who_passed_every_step_is_champion_and_its_successor_is_named(shadow, use_case, earn) -> None:
    for percent in use_case.promote.shares[:-1]:
        earn()
        advance(use_case, "2", percent, actor="test")
    assert lead(overview(use_case)) == ("wait", "Version 2 is in canary_50.")
    earn()
    switch_champion(use_case, "2", actor="test", reason="a test")
    mood, sentence = lead(overview(use_case))
    assert (mood, sentence.split(",")[0]) == ("pass", "Version 2 became champion after 4 steps")
    assert "Version 1 became champion without a step before; version 2 is champion now." in lead(
        overview(use_case, "1")
    )
    roll_back(use_case, reason="it is slow.", actor="ann", to_previous=True)
    assert deployment(use_case.name).champion == "1"
    assert lead(overview(use_case)) == (
        "fail",
        "Version 2 was rolled back from being champion because ann asked for it: it is slow.",
    )


def test_a_candidate_that_nobody_could_judge(shadow, use_case, traffic) -> None:
    judgement = judge(use_case, "2", "shadow")
    assert lead(render_step(judgement)) == ("wait", "Not decided after 0 requests.")
    roll_back(use_case, reason=judgement.reason, actor="ann", candidate="2")
    assert "because it could not be judged before the deadline of the step." in lead(overview(use_case))[1]
    assert b"What stopped it" not in overview(use_case)


def test_a_version_without_traffic_has_a_page_too(serving, use_case) -> None:
    assert lead(overview(use_case, "3")) == ("wait", "Version 3 has met no traffic.")


def test_what_people_wrote_is_escaped(shadow, use_case) -> None:
    roll_back(use_case, reason="<b>broken</b>", actor="ann", candidate="2")
    assert b"&lt;b&gt;broken&lt;/b&gt;" in overview(use_case)


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "less than a second"), (59, "59 s"), (192, "3 min 12 s"), (90_061, "1 d 1 h")]
)
def test_durations_have_two_parts(seconds, told) -> None:
    began = datetime(2013, 4, 1, tzinfo=UTC)
    assert duration(began, began + timedelta(seconds=seconds)) == told
