"""A failed gate may be waived by a person until a day; the failure and the name stay in the report."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from driftgate.errors import ConfigError
from driftgate.evaluation import evaluate
from driftgate.gate_policy import WAIVABLE, Waiver
from driftgate.use_cases import load_use_case

VERSION = "flight_delays/2013-03-30-3f9c2a1"


def waiving(use_case, gate: str, until: date, **changes: object):
    waiver = Waiver(gate=gate, approver="Ada", until=until, reason="The summer timetable begins.")
    return use_case.model_copy(update={"gates": use_case.gates.model_copy(update={"waivers": (waiver,), **changes})})


def test_a_failed_gate_that_somebody_answers_for_waits_for_a_person(
    use_case, folder, artefacts, finish, champion
) -> None:
    job, model = finish(artefacts(["visibility_miles"])), champion(artefacts())
    beaten = use_case.model_copy(update={"train": use_case.train.model_copy(update={"min_uplift": -1.0})})
    assert evaluate(beaten, VERSION, folder, job, model).status == "rejected_worse_than_champion"
    report = evaluate(waiving(beaten, "champion", date(2013, 3, 30)), VERSION, folder, job, model)
    gate = next(one for one in report.gates if one.gate == "champion")
    assert (gate.verdict, gate.waiver.approver) == ("waived", "Ada")
    assert "does not exceed" in gate.sentence
    assert "Ada answers for it until 2013-03-30: The summer timetable begins." in gate.sentence
    assert (report.passed, report.status, report.review) == (True, "needs_review", ("champion",))
    assert report.reason.startswith("Not stopped: champion waived;")
    unreviewed = waiving(beaten, "champion", date(2013, 3, 30), review_when=())
    assert evaluate(unreviewed, VERSION, folder, job, model).status == "accepted"


def test_a_waiver_ends_by_the_day_of_the_rows_and_not_by_the_clock(use_case, folder, artefacts, finish) -> None:
    job = finish(artefacts(["visibility_miles"]))
    report = evaluate(waiving(use_case, "uplift", date(2013, 3, 29)), VERSION, folder, job, None)
    assert report.status == "rejected_no_uplift"


def test_a_waiver_changes_nothing_of_a_gate_that_passes(use_case, folder, job) -> None:
    report = evaluate(waiving(use_case, "uplift", date(2013, 4, 30)), VERSION, folder, job, None)
    assert {gate.verdict for gate in report.gates} == {"pass"}


def test_a_waiver_of_a_gate_that_the_use_case_does_not_have_is_refused(use_case, folder, job) -> None:
    with pytest.raises(ConfigError, match=r"'gates\.waivers' waives 'cost', a gate that flight_delays does not have"):
        evaluate(waiving(use_case, "cost", date(2013, 4, 30)), VERSION, folder, job, None)


def test_every_gate_of_an_evaluation_has_a_name_that_a_waiver_may_use(use_case, tmp_path, rows, job) -> None:
    shipped = load_use_case("flight_delays")
    pq.write_table(rows, tmp_path / "rows.parquet")
    gates = shipped.gates.model_copy(update={"waivers": ()})
    report = evaluate(use_case.model_copy(update={"gates": gates}), VERSION, tmp_path, job, None)
    assert {gate.gate for gate in report.gates} <= set(WAIVABLE)
    assert {"cost", "calibration", "slices"} <= {gate.gate for gate in report.gates}
