"""The pages of monitoring: made from the records, whatever monitors there are."""

import re

import pytest
from markupsafe import escape

from driftgate import uris
from driftgate.alarms import raise_alarm
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, Statistic, decide, verdict_of
from driftgate.monitoring.evidence import insufficient, write_evidence
from driftgate.monitoring.pages.by_path import made_page
from driftgate.monitoring.pages.charts import number_of, number_shown, parts_of, title_of
from driftgate.monitoring.pages.status import aspect_cell
from driftgate.monitoring.pages.words import ASPECTS, QUESTIONS
from driftgate.monitoring.verdicts.outcome import begin, conclude, due_to_verdict
from driftgate.monitoring_policy import MONITORS, MonitorName
from driftgate.partition_keys import keys_between

NAME, KEY = "flight_delays", "2013-04-09"


@pytest.fixture
def judged(nights, use_case):
    """Four nights: on the third version 2 takes over, and the inputs leave."""
    for key in keys_between("2013-04-06", KEY):
        champion = "2" if key >= "2013-04-08" else "1"
        for monitor in MONITORS:
            nights.evidence(key, monitor, "drift" if monitor == "data" and champion == "2" else "ok",
                            champion=champion)  # fmt: skip
        decide(use_case, key)
    return use_case


def page(path):
    made = made_page(path)
    assert made is not None
    return made.decode()


def lead(text):
    found = re.search(r'<p class="lead (\w+)"><b>(.*?)</b>(.*?)</p>', text, re.DOTALL)
    assert found
    return found[1], " ".join(f"{found[2]}{found[3]}".split())


def drifting(monitor: MonitorName, severity="major", **more):
    fields = {"statistic": "share", "value": 0.4, "interval": None, "threshold": 0.2, "sample_size": 100,
              "features": (), "sentence": f"{monitor} drifts."}  # fmt: skip
    return Evidence(use_case=NAME, key=KEY, monitor=monitor, champion="2", verdict="drift", severity=severity,
                    **{**fields, **more})  # fmt: skip


def retold(*evidence, **more):
    """Record the verdict about the last night as if these had been its evidence."""
    verdict = verdict_of(NAME, KEY)
    changed = verdict.model_copy(update={"evidence": evidence, **more})
    metadata().append("verdict", f"{NAME}/{KEY}", changed.model_dump(mode="json"))


def test_the_night_says_first_what_was_decided_and_why(judged) -> None:
    text = page(uris.night_page(NAME, KEY))
    mood, sentence = lead(text)
    assert mood == "wait"
    assert sentence == "Review: a person has to look at this. data says drift."
    assert "<code>inputs_moved_performance_holds</code>" in text
    assert f'<a href="../../../models/{NAME}/2.html">version 2</a>' in text
    assert 'href="../2013-04-08/index.html"' in text
    assert text.index('id="data"') < text.index('id="performance"'), "what drifts comes first"
    for monitor in MONITORS:
        assert str(escape(QUESTIONS[monitor])) in text


def test_a_night_that_cannot_be_judged_says_what_is_missing_and_what_drifts_besides(judged) -> None:
    blind = drifting("data", severity=None, sentence="Too few rows.").model_copy(update={"verdict": "insufficient"})
    retold(blind, drifting("quality"), decision="cannot_judge", causes=("quality",))
    sentence = lead(page(uris.night_page(NAME, KEY)))[1]
    assert sentence.endswith("nobody knows. Too few rows. quality drifts.")


def test_the_chart_of_a_monitor_leads_to_its_nights(judged) -> None:
    text = page(uris.night_page(NAME, KEY))
    assert 'href="../2013-04-06/index.html"' in text
    assert "2013-04-09: 0.6000, limit 0.6500; drift" in text


def test_what_was_held_back_is_told_with_its_reason(judged) -> None:
    verdict = decide(judged, KEY, backfill=False)
    held = {"decision": "retrain", "reason": "cooldown", "sentence": "The last one came <2> nights ago."}
    changed = verdict.model_dump(mode="json") | {"suppressed": [held]}
    metadata().append("verdict", f"{NAME}/{KEY}", changed)
    text = page(uris.night_page(NAME, KEY))
    assert "Held back (retrain,\ncooldown): The last one came &lt;2&gt; nights ago." in text


