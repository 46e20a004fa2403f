"""No traffic without the whole set of receipts: take one away, change one, or let time pass, and it is refused."""

import json
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from driftgate import uris
from driftgate.errors import PromotionRefused
from driftgate.evaluation import EvaluationReport, GateResult
from driftgate.evaluation.receipts import (
    EVALUATION,
    Receipt,
    policy_sha256,
    require_receipts,
    write_receipt,
    write_receipts,
)
from driftgate.evaluation.report import write_report
from driftgate.gate_policy import ChampionGate
from driftgate.lake import lake, publish
from driftgate.metadata import metadata
from driftgate.registry import ModelVersion
from driftgate.registry.aliases import KIND as ALIAS
from driftgate.signing import Signature, sign
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"
GATES = ["uplift", "champion", "coverage"]
ALL = [EVALUATION, *GATES]
MODEL = {"model.txt": b"tree", "feature_baseline.json": b"{}"}


@pytest.fixture(scope="module")
def use_case() -> UseCase:
    return load_use_case(NAME)


@pytest.fixture
def candidate(put_package: Callable[..., ModelVersion], use_case: UseCase) -> ModelVersion:
    """Version 2, judged up to 10 March against champion 1, which serves."""
    model = put_package("2", MODEL)
    serve("1")
    evaluated(use_case, model)
    return model


def serve(version: str) -> None:
    body = {"use_case": NAME, "alias": "champion", "version": version, "previous": None}
    metadata().append(ALIAS, f"{NAME}/champion", body)


def evaluated(use_case: UseCase, model: ModelVersion, verdict: str = "pass", **changes: object) -> EvaluationReport:
    gates = tuple(
        GateResult(gate=name, value=0.1, interval=None, threshold=0, verdict="pass", sentence="So it is.")
        for name in GATES
    )
    fields: dict[str, object] = {
        "use_case": NAME,
        "dataset_version": model.dataset_version,
        "model_id": model.job_id,
        "model_sha256": model.model_sha256,
        "champion": "1",
        "first_day": "2013-03-08",
        "last_day": "2013-03-10",
        "rows": 120,
        "positives": 50,
        "metrics": {},
        "intervals": {},
        "gates": (*gates[:2], gates[2].model_copy(update={"verdict": verdict})),
        "passed": verdict != "fail",
        "reason": "a test",
    }
    report = write_report(EvaluationReport(**{**fields, **changes}))  # type: ignore[arg-type]
    write_receipts(use_case, report)
    return report


def path(gate: str) -> str:
    return uris.gate_receipt(NAME, "job-2", gate)


def published(day: str) -> None:
    publish(lake(), f"validated/flights/{day}", pa.table({"x": [1]}))


def test_the_whole_set_is_one_for_each_gate_and_one_for_the_report(candidate, use_case) -> None:
    found = require_receipts(use_case, candidate)
    assert [receipt.gate for receipt in found] == [EVALUATION, "champion", "coverage", "uplift"]
    assert {receipt.verdict for receipt in found} == {"pass"}
    assert found[0].inputs == {"dataset_version": candidate.dataset_version, "champion": "1"}
    assert found[0].code_revision
    assert [found[0].evidence] == ["reports/evaluation/flight_delays/job-2.json"]


