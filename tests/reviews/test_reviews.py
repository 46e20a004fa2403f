"""A sample that is the same again, reviewers who may, labels that are versions, and what all of it is worth."""

import json
from collections import Counter

import pytest

from driftgate import uris
from driftgate.alarms import alarm_of
from driftgate.captures import write_captures
from driftgate.datasets import FilesVersion, get_files, load_any
from driftgate.errors import ConfigError
from driftgate.evaluation.costs import cost_threshold
from driftgate.lake import lake, read_manifest, read_table
from driftgate.metadata import metadata
from driftgate.monitoring import decide, measure
from driftgate.retrain_policy import Retrain
from driftgate.reviews import (
    ReviewAnswer,
    ReviewItem,
    answer_item,
    decided,
    find_item,
    measure_agreement,
    open_items,
    publish_labels,
    queue_reviews,
    review_answers,
    review_worth,
)
from driftgate.reviews.agreement import agreement, random_sample
from driftgate.reviews.answers import KIND
from driftgate.reviews.import_csv import import_answers
from driftgate.reviews.label_set import LabelSet
from driftgate.reviews.sampling import sample_reviews

from .conftest import DAY, NAME


def test_the_sample_is_random_of_high_risk_or_uncertain_and_says_why(reviewed, asked):
    use_case = reviewed()
    items, threshold = queue_reviews(use_case, DAY), cost_threshold(use_case.metric.costs_usd)
    scores = {one.prediction_id: one.score for one in asked}
    carriers = {one.prediction_id: json.loads(one.features)["carrier"] for one in asked}
    why = {item.prediction_id: set(item.reasons) for item in items}
    assert {name for name in why if "uncertain" in why[name]} == {
        name for name, score in scores.items() if abs(score - threshold) <= 0.01
    }
    assert {name for name in why if "newcomer" in why[name]} == {name for name in carriers if carriers[name] == "HA"}
    share = sum("random" in reasons for reasons in why.values()) / len(asked)
    assert 0.07 < share < 0.13
    assert all(item.prediction == (item.score > threshold) and item.confidence >= 0.18 for item in items)
    assert all(item.slices["carrier"] == carriers[item.prediction_id] for item in items)
    assert 0.02 < Counter(item.answers_wanted for item in items)[2] / len(items) < 0.2


def test_no_personal_value_is_in_an_item_and_sampling_again_changes_nothing(reviewed, asked):
    assert queue_reviews(reviewed(band=0, random_share=0, categories={}), DAY) == ()  # an empty day may still get some
    items = queue_reviews(reviewed(), DAY)
    written = lake().read(uris.review_queue(NAME, DAY))
    assert b"tail_number" not in written and b"scheduled_departure" not in written
    write_captures([asked[0].__class__(**{**_fields(asked[0]), "prediction_id": "late", "request_key": '{"a": 1}'})])
    assert queue_reviews(reviewed(random_share=1), DAY) == items
    assert lake().read(uris.review_queue(NAME, DAY)) == written


def test_what_is_random_comes_before_the_cap_and_what_nobody_got_is_no_item(reviewed, asked):
    from driftgate.captures import read_captures

    items = sample_reviews(reviewed(per_day=10), DAY, read_captures(NAME, DAY))
    assert len(items) == 10
    assert all("random" in item.reasons for item in items)
    shadows = [asked[0].__class__(**{**_fields(one), "variant_role": "shadow"}) for one in asked[:5]]
    write_captures(shadows)
    again = sample_reviews(reviewed(random_share=1), DAY, read_captures(NAME, DAY))
    assert len({item.prediction_id for item in again}) == len(again)