def test_a_monitor_that_no_page_knows_is_told_part_by_part(judged) -> None:
    groups = [Statistic(name="share", feature=name, value=value, threshold=0.2, reference=0.1)
              for name, value in (("EWR", 0.4), ("<JFK>", 0.1), ("LGA", 0.3))]  # fmt: skip
    retold(drifting("bias", statistics=(*groups, Statistic(name="rows", value=7)), features=("LGA",)))
    text = page(uris.night_page(NAME, KEY))
    assert 'aria-label="share of each part"' in text
    names = re.findall(r'<text x="182.0"[^>]*>([^<]+)<title>', text)
    assert names == ["LGA", "EWR", "&lt;JFK&gt;"], "those over their limit, then the largest"
    assert "Every number (4)" in text
    assert "<JFK>" not in text


def test_a_monitor_that_decides_by_another_number_each_night_is_charted_by_one() -> None:
    late = Statistic(name="late_share(flights)", value=0.1, threshold=0.2)
    by_late = drifting("quality", statistic="late_share(flights)", value=0.4)
    by_rules = drifting("quality", statistic="broken_rules", value=7.0, statistics=(late,))
    assert number_shown([by_rules, by_late]) == "late_share(flights)", "the newest night's"
    assert [number_of(one, "late_share(flights)").value for one in (by_late, by_rules)] == [0.4, 0.1]
    assert number_of(by_late, "broken_rules") is None
    worst = drifting("data", statistic="rarity(origin)", value=3.0)
    assert number_of(worst, "rarity(dest)").value == 3.0, "the largest of all parts is one number"
    assert title_of([worst]) == "rarity"
    assert title_of([by_rules, by_late]) == "late share(flights)"


def test_the_parts_are_those_of_the_number_that_decided() -> None:
    two = tuple(Statistic(name=name, value=0.5, feature="hub.EWR", threshold=0.8) for name in ("parity", "impact"))
    unfair = drifting("bias", statistic="hub.EWR.impact", value=0.5, statistics=two)
    assert parts_of(unfair)[0] == "impact"
    assert number_of(unfair, "hub.EWR.parity").value == 0.5


def test_evidence_that_was_measured_again_is_shown_beside_the_verdict_that_stands(judged) -> None:
    write_evidence(drifting("performance", sentence="Late outcomes say so."))
    text = page(uris.night_page(NAME, KEY))
    assert "with what came later it says drift (share 0.400). The verdict &#39;review&#39; stands." in text


def test_the_worst_feature_is_drawn_against_the_training_data(nights, judged) -> None:
    nights.model("2", days=["2013-03-26"])
    nights.answer(KEY, nights.rows(KEY)[:50], version="2")
    parts = [Statistic(name="rarity", feature=name, value=value, threshold=2.0)
             for name, value in (("origin", 3.0), ("distance_miles", 1.0))]  # fmt: skip
    retold(drifting("data", statistic="rarity(origin)", statistics=tuple(parts), features=("origin",)))
    text = page(uris.night_page(NAME, KEY))
    assert 'aria-label="categories of origin"' in text
    assert "origin, tonight (blue) and in the training data (orange)" in text


def test_scores_are_drawn_against_the_evaluation(nights, judged) -> None:
    nights.model("2", days=["2013-03-26"])
    nights.answer(KEY, nights.rows(KEY)[:50], [n / 50 for n in range(50)], version="2")
    retold(drifting("prediction"))
    text = page(uris.night_page(NAME, KEY))
    assert 'aria-label="distribution of score"' in text
    assert "score, tonight (blue), 0 to 0.98 and in the evaluation (orange), 0.5 to 0.5" in text


def test_without_the_nights_captures_there_is_a_page_without_that_drawing(judged) -> None:
    parts = tuple(Statistic(name="rarity", feature=name, value=3.0) for name in ("origin", "dest"))
    retold(drifting("data", statistics=parts))
    assert "categories of" not in page(uris.night_page(NAME, KEY))


def test_the_overview_tells_nights_champions_and_weeks(judged) -> None:
    text = page(uris.nights_page(NAME))
    mood, sentence = lead(text)
    assert mood == "wait"
    assert sentence.startswith("2013-04-09: Review: a person has to look at this. Of the last 4 nights: ")
    assert sentence.endswith("2 champions answered.")
    assert "<td>1 → 2</td>" in text
    assert text.index('href="2013-04-09/index.html"') < text.index('href="2013-04-06/index.html"'), "newest first"
    assert re.findall(r'<td class="when">(2013-W\d+)</td>', text) == ["2013-W15", "2013-W14"]
    assert "None in these nights." in text


