"""A candidate is measured on rows it has not fitted, beside baselines and champion; equal inputs give equal reports."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from driftgate import uris
from driftgate.errors import CannotJudge, ConfigError, PromotionRefused, Tampered
from driftgate.evaluation import evaluate, read_report
from driftgate.evaluation.dataset_check import DatasetCheck
from driftgate.evaluation.metrics import auc
from driftgate.evaluation.receipts import require_receipts_of_job
from driftgate.lake import lake
from driftgate.problems import Composite
from driftgate.registry.states import model_state

VERSION = "flight_delays/2013-03-30-3f9c2a1"


def gates(report):
    return {gate.gate: gate for gate in report.gates}


def test_a_good_first_candidate_passes_and_the_report_says_by_how_much(use_case, folder, job) -> None:
    report = evaluate(use_case, VERSION, folder, job, None)

    assert report.passed
    assert report.reason.startswith("All 2 gates passed. AUC 0.")
    assert (report.rows, report.first_day, report.last_day) == (1500, "2013-03-21", "2013-03-30")
    assert report.model_sha256 == job.artefacts["model.txt"]
    assert report.metrics["auc"] > report.metrics["logistic_auc"] > 0.5
    assert report.metrics["auc"] > report.metrics["rule_auc"] > 0.5
    assert report.intervals["auc"][0] < report.metrics["auc"] < report.intervals["auc"][1]
    assert 0 < report.metrics["expected_cost_usd_per_1000"] < 90_000
    assert report.metrics["true_positives"] + report.metrics["false_negatives"] == report.positives
    assert 0 < report.metrics["precision"] < report.metrics["recall"] < 1  # a missed one is the dearer error
    assert {"accuracy", "f1"} <= set(report.metrics)
    assert report.metric_impl_versions["confusion"] == 1
    assert "champion_auc" not in report.metrics
    assert "no champion yet" in gates(report)["champion"].sentence


def test_the_auc_is_that_of_the_validation_rows_alone(use_case, folder, job, rows) -> None:
    from driftgate.evaluation.candidate import candidate_scorer

    validation = rows.filter(pc.equal(rows.column("split"), "validation"))
    expected = auc(
        validation.column("label").to_numpy(zero_copy_only=False), candidate_scorer(job).score_table(validation)
    )
    assert evaluate(use_case, VERSION, folder, job, None).metrics["auc"] == pytest.approx(expected, abs=1e-6)


def test_a_composite_is_in_the_report_and_gates_nothing(use_case, folder, job) -> None:
    weighted = Composite(weights={"auc": 0.5, "log_loss": 0.5}, rationale="Order and level count alike.")
    whole = use_case.model_copy(update={"metric": use_case.metric.model_copy(update={"composite": weighted})})
    report = evaluate(whole, VERSION, folder, job, None)
    expected = 0.5 * report.metrics["auc"] - 0.5 * report.metrics["log_loss"]
    assert report.metrics["composite"] == pytest.approx(expected, abs=1e-6)
    assert {gate.gate for gate in report.gates} == {"uplift", "champion"}


def test_the_report_is_in_the_lake_and_the_same_inputs_give_the_same_hash(use_case, folder, job) -> None:
    report = evaluate(use_case, VERSION, folder, job, None)
    assert read_report(use_case.name, job.job_id) == report
    assert evaluate(use_case, VERSION, folder, job, None).hash == report.hash


def test_a_candidate_that_learnt_little_is_rejected_and_the_reason_says_against_what(
    use_case, folder, artefacts, finish
) -> None:
    report = evaluate(use_case, VERSION, folder, finish(artefacts(["visibility_miles"])), None)
    assert not report.passed
    assert report.reason.startswith("The gate 'uplift' failed. AUC 0.")
    assert "against logistic" in report.reason
    assert "less than the 0.0100 that is asked for" in report.reason
    state = model_state(use_case.name, report.model_id)
    assert (state.state, state.actor, state.reason) == ("rejected", "gates", report.reason)
    with pytest.raises(PromotionRefused, match=r"'evaluation' .* says fail, which moves no traffic"):
        require_receipts_of_job(use_case, report.model_id, report.model_sha256)


def test_each_gate_leaves_a_receipt(use_case, folder, job) -> None:
    report = evaluate(use_case, VERSION, folder, job, None)
    receipts = require_receipts_of_job(use_case, report.model_id, report.model_sha256)
    assert [one.gate for one in receipts] == ["evaluation", *sorted({gate.gate for gate in report.gates})]
    assert model_state(use_case.name, report.model_id) is None, "it waits for its registration"


def test_without_baselines_the_candidate_must_beat_chance(use_case, folder, job) -> None:
    train = use_case.train.model_copy(update={"baselines": ()})
    report = evaluate(use_case.model_copy(update={"train": train}), VERSION, folder, job, None)
    assert report.passed
    assert "against chance (0.5000)" in gates(report)["uplift"].sentence


def test_a_better_candidate_passes_against_the_champion_on_the_same_rows(
    use_case, folder, job, artefacts, champion
) -> None:
    report = evaluate(use_case, VERSION, folder, job, champion(artefacts(["distance_miles", "departure_hour"])))
    gate = gates(report)["champion"]

    assert report.champion == "1"
    assert gate.verdict == "pass"
    assert 0 < gate.interval[0] < gate.value < gate.interval[1]
    assert gate.value == pytest.approx(report.metrics["auc"] - report.metrics["champion_auc"], abs=2e-6)
    assert "on the same 1,500 rows" in gate.sentence


def test_a_candidate_as_good_as_the_champion_is_not_better(use_case, folder, job, artefacts, champion) -> None:
    report = evaluate(use_case, VERSION, folder, job, champion(artefacts()))
    gate = gates(report)["champion"]
    assert (gate.value, gate.verdict) == (0.0, "fail")
    assert "does not exceed" in report.reason


def test_a_margin_lets_an_equal_candidate_pass(use_case, folder, job, artefacts, champion) -> None:
    tolerant = use_case.model_copy(
        update={
            "gates": use_case.gates.model_copy(
                update={"champion": use_case.gates.champion.model_copy(update={"margin": 0.005})}
            )
        }
    )
    assert evaluate(tolerant, VERSION, folder, job, champion(artefacts())).passed


def test_a_champion_whose_features_are_gone_fails_the_gate_with_a_sentence(
    use_case, tmp_path: Path, rows: pa.Table, artefacts, finish, champion
) -> None:
    pq.write_table(rows.drop_columns("dest"), tmp_path / "rows.parquet")
    candidate = finish(artefacts(["carrier", "departure_hour", "visibility_miles"]))
    report = evaluate(use_case, VERSION, tmp_path, candidate, champion(artefacts()))
    assert not report.passed
    assert "Champion 1 cannot score these rows" in report.reason
    assert "'dest'" in report.reason
    assert "champion_auc" not in report.metrics


def test_too_few_days_are_no_comparison(use_case, tmp_path: Path, rows: pa.Table, job, artefacts, champion) -> None:
    early = pc.less(
        rows.column("scheduled_departure").cast(pa.date32(), safe=False), pa.scalar("2013-03-23").cast(pa.date32())
    )
    pq.write_table(rows.filter(early), tmp_path / "rows.parquet")
    report = evaluate(use_case, VERSION, tmp_path, job, champion(artefacts(["distance_miles"])))
    assert gates(report)["champion"].verdict == "fail"
    assert "fewer than 3 days" in gates(report)["champion"].sentence


def test_a_changed_champion_is_an_alarm_not_a_comparison(use_case, folder, job, artefacts, champion) -> None:
    model = champion(artefacts())
    lake().write(f"{model.folder}/model.txt", b"tree\n")
    with pytest.raises(Tampered, match=r"model\.txt is not the file that was registered"):
        evaluate(use_case, VERSION, folder, job, model)


def test_a_changed_candidate_is_refused(use_case, folder, job) -> None:
    lake().write(f"{uris.job(job.job_id)}/model.txt", b"tree\n")
    with pytest.raises(Tampered, match="not the file that the job wrote"):
        evaluate(use_case, VERSION, folder, job, None)


def test_a_job_of_another_dataset_version_may_have_seen_these_rows(use_case, folder, job) -> None:
    with pytest.raises(
        ConfigError, match="trained on flight_delays/2013-03-30-3f9c2a1, not on flight_delays/2013-03-29"
    ):
        evaluate(use_case, "flight_delays/2013-03-29-0000000", folder, job, None)


def test_a_changed_spec_is_refused(use_case, folder, job) -> None:
    path = f"{uris.job(job.job_id)}/spec.json"
    lake().write(path, lake().read(path).replace(b'"seed":7', b'"seed":8'))
    with pytest.raises(Tampered, match="not the spec that the job ran"):
        evaluate(use_case, VERSION, folder, job, None)


def test_validation_labels_of_one_class_cannot_be_judged(use_case, tmp_path: Path, rows: pa.Table, job) -> None:
    early = pc.or_(pc.equal(rows.column("split"), "train"), rows.column("label"))
    pq.write_table(rows.filter(early), tmp_path / "rows.parquet")
    with pytest.raises(CannotJudge, match="raise validation_days of flight_delays"):
        evaluate(use_case, VERSION, tmp_path, job, None)


def test_no_validation_rows_cannot_be_judged(use_case, tmp_path: Path, rows: pa.Table, job) -> None:
    pq.write_table(rows.filter(pc.equal(rows.column("split"), "train")), tmp_path / "rows.parquet")
    with pytest.raises(CannotJudge, match="no rows of the split 'validation'"):
        evaluate(use_case, VERSION, tmp_path, job, None)


def test_an_evaluation_that_did_not_run_is_said_so() -> None:
    with pytest.raises(CannotJudge, match="no evaluation of job-9"):
        read_report("flight_delays", "job-9")


@pytest.mark.parametrize(("verdict", "status"), [("fails", "needs_review"), ("cannot_judge", "accepted")])
def test_a_person_looks_at_a_candidate_whose_dataset_version_failed_its_test(
    use_case, folder, job, verdict, status
) -> None:
    made = DatasetCheck(
        use_case=use_case.name, dataset_version=VERSION, dataset_sha256="a" * 64, champion="1", model_sha256="b" * 64,
        contracts=(), scores=(), verdict=verdict, sentence="AUC is 0.6 against 0.7.",
    )  # fmt: skip
    lake().write(uris.dataset_check(VERSION), made.canonical())
    report = evaluate(use_case, VERSION, folder, job, None)
    assert (report.passed, report.status) == (True, status)
    assert report.review == (("data_change",) if status == "needs_review" else ())
    assert report.reason.startswith("The test of its dataset version failed: AUC is 0.6") == bool(report.review)