def test_only_who_holds_the_role_is_heard_and_a_tie_wants_a_third(reviewed, asked):
    use_case = reviewed()
    item = queue_reviews(use_case, DAY)[0]
    with pytest.raises(ConfigError, match=r"'evi' is no dispatcher .*key 'review.reviewers'.*did you mean 'eva'"):
        answer_item(use_case, item, True, reviewer="evi", seconds=1)
    with pytest.raises(ConfigError, match="took -1 seconds"):
        answer_item(use_case, item, True, reviewer="eva", seconds=-1)
    assert review_answers(use_case) == {}
    answer_item(use_case, item, True, reviewer="eva", seconds=1)
    answer_item(use_case, item, True, reviewer="eva", seconds=1)
    answer_item(use_case, item, False, reviewer="otto", seconds=1)
    (answers,) = review_answers(use_case).values()
    assert [(one.reviewer, one.reviewer_role, one.cost_usd) for one in answers] == [
        ("eva", "dispatcher", 3), ("otto", "dispatcher", 3),
    ]  # fmt: skip
    assert decided(answers) is None
    assert item in open_items(use_case)
    assert item not in open_items(use_case, "otto")
    assert item in open_items(use_case, "ida")
    answer_item(use_case, item, True, reviewer="otto", seconds=5)
    assert decided(review_answers(use_case)[item.prediction_id]) is True
    assert item not in open_items(use_case)
    assert len(metadata().history(KIND, answers[1].subject)) == 2  # what was said first stays on record
    assert len(metadata().history(KIND, answers[0].subject)) == 1
    assert review_answers(reviewed(role="pilot")) == {}  # the role is another now: dispatchers no longer count


def test_answers_become_a_version_and_a_set_in_the_lake(reviewed, asked, tmp_path):
    use_case = reviewed(second_share=0)
    assert publish_labels(use_case, DAY) is None
    items = queue_reviews(use_case, DAY)[:4]
    for item in items[:3]:
        answer_item(use_case, item, not item.prediction, reviewer="eva", seconds=2)
    answer_item(use_case, items[2], items[2].prediction, reviewer="otto", seconds=2)  # a tie decides nothing
    made = publish_labels(use_case, DAY)
    assert made and made.labels == 2
    assert publish_labels(use_case, "2013-04-03") == made  # the same answers are no news on another day
    rows = read_table(lake(), read_manifest(lake(), uris.reviewed_labels(NAME))).to_pylist()
    keys = {one.prediction_id: one.request_key for one in asked}
    assert {row["prediction_id"]: (row["request_key"], row["label"]) for row in rows} == {
        item.prediction_id: (keys[item.prediction_id], not item.prediction) for item in items[:2]
    }
    version = load_any(made.version)
    assert isinstance(version, FilesVersion)
    lines = (get_files(version, tmp_path / "out") / "answers.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert {"human_label", "reviewer", "reviewer_role", "guideline_version", "seconds", "cost_usd", "confidence",
            "model_version", "prediction"} <= set(json.loads(lines[0]))  # fmt: skip


def test_agreement_is_cohens_kappa(reviewed):
    pairs = [(True, True)] * 20 + [(True, False)] * 5 + [(False, True)] * 10 + [(False, False)] * 15
    found = agreement(pairs)
    assert (found.items, found.rate, found.kappa) == (50, 0.7, 0.4)  # the example of every textbook
    assert found.upper == pytest.approx(0.804, abs=0.005)
    assert agreement([(True, True)] * 3).kappa is None
    assert agreement([]).rate is None


def test_people_who_disagree_raise_an_alarm_that_ends_when_they_agree(reviewed, asked):
    use_case = reviewed(min_answers=20)
    assert measure_agreement(use_case, DAY).verdict == "insufficient"
    items = queue_reviews(use_case, DAY)
    for item in items:
        answer_item(use_case, item, not item.prediction, reviewer="eva", seconds=1)
    low = measure_agreement(use_case, DAY)
    assert (low.verdict, low.model["all"].rate, low.model["random"].rate) == ("low", 0, 0)
    assert "carrier=UA" in low.model and "uncertain" in low.model
    assert alarm_of(f"review_agreement/{NAME}").lasts
    for item in items:
        answer_item(use_case, item, item.prediction, reviewer="eva", seconds=1)
        answer_item(use_case, item, item.prediction, reviewer="otto", seconds=1)
    found = measure_agreement(use_case, DAY)
    assert (found.verdict, found.reviewers.items, found.reviewers.kappa) == ("ok", len(items), 1)
    assert not alarm_of(f"review_agreement/{NAME}").lasts
    assert measure_agreement(use_case, "2013-06-01").model["all"].items == 0  # the window has passed


