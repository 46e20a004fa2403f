"""What is loaded has answered its golden set here first; what it said there is what a promotion goes by."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.errors import CannotJudge, EndpointSilent, PromotionRefused
from driftgate.evaluation.golden import golden_set
from driftgate.evaluation.receipts import SignedReceipt
from driftgate.fingerprint import fingerprint
from driftgate.lake import lake
from driftgate.models import Preprocessing
from driftgate.models.lightgbm_scorer import LightgbmScorer
from driftgate.promotion import skew
from driftgate.promotion.served import Reported
from driftgate.promotion.skew import check_skew, require_no_skew, skew_gates
from driftgate.serving_policy import ServingGate
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"
HERE = fingerprint()


@pytest.fixture(scope="module")
def golden(files: dict[str, dict[str, bytes]]) -> Callable[..., bytes]:
    """Make the golden set of version 1 or 2."""
    chance = np.random.default_rng(9)
    table = pa.table(
        {
            "carrier": chance.choice(["UA", "B6"], 300),
            "origin": chance.choice(["EWR", "JFK"], 300),
            "distance_miles": pa.array(chance.integers(100, 3000, 300), pa.int32()),
            "departure_hour": chance.integers(0, 24, 300),
            "temperature_f": chance.normal(40, 10, 300),
            "label": chance.random(300) < 0.3,
        }
    )

    def made(version: str = "2", **changes: Any) -> bytes:
        preprocessing = Preprocessing.model_validate_json(files[version]["preprocessing.json"])
        scorer = LightgbmScorer.load(files[version]["model.txt"], preprocessing)
        places = {"trained_in": HERE, "scored_in": HERE, **changes}
        return golden_set(load_use_case(NAME), scorer, table, **places).canonical()

    return made


@pytest.fixture
def shadow(world, server, client, files, endpoint) -> Callable[[bytes | None], dict[str, Any]]:
    """Let version 3, the model of version 2, watch version 1, and return what the endpoint says of both."""

    def deployed(golden: bytes | None) -> dict[str, Any]:
        world.register("3", files["2"] | ({"golden.json": golden} if golden else {}))
        world.deploy("1", "3")
        server.watcher.poll()
        endpoint.says = client.get("/deployments").json()
        return endpoint.says[NAME]

    return deployed


@pytest.fixture
def use_case() -> UseCase:
    whole = load_use_case(NAME)
    serving = ServingGate(max_latency_p95_ms=50, max_model_mb=5, max_load_seconds=20)
    return whole.model_copy(update={"gates": whole.gates.model_copy(update={"serving": serving})})


def receipts() -> dict[str, str]:
    folder = f"reports/receipts/{NAME}/job-3"
    found = [SignedReceipt.model_validate_json(lake().read(path)).receipt for path in lake().list(folder)]
    return {receipt.gate: receipt.verdict for receipt in found}


def test_a_variant_says_what_it_made_of_its_golden_set(shadow, golden):
    told = shadow(golden())
    assert [variant["version"] for variant in told["variants"]] == ["1", "3"]
    assert set(told["golden"]) == {"3"}  # version 1 is of an older Driftgate
    assert (told["golden"]["3"]["max_difference"], told["golden"]["3"]["rows"]) == (0, 200)
    assert told["golden"]["3"]["environment"] == HERE.model_dump(mode="json")


def test_a_model_that_answers_otherwise_is_not_loaded_and_the_champion_goes_on(shadow, golden, ask, world):
    told = shadow(golden("1"))
    assert [variant["version"] for variant in told["variants"]] == ["1"]
    assert "Version 3 of flight_delays answers" in told["problem"]
    assert "to row" in told["problem"]
    assert ask(world.ROW).json()["predictions"][0]["model_version"] == "1"


def test_a_golden_set_of_other_features_is_no_set_of_this_package(shadow, golden):
    whole = json.loads(golden())
    whole["rows"][0].pop("carrier")
    assert "golden.json and preprocessing.json" in shadow(json.dumps(whole).encode())["problem"]


def test_a_candidate_that_answers_alike_leaves_its_receipts(shadow, golden, use_case):
    shadow(golden())
    check = require_no_skew(use_case, "3")
    assert receipts() == dict.fromkeys(skew_gates(use_case), "pass")
    assert [gate.gate for gate in check.gates] == ["environment", "skew", "serving"]
    assert check.canonical() == lake().read(uris.skew_report(NAME, "3", "promotion"))
    assert check.endpoint is not None
    assert check.here.environment == check.endpoint.environment == HERE


def test_what_trained_it_must_be_what_serves_it(shadow, golden, use_case):
    packages = {**HERE.packages, "lightgbm": "1.0"}
    shadow(golden(trained_in=HERE.model_copy(update={"packages": packages, "cuda": "13"})))
    with pytest.raises(PromotionRefused, match=r"Version 3 .* differ in packages\.lightgbm 1\.0 -> .*allowed_skew"):
        require_no_skew(use_case, "3")
    assert receipts() == {"environment": "fail", "skew": "pass", "serving": "pass"}


def test_what_is_allowed_to_differ_is_told_with_its_reason(shadow, golden, use_case, endpoint):
    shadow(golden(trained_in=HERE.model_copy(update={"image_digest": "sha256:one"})))
    endpoint.says[NAME]["golden"]["3"]["environment"]["image_digest"] = "sha256:two"
    check = require_no_skew(use_case, "3")
    assert check.differences == {"image_digest": "sha256:one -> sha256:two"}
    assert "same lock file" in check.allowed["image_digest"]


def test_an_unknown_place_of_training_is_refused(shadow, golden, use_case):
    shadow(golden(trained_in=None))
    with pytest.raises(PromotionRefused, match="Nobody noted what the model was trained on"):
        require_no_skew(use_case, "3")


@pytest.mark.parametrize(
    ("measure", "value", "gate", "told"),
    [
        ("latency_p95_ms", 51.0, "serving", r"ms at the 95th percentile 51 \(limit 50\)"),
        ("model_mb", 5.1, "serving", r"MB of the model 5.1 \(limit 5\)"),
        ("load_seconds", 21.0, "serving", r"seconds to load 21 \(limit 20\)"),
        ("kolmogorov_smirnov", 0.03, "skew", r"Kolmogorov-Smirnov 0.03 \(limit 0.02\)"),
        ("metric_difference", 0.006, "skew", r"the difference of the metric 0.006 \(limit 0.005\)"),
        ("max_difference", 1e-5, "skew", r"the largest difference of an answer 1e-05 \(limit 1e-06\)"),
    ],
)
def test_each_measure_has_its_limit(shadow, golden, use_case, endpoint, measure, value, gate, told):
    shadow(golden())
    endpoint.says[NAME]["golden"]["3"][measure] = value
    with pytest.raises(PromotionRefused, match=told):
        require_no_skew(use_case, "3")
    assert receipts()[gate] == "fail"


def test_nothing_is_said_of_what_the_endpoint_does_not_serve(shadow, golden, use_case, endpoint, monkeypatch):
    shadow(golden())
    del endpoint.says[NAME]["golden"]
    with pytest.raises(PromotionRefused, match=r"does not say what version 3 .* made of its golden set"):
        require_no_skew(use_case, "3")
    assert receipts() == {}
    monkeypatch.setenv("DRIFTGATE_ENDPOINT_PORT", "1")
    with pytest.raises(EndpointSilent):
        require_no_skew(use_case, "3")


def test_an_endpoint_that_does_not_tell_leaves_the_gates_undecided(shadow, golden, use_case, monkeypatch):
    shadow(golden())
    monkeypatch.setattr(skew, "reported", lambda name: Reported(None, ()))
    assert require_no_skew(use_case, "3").endpoint is None
    assert receipts() == dict.fromkeys(skew_gates(use_case), "insufficient_data")


def test_a_version_without_a_golden_set_is_not_judged(shadow, use_case):
    shadow(None)
    with pytest.raises(CannotJudge, match="Version 3 of flight_delays was registered without a golden set"):
        check_skew(use_case, "3")
