"""What breaks a caller is found in the difference of two descriptions; what does not is let through."""

import copy
import json

import pytest

from driftgate.endpoint.compatibility import breaks
from driftgate.settings import project_root

PATH = "/v1/flight_delays/predict"


@pytest.fixture
def old():
    return json.loads((project_root() / "docs" / "reference" / "openapi.json").read_text())


def row(document):
    return document["components"]["schemas"]["flight_delays.row"]


def prediction(document):
    return document["components"]["schemas"]["flight_delays.answer"]["properties"]["predictions"]["items"]


def require(name):
    def change(new):
        row(new)["properties"][name] = {"type": "string"}
        row(new)["required"].append(name)

    return change


def forbid_null(new):
    row(new)["properties"]["dest"]["type"] = "string"


def narrow(new):
    row(new)["properties"]["temperature_f"]["type"] = ["integer", "null"]


def lose(new):
    del row(new)["properties"]["dest"]


def forget_score(new):
    del prediction(new)["properties"]["score"]


def say_text(new):
    prediction(new)["properties"]["score"]["type"] = ["number", "null"]


def take_no_csv(new):
    del new["paths"][PATH]["post"]["requestBody"]["content"]["text/csv"]


def remove(new):
    del new["paths"][PATH]


BREAKING = [
    (require("gate"), f"{PATH}: the request's body.rows[] must have 'gate' now"),
    (forbid_null, f"{PATH}: the request's body.rows[].dest takes no null any more"),
    (narrow, f"{PATH}: the request's body.rows[].temperature_f takes no number any more"),
    (lose, f"{PATH}: the request's body.rows[] must not have 'dest' any more"),
    (forget_score, f"{PATH}: the answer.predictions[] has no 'score' any more, or not always"),
    (say_text, f"{PATH}: the answer.predictions[].score may be null now"),
    (take_no_csv, f"{PATH} takes no text/csv any more"),
    (remove, f"{PATH} is gone; keep it, or offer it with a higher number"),
]


@pytest.mark.parametrize(("change", "sentence"), BREAKING, ids=lambda one: getattr(one, "__name__", None))
def test_a_difference_that_breaks_callers_is_a_sentence(old, change, sentence):
    new = copy.deepcopy(old)
    change(new)
    assert sentence in breaks(old, new)


def allow_null(new):
    row(new)["properties"]["carrier"]["type"] = ["string", "null"]


def offer_more(new):
    row(new)["properties"]["gate"] = {"type": ["string", "null"]}


def say_more(new):
    prediction(new)["properties"]["latency_ms"] = {"type": "number"}


def another_role(new):
    prediction(new)["properties"]["role"]["enum"].append("oracle")


def bump(new):
    new["paths"][PATH.replace("v1", "v2")] = new["paths"].pop(PATH)


@pytest.mark.parametrize("change", [allow_null, offer_more, say_more, another_role, bump])
def test_what_callers_need_not_notice_is_let_through(old, change):
    new = copy.deepcopy(old)
    change(new)
    assert breaks(old, new) == []