def test_the_agreement_monitor_is_about_the_random_sample_of_the_champion_alone(reviewed, asked):
    use_case = reviewed(min_answers=20, second_share=0)
    items = queue_reviews(use_case, DAY)
    sample = [item for item in items if "random" in item.reasons]
    for item in items:
        answer_item(use_case, item, item.prediction is (item in sample), reviewer="eva", seconds=1)
    found = measure(use_case, DAY, "agreement")
    assert (found.verdict, found.value, found.threshold, found.sample_size) == ("ok", 1, 0.8, len(sample))
    for item in sample[: len(sample) // 2]:
        answer_item(use_case, item, not item.prediction, reviewer="eva", seconds=1)
    found = measure(use_case, DAY, "agreement")
    assert (found.verdict, found.severity, found.champion, found.revision) == ("drift", "major", "1", 2)
    assert found.interval is not None and found.interval[0] < found.value < found.interval[1] < 0.8
    assert [one.name for one in found.statistics if one.feature is None] == ["kappa"]
    assert "certainly less than 80.0%." in found.sentence
    assert random_sample(use_case, DAY, "2") == [], "an earlier champion's errors are not the new one's"
    assert random_sample(use_case, "2013-06-01", "1") == [], "the window has passed"


def test_days_before_the_window_are_not_read_however_many_there_are(reviewed, asked):
    use_case = reviewed(second_share=0)
    for item in queue_reviews(use_case, DAY):
        answer_item(use_case, item, item.prediction, reviewer="eva", seconds=1)
    metadata().append(KIND, f"{NAME}/2013-01-01/p0001/eva", {"no": "answer"})
    lake().write(uris.review_queue(NAME, "2013-01-01"), b"no queue")
    assert random_sample(use_case, DAY, "1")
    assert measure_agreement(use_case, DAY).model["all"].items


RETRAINS = {"name": "people_say_retrain", "drift": "agreement", "decision": "retrain"}


@pytest.mark.parametrize(
    ("changes", "decision"),
    [({"on": ("performance",)}, "review"), ({"on": ("agreement",), "rules": (RETRAINS,)}, "retrain")],
)
def test_people_who_disagree_ask_a_person_or_where_the_policy_says_so_retrain(reviewed, asked, changes, decision):
    policy = Retrain(**changes, nights=1, of_last=1, cooldown_days=7, min_new_rows=0)
    use_case = reviewed(min_answers=20).model_copy(update={"retrain": policy})
    for item in queue_reviews(use_case, DAY):
        answer_item(use_case, item, not item.prediction, reviewer="eva", seconds=1)
    measure(use_case, DAY, "agreement")
    verdict = decide(use_case, DAY)
    assert (verdict.decision, verdict.causes) == (decision, ("agreement",))


def test_without_enough_answers_or_reviews_the_monitor_says_so_or_is_none(reviewed, asked):
    use_case = reviewed(second_share=0)
    answer_item(use_case, queue_reviews(use_case, DAY)[0], True, reviewer="eva", seconds=1)
    found = measure(use_case, DAY, "agreement")
    assert (found.verdict, found.value) == ("insufficient", None)
    assert found.sentence.startswith("1 decided answers of model 1 in the random sample are fewer than the 50 of")
    none = use_case.model_copy(update={"review": None})
    assert "so nobody looks at answers" in measure(none, DAY, "agreement").sentence
    assert "agreement" in {one.monitor for one in decide(use_case, DAY).evidence}
    assert "agreement" not in {one.monitor for one in decide(none, DAY).evidence}


def test_reviews_are_worth_what_the_errors_that_they_find_would_cost(reviewed, asked):
    use_case = reviewed(second_share=0)
    assert review_worth(use_case) == []
    items = queue_reviews(use_case, DAY)
    for item in items:
        wrong = item.reasons == ("uncertain",)
        answer_item(use_case, item, item.prediction is not wrong, reviewer="eva", seconds=1)
    worth = {one.reason: one for one in review_worth(use_case)}
    uncertain = [item for item in items if "uncertain" in item.reasons]
    wrong = [item for item in uncertain if item.reasons == ("uncertain",)]
    assert worth["uncertain"].cost_usd == 3 * len(uncertain)
    assert worth["uncertain"].avoided_usd == sum(20 if item.prediction else 90 for item in wrong)
    assert worth["uncertain"].advice == "all"
    assert worth["random"].avoided_usd == 0
    assert worth["random"].highest_usd < 3  # of 91 answers not one was wrong, so at most one in 31 is
    assert worth["random"].advice == "enough_to_measure"
    assert worth["newcomer"].advice == "as_now"  # one answer tells nothing


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n", "line 1 must be prediction_id,human_label,reviewer,seconds"),
        ("{head}\nnope,true,eva,1\n", "line 2: column 'prediction_id' names no answer"),
        ("{head}\n{id},maybe,eva,1\n", "line 2: column 'human_label' is neither true nor false"),
        ("{head}\n{id},true,eva,1\n{id},true,eve,1\n", "line 3: 'eve' is no dispatcher"),
        ("{head}\n{id},true,eva,soon\n", "line 2: column 'seconds' is no number"),
        ("{head}\n{id},true,eva,nan\n", "line 2: A review of"),
        ("{head}\n{id},true\n", "line 2: "),
        ("{head}\n\xff", "is no CSV file in UTF-8"),
    ],
)
def test_a_file_with_one_wrong_line_records_nothing(reviewed, asked, tmp_path, text, sentence):
    use_case = reviewed()
    item = queue_reviews(use_case, DAY)[0].prediction_id
    head = "prediction_id,human_label,reviewer,seconds"
    (tmp_path / "a.csv").write_bytes(text.replace("{head}", head).replace("{id}", item).encode("latin-1"))
    with pytest.raises(ConfigError, match=sentence):
        import_answers(use_case, tmp_path / "a.csv")
    assert review_answers(use_case) == {}
    (tmp_path / "a.csv").write_text(f"{head}\n{item},no,eva,4.5\n{item},0,otto,2\n")
    assert import_answers(use_case, tmp_path / "a.csv") == 2