def test_the_week_names_what_crept_even_though_nothing_fired(judged) -> None:
    slopes = [Statistic(name="slope", feature=name, value=value)
              for name, value in (("origin", 0.01), ("dest", -0.1), ("carrier", 0.05), ("flight", 0.0))]  # fmt: skip
    trend = drifting("trend", statistics=tuple(slopes)).model_copy(update={"verdict": "ok", "severity": None})
    retold(trend)
    assert "dest -1.40, carrier +0.70, origin +0.14" in page(uris.nights_page(NAME))


def test_a_retraining_is_told_with_what_it_came_to(judged) -> None:
    done = begin(due_to_verdict(verdict_of(NAME, KEY), "a_run"))
    conclude(done, "rejected", "Gate <champion> failed.", None, model_version="3")
    for path in (uris.nights_page(NAME), uris.night_page(NAME, KEY)):
        text = page(path)
        assert "rejected" in text
        assert "Gate &lt;champion&gt; failed." in text


def test_the_status_has_a_row_for_each_model_and_is_red_where_a_limit_is_crossed(judged) -> None:
    retold(drifting("data"), drifting("bias", "minor"), insufficient(NAME, KEY, "service", "Nobody asked."))
    raise_alarm("drift", NAME, "The inputs moved.", use_case=NAME)
    text = page(uris.model_status())
    assert lead(text) == ("fail", "1 of 2 models crosses a limit: flight_delays.")
    cells = re.findall(r'class="verdict (\w*)" title="[^"]*">([^<]+)</a>', text)
    assert cells == [
        ("fail", "major drift: data"),
        ("", "not watched"),
        ("warn", "minor drift: bias"),
        ("", "not watched"),
        ("insufficient", "cannot judge"),
        ("warn", "1, major"),
    ]
    assert "No night has been judged yet." in text, "of air_time"
    assert f'href="{NAME}/{KEY}/index.html#data"' in text


@pytest.mark.parametrize(
    ("judged_by", "colour", "text"),
    [
        ({"data": "ok", "skew": "insufficient"}, "pass", "ok"),
        ({"data": "insufficient", "skew": "ok"}, "insufficient", "cannot judge"),
        ({"data": "insufficient"}, "insufficient", "cannot judge"),
        ({"data": "drift", "skew": "insufficient"}, "fail", "drift: data"),
        ({}, "", "not watched"),
        ({"performance": "ok"}, "", "not watched"),
    ],
)
def test_an_aspect_is_good_only_if_those_judged_that_have_to(nights, judged_by, colour, text) -> None:
    evidence = [nights.evidence(KEY, monitor, verdict) for monitor, verdict in judged_by.items()]
    cell = aspect_cell("data quality", evidence)
    assert (cell.colour, cell.text) == (colour, text)


def test_every_monitor_has_an_aspect_and_a_question() -> None:
    names = [name for monitors in ASPECTS.values() for name in monitors]
    assert sorted(names) == sorted(QUESTIONS)


def test_before_the_first_night_there_is_a_status_and_nothing_else() -> None:
    assert "No model has been judged yet" in page(uris.model_status())
    assert made_page(uris.nights_page(NAME)) is None
    assert made_page(uris.night_page(NAME, KEY)) is None


def test_no_other_path_is_a_page(judged) -> None:
    for path in (
        uris.night_page(NAME, "2013-04-11"),
        uris.night_page(NAME, "2013-04"),
        uris.night_page("nobody", KEY),
        uris.nights_page("nobody"),
        uris.monitoring_report(NAME, KEY, "verdict"),
        f"reports/monitoring/{NAME}",
        "reports/monitoring",
        "",
    ):
        assert made_page(path) is None, path


def test_the_same_records_give_the_same_bytes_and_the_lake_keeps_none(judged) -> None:
    for path in (uris.night_page(NAME, KEY), uris.nights_page(NAME), uris.model_status()):
        assert made_page(path) == made_page(path)
        assert not lake().exists(path)
