"""The usual way to serve a model: FastAPI, a pydantic model of the row, pandas or NumPy, ``Booster.predict``.

It knows nothing of Driftgate. Nothing is captured, routed or shadowed; an unseen category is scored as missing.
"""

import json
import os
from datetime import datetime
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
from fastapi import FastAPI
from pydantic import BaseModel

MODEL = Path(os.environ["BENCH_MODEL"])
booster = lgb.Booster(model_file=MODEL / "model.txt")
FEATURES = booster.feature_name()
CODES = {
    feature["name"]: {category: code for code, category in enumerate(feature["categories"])}
    for feature in json.loads((MODEL / "preprocessing.json").read_text())["features"]
    if feature["kind"] == "categorical"
}
app = FastAPI()


class Flight(BaseModel):
    """One row of a request."""

    carrier: str
    flight: int
    origin: str
    scheduled_departure: datetime
    dest: str
    distance_miles: int
    scheduled_arrival_minute: int
    departure_hour: int
    departure_minute_of_day: int
    day_of_week: int
    temperature_f: float | None
    dew_point_f: float | None
    humidity_percent: float | None
    wind_direction_degrees: float | None
    wind_speed_mph: float | None
    wind_gust_mph: float | None
    precipitation_inches: float | None
    pressure_millibars: float | None
    visibility_miles: float | None
    aircraft_age_years: int | None
    aircraft_manufacturer: str | None
    aircraft_seats: int | None
    aircraft_engines: int | None
    aircraft_late_share_28d: float | None
    aircraft_last_delay_minutes: float | None
    flight_late_share_28d: float | None
    flight_delay_minutes_28d: float | None


class Question(BaseModel):
    """The same body that our endpoint takes."""

    use_case: str
    rows: list[Flight]


class Prediction(BaseModel):
    """The score of one row."""

    score: float


class Answer(BaseModel):
    """One prediction per row, in order."""

    predictions: list[Prediction]


@app.post("/pandas")
async def predict_with_pandas(question: Question) -> Answer:
    """The usual body of a handler. Not in FastAPI's threads: a plain ``def`` gave half as many answers under load."""
    frame = pd.DataFrame([row.model_dump() for row in question.rows])[FEATURES]
    for name, codes in CODES.items():
        frame[name] = frame[name].map(codes)
    return answer(booster.predict(frame.astype(float), num_threads=1))


@app.post("/numpy")
async def predict_with_numpy(question: Question) -> Answer:
    """The same without pandas, as someone writes it who has measured."""
    rows = [row.model_dump() for row in question.rows]
    values = [[CODES[name].get(row[name]) if name in CODES else row[name] for name in FEATURES] for row in rows]
    return answer(booster.predict(np.array(values, dtype=float), num_threads=1))


def answer(scores: np.ndarray) -> Answer:
    return Answer(predictions=[Prediction(score=score) for score in scores])
