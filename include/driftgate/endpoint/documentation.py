"""How /docs describes /invocations, which FastAPI does not serve."""

from typing import Any

FLIGHT_DELAYS = {
    "use_case": "flight_delays",
    "rows": [
        {
            "carrier": "US",
            "flight": 1987,
            "origin": "EWR",
            "scheduled_departure": "2013-03-14T05:00:00",
            "tail_number": "N124US",
            "dest": "CLT",
            "distance_miles": 529,
            "scheduled_arrival_minute": 408,
            "departure_hour": 5,
            "departure_minute_of_day": 300,
            "day_of_week": 4,
            "temperature_f": 32.0,
            "dew_point_f": 10.94,
            "humidity_percent": 40.99,
            "wind_direction_degrees": 300.0,
            "wind_speed_mph": 18.41248,
            "wind_gust_mph": 32.22184,
            "precipitation_inches": 0.0,
            "pressure_millibars": 1012.8,
            "visibility_miles": 10.0,
            "aircraft_age_years": 13,
            "aircraft_manufacturer": "AIRBUS INDUSTRIE",
            "aircraft_seats": 182,
            "aircraft_engines": 2,
        }
    ],
}
AIR_TIME = {
    "use_case": "air_time",
    "rows": [
        {
            "carrier": "US",
            "flight": 1987,
            "origin": "EWR",
            "scheduled_departure": "2013-03-14T05:00:00",
            "dest": "CLT",
            "tail_number": "N124US",
            "distance_miles": 529,
            "departure_hour": 5,
            "day_of_week": 4,
            "scheduled_minutes": 108,
            "temperature_f": 32.0,
            "wind_direction_degrees": 300.0,
            "wind_speed_mph": 18.41248,
            "precipitation_inches": 0.0,
            "pressure_millibars": 1012.8,
            "visibility_miles": 10.0,
            "aircraft_age_years": 13,
            "aircraft_model": "A320-214",
            "aircraft_seats": 182,
        }
    ],
}
EXAMPLES: dict[str, dict[str, Any]] = {"flight_delays": FLIGHT_DELAYS, "air_time": AIR_TIME}
"""The first flight of 14 March 2013: will it be late, and how long will it be in the air?"""


def invocations_openapi() -> dict[str, Any]:
    """Return the OpenAPI item of the path /invocations."""
    return {
        "post": {
            "summary": "Scores of one or many rows",
            "description": (
                "Each row holds every column of the use case's `features.sql`, request key and event time included. "
                "Rows are answered in order: with a `score`, the probability that what is asked will be so, or, where "
                "the use case asks how much, with a `value` and its `unit`. `role` and `model_version` say which "
                "variant answered. A value that the "
                "model never saw in training is answered and named in `warnings`."
            ),
            "requestBody": {"required": True, "content": _json(_QUESTION, EXAMPLES)},
            "responses": {
                "200": {"description": "The scores, captured before they left", "content": _json(_ANSWER)},
                **{status: {"description": why, "content": _json(_PROBLEM)} for status, why in _PROBLEMS.items()},
            },
        }
    }


def _json(schema: dict[str, Any], examples: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    shown = {name: {"value": example} for name, example in (examples or {}).items()}
    return {"application/json": {"schema": schema} | ({"examples": shown} if shown else {})}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


_TEXT = {"type": "string"}
_ROW = {"type": "object", "description": "column name to value; null where the signature allows it"}
_QUESTION = _object(use_case=_TEXT, rows={"type": "array", "minItems": 1, "items": _ROW})
_BY_WHOM = {
    "prediction_id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
    "model_version": _TEXT,
    "role": {"type": "string", "enum": ["champion", "canary"]},
}
_PREDICTION = {
    "oneOf": [
        _object(**_BY_WHOM, score={"type": "number", "minimum": 0, "maximum": 1, "description": "a probability"}),
        _object(**_BY_WHOM, value={"type": "number"}, unit={**_TEXT, "description": "of the value, such as minutes"}),
    ]
}
_ANSWER = _object(
    use_case=_TEXT,
    request_id=_TEXT,
    predictions={"type": "array", "items": _PREDICTION},
    warnings={"type": "array", "items": _TEXT},
)
_PROBLEM = _object(detail={"type": "string", "description": "one sentence: what is wrong, where, what to do"})
_PROBLEMS = {
    "400": "The body is not a question",
    "404": "There is no such use case",
    "413": "The body or the list of rows is too large",
    "422": "A row does not fit the champion's signature",
    "503": "No model, a failing champion, or no room for captures",
}