def test_what_is_not_there_is_a_sentence(reviewed, asked):
    with pytest.raises(ConfigError, match="has no section 'review'"):
        open_items(reviewed().model_copy(update={"review": None}))
    with pytest.raises(ConfigError, match="'p9' of flight_delays is in no queue"):
        find_item(NAME, "p9")
    with pytest.raises(ValueError, match="there is one reviewer; name a second one"):
        reviewed(reviewers=("eva",))
    with pytest.raises(ValueError, match="categories has 'random'"):
        reviewed(categories={"random": {"column": "carrier", "values": ["UA"]}})


def _fields(capture):
    return {name: getattr(capture, name) for name in capture.__struct_fields__}


ITEM = (
    '{"answers_wanted":1,"confidence":0.51,"day":"2013-04-01","features":"captures/flight_delays/2013-04-01","model'
    '_version":"1","prediction":true,"prediction_id":"ab","reasons":["random"],"schema_version":1,"score":0.21,"sli'
    'ces":{"origin":"JFK"},"use_case":"flight_delays"}'
)
ANSWER = (
    '{"cost_usd":3.0,"day":"2013-04-01","guideline_version":"1","human_label":true,"prediction_id":"ab","reviewer":'
    '"anna","reviewer_role":"dispatcher","schema_version":1,"seconds":40.0,"use_case":"flight_delays"}'
)
LABELS = (
    '{"answers_sha256":"cd","labels":12,"manifest":"ab","schema_version":1,"use_case":"flight_delays","version":"fl'
    'ight_delays-reviews/2013-04-01-3f9c2a1"}'
)


@pytest.mark.parametrize(("golden", "kind"), [(ITEM, ReviewItem), (ANSWER, ReviewAnswer), (LABELS, LabelSet)])
def test_the_golden_records_are_written_and_read_unchanged(golden, kind):
    assert kind.model_validate_json(golden).canonical().decode() == golden
