"""The description of every route (OpenAPI 3.1): made from the use cases, the same bytes whenever they are the same."""

from typing import Any

from driftgate.endpoint.formats import ARROW, CSV, FORMATS, JSON
from driftgate.endpoint.request_schema import example_row, requested, row_schema
from driftgate.errors import DriftgateError
from driftgate.models import Signature
from driftgate.use_cases import UseCase, load_use_case, use_case_names

TITLE, VERSION = "Driftgate endpoint", "1"


def openapi(*, with_broken: bool = True) -> dict[str, Any]:
    """Return the description of the endpoint for the use cases as they are defined now.

    :param with_broken: a use case that cannot be described is an error; else it is left out
    :raises ConfigError: a use case is broken
    """
    found: list[tuple[UseCase, Signature]] = []
    for name in use_case_names():
        try:
            use_case = load_use_case(name)
            found.append((use_case, requested(use_case)))
        except DriftgateError:
            if with_broken:
                raise
    return _document([use_case for use_case, _ in found], {use_case.name: asked for use_case, asked in found})


def _document(use_cases: list[UseCase], signatures: dict[str, Signature]) -> dict[str, Any]:
    examples = {use_case.name: example_row(use_case, signatures[use_case.name]) for use_case in use_cases}
    rows = {f"{name}.row": row_schema(signature) for name, signature in signatures.items()}
    answers = {f"{use_case.name}.answer": _answer(use_case) for use_case in use_cases}
    paths = {"/ping": _PING, "/deployments": _DEPLOYMENTS, "/metrics": _METRICS, "/invocations": _invocations(examples)}
    for use_case in use_cases:
        paths |= _paths_of(use_case, examples[use_case.name])
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": _ABOUT},
        "paths": paths,
        "components": {"schemas": {**rows, **answers, "problem": _PROBLEM}, "headers": {"request_id": _ID_HEADER}},
    }


def _paths_of(use_case: UseCase, example: dict[str, Any]) -> dict[str, Any]:
    base, row = f"/v{use_case.serve.api_version}/{use_case.name}", _ref(f"{use_case.name}.row")
    many = _object(rows={"type": "array", "minItems": 1, "items": row})
    one = _object(rows={"type": "array", "minItems": 1, "maxItems": 1, "items": row})
    predict = {
        "operationId": f"predict_{use_case.name}",
        "summary": use_case.question,
        "description": _PREDICT,
        "parameters": [_ID_PARAMETER],
        "requestBody": _body(many, {use_case.name: {"rows": [example]}}),
        "responses": _responses("200", f"{use_case.name}.answer", FORMATS),
    }
    explain = {
        "operationId": f"explain_{use_case.name}",
        "summary": f"Why one row got its {_score_name(use_case)}",
        "description": _EXPLAIN,
        "parameters": [_ID_PARAMETER, _TOP],
        "requestBody": _body(one, {use_case.name: {"rows": [example]}}),
        "responses": _responses("200", None, (JSON,)) | {"200": _ok(_explanation(use_case), (JSON,))} | _NOT_EXPLAINED,
    }
    return {f"{base}/predict": {"post": predict}, f"{base}/explain": {"post": explain}}


