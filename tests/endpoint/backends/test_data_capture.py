"""Files of SageMaker's data capture become captures: lines as AWS's developer guide shows them, in both encodings."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from driftgate.captures import read_captures
from driftgate.endpoint.backends.data_capture import collect
from driftgate.lake import lake
from driftgate.metadata import metadata
from driftgate.promotion import DeploymentState

NAME, DAY = "flight_delays", "2013-03-14"
HOUR = "2099/01/02/03"  # after every record: the newest state is the one
Move = Callable[..., DeploymentState]


def line(
    rows: list[dict[str, Any]], version: str, *, role: str = "champion", encoding: str = "JSON", at: str = ""
) -> str:
    """One event: a request and its answer, as a container of ours gave it."""
    answer = {
        "use_case": NAME,
        "request_id": "0" * 32,
        "predictions": [
            {"prediction_id": f"{place:032x}", "score": 0.25 + place / 100, "model_version": version, "role": role}
            for place, _ in enumerate(rows)
        ],
        "warnings": [],
        "latency_ms": 3.25,
    }

    def side(mode: str, body: dict[str, Any]) -> dict[str, str]:
        text = json.dumps(body)
        data = base64.b64encode(text.encode()).decode() if encoding == "BASE64" else text
        return {"observedContentType": "application/json", "mode": mode, "data": data, "encoding": encoding}

    return json.dumps(
        {
            "captureData": {
                "endpointInput": side("INPUT", {"use_case": NAME, "rows": rows}),
                "endpointOutput": side("OUTPUT", answer),
            },
            "eventMetadata": {
                "eventId": "a1b2c3d4-0000-0000-0000-000000000000",
                "inferenceTime": at or "2099-01-02T03:04:05Z",
            },
            "eventVersion": "0",
        }
    )


def put(variant: str, *lines: str, name: str = "04-05-000-a1") -> str:
    path = f"sagemaker/driftgate-flight-delays/{variant}/{HOUR}/{name}.jsonl"
    lake().write(path, "".join(f"{one}\n" for one in lines).encode())
    return path


def test_a_shadow_meets_the_answers_of_the_champion(world: Any, move: Move) -> None:
    move("1")
    state = move("1", "2")
    rows = world.rows(4)
    put("champion", line(rows[:2], "1"), line(rows[2:], "1", encoding="BASE64"))
    put("candidate", line(rows, "2"))
    assert collect(NAME) == 8
    found = read_captures(NAME, DAY).to_pylist()
    pairs: dict[str, list[tuple[str, str]]] = {}
    for one in found:
        pairs.setdefault(one["prediction_id"], []).append((one["variant_role"], one["model_version"]))
    assert [sorted(pair) for pair in pairs.values()] == [[("champion", "1"), ("shadow", "2")]] * 4
    first = min(found, key=lambda one: one["request_key"])
    assert {one["deployment_revision"] for one in found} == {state.revision}
    assert (first["score"], first["error"], first["latency_ms"], first["step"]) == (0.25, None, 3.25, "shadow")
    assert json.loads(first["features"]) == rows[0]
    assert lake().list("sagemaker") == [], "moved, not copied"


def test_the_revision_is_that_of_the_time_and_the_role_that_of_the_step(world: Any, move: Move) -> None:
    move("1")
    canary = move("1", "2", 25)
    move("2")
    between = metadata().history("deployment", NAME)[1].written_at.isoformat()
    put("candidate", line(world.rows(1), "2", at=between))
    put("champion", line(world.rows(2)[1:], "2", role="fallback"))
    collect(NAME)
    found = {one["variant_role"]: one for one in read_captures(NAME, DAY).to_pylist()}
    assert found["canary"]["deployment_revision"] == canary.revision
    assert found["fallback"]["deployment_revision"] == canary.revision + 1


def test_the_fallback_of_a_candidate_is_its_error(world: Any, move: Move) -> None:
    move("1", "2", 25)
    put("candidate", line(world.rows(1), "2", role="fallback"))
    collect(NAME)
    [one] = read_captures(NAME, DAY).to_pylist()
    assert (one["variant_role"], one["score"], one["error"]) == ("canary", None, "its fallback answered")


def test_taking_it_over_again_after_a_death_doubles_nothing(
    world: Any, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    move("1")
    put("champion", line(world.rows(3), "1"))
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(type(lake()), "delete", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        collect(NAME)
    assert collect(NAME) == 3
    assert read_captures(NAME, DAY).num_rows == 3


def test_refusals_and_halves_are_passed_over(world: Any, move: Move) -> None:
    move("1")
    refused = json.loads(line(world.rows(1), "1"))
    refused["captureData"]["endpointOutput"]["data"] = '{"detail": "Row 0 lacks \'flight\'."}'
    half = json.loads(line(world.rows(1), "1"))
    del half["captureData"]["endpointOutput"]
    put("champion", json.dumps(refused), json.dumps(half), line(world.rows(1), "1"))
    assert collect(NAME) == 1


@pytest.mark.parametrize(
    "bad", ["{", "[]", '{"captureData": 3}', line([{"flight": 1}], "1"), line([], "1").replace("JSON", "BASE64")]
)
def test_what_cannot_be_read_is_kept_and_stops_nothing(world: Any, move: Move, bad: str) -> None:
    move("1")
    path = put("champion", bad, name="1-bad")
    put("champion", line(world.rows(1), "1"), name="2-good")
    assert collect(NAME) == 1
    assert lake().read(f"quarantine/{path}").decode() == f"{bad}\n"


def test_answers_of_a_version_that_was_never_deployed_are_kept_aside(world: Any, move: Move) -> None:
    move("1")
    path = put("champion", line(world.rows(1), "9"))
    assert collect(NAME) == 0
    assert lake().exists(f"quarantine/{path}")
