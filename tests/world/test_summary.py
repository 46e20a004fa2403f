"""The tables at the end of a demo are made from the records, and are there for an empty lake too."""

from collections.abc import Callable
from io import StringIO

import pyarrow as pa
import pytest
from rich.console import Console, RenderableType

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.lineage import DatasetRef, emit
from driftgate.metadata import metadata
from driftgate.monitoring import Evidence, decide
from driftgate.monitoring.evidence import write_evidence
from driftgate.promotion.state import DeploymentState, variants
from driftgate.use_cases import UseCase, load_use_case
from driftgate.world import summary


@pytest.fixture
def use_case() -> UseCase:
    return load_use_case("flight_delays")


def text(item: RenderableType) -> list[list[str]]:
    """The cells of a table, row by row, as a terminal shows them."""
    console = Console(file=StringIO(), width=500)
    console.print(item)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]  # it is a StringIO
    return [[cell.strip() for cell in line.strip("┃│").split("│")] for line in lines if "│" in line]


def table(rows: int) -> pa.Table:
    return pa.table({"carrier": ["AA"] * rows})


def test_partitions_and_rows_are_added_up_by_zone() -> None:
    for day, rows in (("2013-04-01", 1200), ("2013-04-02", 300)):
        publish(lake(), uris.partition("raw", "flights", day), table(rows))
        publish(lake(), uris.partition("validated", "flights", day), table(rows - 10))
    publish(lake(), uris.partition("quarantine", "flights", "2013-04-01"), table(10))
    assert text(summary.partitions("nycflights"))[0] == ["flights", "2", "1,500", "1,480", "10"]


def test_datasets_without_a_partition_are_zero() -> None:
    rows = text(summary.partitions("nycflights"))
    assert [row[0] for row in rows] == ["flights", "planes", "weather"]
    assert all(row[1:] == ["0", "0", "0", "0"] for row in rows)


def test_a_night_shows_the_verdict_and_its_rule(use_case: UseCase) -> None:
    worse = Evidence(
        use_case="flight_delays",
        key="2013-04-08",
        monitor="performance",
        champion="1",
        statistic="auc",
        value=0.6123,
        interval=(0.6, 0.63),
        threshold=0.65,
        sample_size=6000,
        features=(),
        verdict="drift",
        sentence="AUC is low.",
    )
    write_evidence(worse)
    write_evidence(worse.model_copy(update={"monitor": "data", "verdict": "ok"}))
    decide(use_case, "2013-04-07")
    decide(use_case, "2013-04-08")
    quiet, drifting = text(summary.nights(use_case))
    assert quiet[:4] == ["2013-04-07", "-", "-", "cannot_judge"]
    assert drifting == ["2013-04-08", "1", "0.612 (0.600 to 0.630)", "watch", "drift not yet persistent"]


def test_a_model_shows_its_role_and_its_evaluation(use_case: UseCase, put_package: Callable[..., object]) -> None:
    put_package("1")
    put_package("2", metrics={"auc": 0.7123, "champion_auc": 0.69})
    state = DeploymentState(
        use_case="flight_delays",
        revision=1,
        step="serving",
        champion="1",
        variants=variants("1", None, "serving"),
        actor="test",
        reason="a test",
    )
    metadata().append("deployment", "flight_delays", state.model_dump(mode="json", exclude={"revision"}))
    assert text(summary.models(use_case)) == [
        ["1", "champion", "flight_delays/2013-03-31-3f9c2a1", "0.700", "-"],
        ["2", "retired", "flight_delays/2013-03-31-3f9c2a1", "0.712", "0.690"],
    ]


def test_the_whole_summary_counts_lineage_and_names_where_to_look(use_case: UseCase) -> None:
    emit("nycflights", job="j", run_id="r", inputs=[], outputs=[DatasetRef("raw/flights/2013-04-01", "a")])
    console = Console(file=StringIO(), width=200)
    summary.print_summary(console, use_case, "nycflights")
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is a StringIO
    assert "Lineage records: 1 (1 in nycflights, 0 in flight_delays)" in printed
    assert "include/use_cases/flight_delays/use_case.yaml" in printed
    assert "/lake/reports" in printed