@pytest.mark.parametrize("gate", ALL)
def test_a_missing_receipt_is_named(candidate, use_case, gate) -> None:
    lake().delete(path(gate))
    with pytest.raises(PromotionRefused, match=rf"receipt of the gate '{gate}' is missing at .*/{gate}\.json, so no t"):
        require_receipts(use_case, candidate)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(gate=st.sampled_from(ALL), place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_whichever_bit_of_whichever_receipt_is_changed_nothing_moves(candidate, use_case, gate, place, bit) -> None:
    whole = lake().read(path(gate))
    changed = bytearray(whole)
    changed[place % len(whole)] ^= 1 << bit
    lake().write(path(gate), bytes(changed))
    with pytest.raises(PromotionRefused, match=f"receipt of the gate '{gate}' was altered, so no traffic moves"):
        require_receipts(use_case, candidate)
    lake().write(path(gate), whole)
    assert require_receipts(use_case, candidate)


@pytest.mark.parametrize("gate", ALL)
@pytest.mark.parametrize("raw", [b"", b"{", b"[" * 100_000, b"null", b"\xff"])
def test_what_is_no_receipt_moves_nothing(candidate, use_case, gate, raw) -> None:
    lake().write(path(gate), raw)
    with pytest.raises(PromotionRefused, match=r"was altered, so no traffic moves.*is no receipt"):
        require_receipts(use_case, candidate)


def test_a_failed_verdict_cannot_be_turned_without_the_key(candidate, use_case) -> None:
    evaluated(use_case, candidate, "fail")
    signed = json.loads(lake().read(path("coverage")))
    signed["receipt"]["verdict"] = "pass"
    lake().write(path("coverage"), json.dumps(signed, sort_keys=True, separators=(",", ":")).encode())
    with pytest.raises(PromotionRefused):
        require_receipts(use_case, candidate)


def test_the_receipt_of_another_gate_or_candidate_is_noticed(candidate, use_case, put_package) -> None:
    other = put_package("3", MODEL)
    evaluated(use_case, other)
    mine = lake().read(path("uplift"))
    for source in (path("champion"), uris.gate_receipt(NAME, other.job_id, "uplift")):
        lake().write(path("uplift"), lake().read(source))
        with pytest.raises(PromotionRefused, match="it was put in another's place"):
            require_receipts(use_case, candidate)
    lake().write(path("uplift"), mine)
    assert require_receipts(use_case, candidate)


def test_a_report_that_no_longer_names_a_gate_is_not_the_one_that_was_signed(candidate, use_case) -> None:
    report = json.loads(lake().read("reports/evaluation/flight_delays/job-2.json"))
    report["gates"] = report["gates"][:1]
    lake().write("reports/evaluation/flight_delays/job-2.json", json.dumps(report).encode())
    for gate in ("champion", "coverage"):
        lake().delete(path(gate))
    with pytest.raises(PromotionRefused, match=r"'evaluation' .* does not belong to .*job-2\.json, which was changed"):
        require_receipts(use_case, candidate)
    lake().delete("reports/evaluation/flight_delays/job-2.json")
    with pytest.raises(PromotionRefused, match="which was changed or is gone"):
        require_receipts(use_case, candidate)


def test_another_model_is_not_covered(candidate, use_case, put_package) -> None:
    other = put_package("3", {**MODEL, "model.txt": b"another tree"}, job_id="job-2")
    with pytest.raises(PromotionRefused, match=r"is about another model \(\w{12}, not \w{12}\)"):
        require_receipts(use_case, other)


@pytest.mark.parametrize(
    ("verdict", "accepts", "moves"),
    [
        ("pass", False, True),
        ("waived", False, True),
        ("insufficient_data", False, False),
        ("insufficient_data", True, True),
        ("fail", True, False),
    ],
)
def test_what_was_said_decides(candidate, use_case, verdict, accepts, moves) -> None:
    gates = use_case.gates.model_copy(update={"accept_insufficient_data": accepts})
    asked = use_case.model_copy(update={"gates": gates})
    evaluated(asked, candidate, verdict)
    if moves:
        assert len(require_receipts(asked, candidate)) == 4
    else:
        with pytest.raises(PromotionRefused, match=r"says (fail|insufficient_data), which moves no traffic; see file:"):
            require_receipts(asked, candidate)


def test_another_policy_asks_for_another_evaluation(candidate, use_case) -> None:
    stricter = use_case.gates.model_copy(update={"champion": ChampionGate(margin=0.0, confidence=0.99)})
    with pytest.raises(PromotionRefused, match=r"another policy than use_case\.yaml has now; evaluate again"):
        require_receipts(use_case.model_copy(update={"gates": stricter}), candidate)


def test_what_no_gate_reads_is_no_other_policy(use_case) -> None:
    valid = use_case.gates.model_copy(update={"receipts_valid_days": 7, "accept_insufficient_data": False})
    changed = use_case.model_copy(update={"gates": valid, "question": "Another one?"})
    assert policy_sha256(changed) == policy_sha256(use_case)


def test_a_receipt_is_stale_when_newer_days_have_come(candidate, use_case) -> None:
    published("2013-04-09")
    assert require_receipts(use_case, candidate)
    published("2013-04-10")
    with pytest.raises(PromotionRefused, match=r"stale: it saw rows up to 2013-03-10, 31 days before 2013-04-10"):
        require_receipts(use_case, candidate)


def test_a_receipt_is_stale_when_another_champion_serves(candidate, use_case) -> None:
    serve("7")
    with pytest.raises(PromotionRefused, match="is stale: it judges against champion 1, and 7 serves; evaluate again"):
        require_receipts(use_case, candidate)
    serve("2")  # the candidate itself: its switch is tried again
    assert require_receipts(use_case, candidate)


def test_a_gate_that_judges_later_is_asked_for_by_whoever_moves_traffic(candidate, use_case) -> None:
    with pytest.raises(PromotionRefused, match="receipt of the gate 'serving' is missing"):
        require_receipts(use_case, candidate, further=["serving"])
    lake().write("reports/serving/job-2.json", b"{}")
    write_receipt(
        use_case,
        "serving",
        subject="job-2",
        model_sha256=candidate.model_sha256,
        verdict="pass",
        as_of="2013-03-10",
        inputs={},
        evidence="reports/serving/job-2.json",
    )
    assert require_receipts(use_case, candidate, further=["serving"])[-1].gate == "uplift"


def test_the_worst_of_two_results_of_one_gate_is_written(candidate, use_case) -> None:
    twice = tuple(
        GateResult(gate="slices", value=0.1, interval=None, threshold=0, verdict=verdict, sentence="")
        for verdict in ("pass", "fail", "insufficient_data")
    )
    evaluated(use_case, candidate, gates=twice)
    with pytest.raises(PromotionRefused, match=r"'slices' .* says fail"):
        require_receipts(use_case, candidate)


def test_a_receipt_is_written_and_read_unchanged() -> None:
    golden = (
        '{"as_of":"2013-03-10","code_dirty":false,"code_revision":"abc","evidence":"reports/x.json",'
        '"evidence_sha256":"def","gate":"uplift","inputs":{"champion":"1"},"model_sha256":"123","policy_sha256":"456",'
        '"schema_version":1,"subject":"job-2","use_case":"flight_delays","verdict":"pass"}'
    )
    receipt = Receipt.model_validate_json(golden)
    assert receipt.canonical().decode() == golden
    assert isinstance(sign("receipt", receipt.canonical()), Signature)