def _invocations(examples: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The container contract of SageMaker: one path for all use cases, named in the body or in a header."""
    question = {"anyOf": [_object(use_case={"const": name}, rows=_rows(name)) for name in examples]}
    shown = {name: {"use_case": name, "rows": [row]} for name, row in examples.items()}
    attributes = {
        "name": "X-Amzn-SageMaker-Custom-Attributes",
        "in": "header",
        "schema": {"type": "string", "pattern": "^use_case=[a-z0-9_]+$"},
        "description": "`use_case=NAME`: which use case is asked by a body that is no JSON",
    }
    return {
        "post": {
            "operationId": "invocations",
            "summary": "Scores of one or many rows, as SageMaker asks for them",
            "description": _PREDICT,
            "parameters": [_ID_PARAMETER, attributes],
            "requestBody": _body(question, shown),
            "responses": _responses("200", None, FORMATS)
            | {"200": _ok({"anyOf": [_ref(f"{name}.answer") for name in examples]}, FORMATS)},
        }
    }


def _rows(name: str) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "items": _ref(f"{name}.row")}


def _answer(use_case: UseCase) -> dict[str, Any]:
    key = _score_name(use_case)
    prediction = _object(
        prediction_id={"type": "string", "pattern": "^[0-9a-f]{32}$"}, **_score_of(use_case, key), **_BY_WHOM
    )
    return _object(
        use_case={"const": use_case.name},
        request_id=_TEXT,
        predictions={"type": "array", "minItems": 1, "items": prediction},
        warnings={"type": "array", "items": _TEXT},
    )


def _explanation(use_case: UseCase) -> dict[str, Any]:
    key, number = _score_name(use_case), {"type": "number"}
    value = {"type": ["string", "number", "null"]}
    one = _object(feature=_TEXT, value=value, contribution=number)
    return _object(
        use_case={"const": use_case.name},
        request_id=_TEXT,
        **_BY_WHOM,
        **{key: number},
        scale={**_TEXT, "description": "of base, contributions and raw_score"},
        exact={"type": "boolean", "description": "false: sampled, of a network"},
        base={**number, "description": "what every row starts from"},
        contributions={"type": "array", "items": one},
        others={**number, "description": "what all other features add"},
        raw_score={**number, "description": "base + contributions + others"},
        warnings={"type": "array", "items": _TEXT},
    )


def _score_name(use_case: UseCase) -> str:
    return "score" if use_case.problem == "binary" else "value"


def _score_of(use_case: UseCase, key: str) -> dict[str, Any]:
    if key == "score":
        return {key: {"type": "number", "minimum": 0, "maximum": 1, "description": "a probability"}}
    return {key: {"type": "number"}, "unit": {"const": use_case.label.unit}}


def _body(schema: dict[str, Any], examples: dict[str, Any]) -> dict[str, Any]:
    shown = {name: {"value": example} for name, example in examples.items()}
    tables = {form: {"schema": {"type": "string", "description": what}} for form, what in _TABLES.items()}
    return {"required": True, "content": {JSON: {"schema": schema, "examples": shown}, **tables}}


def _responses(status: str, schema: str | None, formats: tuple[str, ...]) -> dict[str, Any]:
    found = {status: _ok(_ref(schema), formats)} if schema else {}
    problem = {JSON: {"schema": _ref("problem")}}
    return found | {code: {"description": why, "content": problem} for code, why in _PROBLEMS.items()}


def _ok(schema: dict[str, Any], formats: tuple[str, ...]) -> dict[str, Any]:
    content = {form: {"schema": schema} if form == JSON else {"schema": {"type": "string"}} for form in formats}
    headers = {"X-Request-Id": {"$ref": "#/components/headers/request_id"}}
    return {"description": "The answer", "headers": headers, "content": content}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_TEXT = {"type": "string"}
_ABOUT = (
    "No request names a model version; each answer says which one gave it. Within /v1 a request that was right stays "
    "right and an answer keeps its fields: what would break that comes with another number in the path."
)
_PREDICT = (
    "Each row holds every column of the use case's `features.sql` that the endpoint does not join itself, request key "
    "and event time included. Rows are answered in order, each by the variant that its request key leads to. `role` "
    "`fallback` says that the model failed and the rule answered. A value that the model never saw in training "
    "is answered and named in `warnings`. What was answered is captured before it leaves."
)
_EXPLAIN = (
    "What each feature adds to the raw score of one row; their sum is checked. It is not captured as a prediction."
)
_TABLES = {
    CSV: "a header row and rows; an empty field is null",
    ARROW: "plain columns (strings, numbers, timestamps), uncompressed",
}
_BY_WHOM = {
    "model_version": _TEXT,
    "role": {"type": "string", "enum": ["champion", "canary", "fallback", "control"]},
}
_PROBLEM = _object(detail={"type": "string", "description": "one sentence: what is wrong, where, what to do"})
_PROBLEMS = {
    "400": "The body is not a question",
    "401": "No key, or none that counts",
    "403": "The key's owner may not ask this",
    "404": "There is no such use case or path",
    "406": "No such format of answers",
    "410": "This version of the path is over",
    "408": "The body did not come within the deadline",
    "413": "The body or the list of rows is too large",
    "415": "No such format of questions",
    "422": "A row does not fit the champion's signature",
    "429": "Too often, too many rows of this day, or too many wait; Retry-After says when to ask again",
    "503": "No model, a failing champion without a fallback, no room for captures, or the endpoint is stopping",
    "504": "No answer within the deadline",
}
_NOT_EXPLAINED = {
    code: {"description": why, "content": {JSON: {"schema": _ref("problem")}}}
    for code, why in {
        "403": "Single answers are not explained",
        "409": "The package has no explanation",
    }.items()
}
_ID_HEADER = {"schema": _TEXT, "description": "the caller's own, or a new one"}
_ID_PARAMETER = {
    "name": "X-Request-Id",
    "in": "header",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    "description": "taken over into the answer",
}
_TOP = {
    "name": "top",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1, "maximum": 1000},
    "description": "how many features are told one by one, the strongest first",
}


def _get(name: str, summary: str, content: dict[str, Any], refused: str | None = None) -> dict[str, Any]:
    responses = {"200": {"description": "So it is", "content": content}}
    if refused:
        responses["503"] = {"description": refused, "content": {JSON: {"schema": _ref("problem")}}}
    return {"get": {"operationId": name, "summary": summary, "responses": responses}}


_VARIANT = _object(version=_TEXT, role=_TEXT, weight={"type": "integer"})
_DEPLOYED = _object(
    variants={"type": "array", "items": _VARIANT},
    step={"type": ["string", "null"]},
    revision={"type": ["integer", "null"]},
    problem={"type": ["string", "null"]},
    golden={"type": "object", "description": "what scoring the package's golden set came to, by version"},
)
_PING = _get(
    "ping",
    "200 with a model, 503 without",
    {JSON: {"schema": _object(use_cases={"type": "array", "items": _TEXT})}},
    "No use case has a model yet",
)
_DEPLOYMENTS = _get(
    "deployments",
    "What is really served: variants, step and revision of each use case",
    {JSON: {"schema": {"type": "object", "additionalProperties": _DEPLOYED}}},
)
_METRICS = _get("metrics", "Counters in Prometheus' text format", {"text/plain": {"schema": _TEXT}})
