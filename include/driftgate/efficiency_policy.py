"""What a use case may take for one unit of its work: the section ``efficiency``."""

from typing import Annotated, Literal

from pydantic import Field

from driftgate.records import Record

Unit = Literal["prediction", "training_run"]
Ratio = Literal["vcpu_minutes", "cpu_minutes", "gb_moved", "gb_stored", "energy_kwh"]
Amount = Annotated[float, Field(gt=0)]


class Efficiency(Record):
    """Targets are per 1,000 predictions or per training run, as ``unit_of_work`` says."""

    unit_of_work: Unit = "prediction"
    targets: dict[Ratio, Amount] = {}
    max_regression: Amount = 0.2  # share of the baseline that a ratio may exceed it by
