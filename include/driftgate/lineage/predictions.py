"""Finding one answer among the captured requests, to know which model version gave it."""

import json
import re
from dataclasses import dataclass
from typing import Any

from driftgate.errors import ConfigError
from driftgate.lake import lake

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Prediction:
    """The answer that the caller got, as captured."""

    prediction_id: str
    use_case: str
    model_version: str
    role: str
    score: float | None
    event_time: str
    captured_in: str


def looks_like_prediction(target: str) -> bool:
    """Return whether ``target`` has the form of a prediction id: 32 hexadecimal digits, dashes allowed."""
    return bool(_ID.fullmatch(_plain(target)))


def find_prediction(prediction_id: str) -> Prediction:
    """Return the answer with this id; the one that the caller saw, not those of its shadows.

    :raises ConfigError: no capture in the lake has it
    """
    store, wanted = lake(), _plain(prediction_id).encode()
    for path in reversed(store.list("captures")):  # newest days first
        data = store.read(path)
        if wanted not in data:
            continue
        lines = [json.loads(line) for line in data.splitlines() if wanted in line]
        own = [line for line in lines if line.get("prediction_id") == wanted.decode()]
        answers = [line for line in own if line.get("variant_role") != "shadow"]
        if answers:  # a canary or champion that failed is there too, beside what answered in its place
            return _prediction(min(answers, key=lambda line: line["score"] is None), path)
    raise ConfigError(
        f"No capture in the lake has the prediction {prediction_id}; correct the id, or wait: a capture reaches the "
        "lake some seconds after the answer."
    )


def _plain(target: str) -> str:
    return target.strip().lower().replace("-", "")


def _prediction(line: dict[str, Any], path: str) -> Prediction:
    return Prediction(
        prediction_id=line["prediction_id"],
        use_case=line["use_case"],
        model_version=str(line["model_version"]),
        role=line["variant_role"],
        score=line["score"],
        event_time=line["event_time"],
        captured_in=path,
    )
