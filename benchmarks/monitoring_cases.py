"""What ``monitoring.py`` measures on: two large files, and simulated nights of which it is known what drifts."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from driftgate.monitoring.worlds import Shift, ShiftKind, World, worlds

REFERENCE_DAYS, BLOCK_NIGHTS, AFTER_NIGHTS, BEFORE_NIGHTS = 90, 30, 7, 2
SIZES: dict[ShiftKind, float] = {"mean": 0.5, "variance": 2.0, "category": 0.1, "region": 0.8, "label": 0.15}
PLANTED_IN = "autocorrelated"
NUMERIC, WORDS = 16, 4


@dataclass(frozen=True)
class Case:
    """Nights of a world against the 90 days before them; ``shift`` drifts from the third night on, None: nothing."""

    world: str
    block: int
    shift: ShiftKind | None

    @property
    def name(self) -> str:
        return f"{self.world}-{self.block}-{self.shift or 'none'}"

    @property
    def first(self) -> int:
        """The day of the first night."""
        return self.block * BLOCK_NIGHTS + REFERENCE_DAYS


def cases(quick: bool) -> list[Case]:
    """Return half a year without drift of every world, and each planted shift eight times in one of them.

    Evidently takes a second for each night, so there are no more.
    """
    if quick:
        return [Case(PLANTED_IN, 0, None), Case(PLANTED_IN, 0, "mean")]
    quiet = [Case(name, block, None) for name in worlds(1) for block in range(6)]
    planted = [Case(PLANTED_IN, block, kind) for block in range(8) for kind in SIZES]
    return quiet + planted


def write_case(case: Case, folder: Path, quiet_nights: int = BLOCK_NIGHTS, seed: int = 1) -> None:
    """Write ``NAME.reference.parquet`` and ``NAME.nights.parquet``, whose column ``night`` counts the nights."""
    world = worlds(seed)[case.world]
    count = BEFORE_NIGHTS + AFTER_NIGHTS if case.shift else quiet_nights
    shift = Shift(case.shift, SIZES[case.shift], case.first + BEFORE_NIGHTS) if case.shift else None
    nights = [
        world.table(case.first + night, shift).append_column("night", _of(world, night)) for night in range(count)
    ]
    reference = [world.table(day) for day in range(case.first - REFERENCE_DAYS, case.first)]
    for part, tables in {"reference": reference, "nights": nights}.items():
        pq.write_table(pa.concat_tables(tables), folder / f"{case.name}.{part}.parquet")
    (folder / f"{case.name}.case.json").write_text(json.dumps(asdict(case)))


def read_cases(folder: Path) -> list[Case]:
    return [Case(**json.loads(path.read_text())) for path in sorted(folder.glob("*.case.json"))]


def write_rows(path: Path, rows: int, seed: int, shift: float) -> None:
    """Write 20 columns, a million rows at a time: continuous and whole numbers, words of 10 to 10,000 sorts."""
    schema, left, number = None, rows, 0
    while left:
        part = _rows(min(left, 1_000_000), seed + 1000 * number, shift)
        schema = schema or pq.ParquetWriter(path, part.schema, compression="zstd")
        schema.write_table(part)
        left, number = left - part.num_rows, number + 1
    if schema:
        schema.close()


def _rows(rows: int, seed: int, shift: float) -> pa.Table:
    random = np.random.default_rng(seed)
    draws = (
        lambda: random.normal(shift, 1, rows),
        lambda: random.lognormal(shift, 1, rows),
        lambda: random.integers(0, 5000, rows),
        lambda: random.gamma(2, 10, rows).round(1),
    )
    columns = {f"n{place:02}": pa.array(draws[place % len(draws)]()) for place in range(NUMERIC)}
    for place in range(WORDS):
        kinds = 10 ** (place + 1)
        codes = np.minimum((kinds * random.random(rows) ** (1 + shift)).astype(int), kinds - 1)
        columns[f"w{place:02}"] = pa.array(np.array([f"word {kind}" for kind in range(kinds)])[codes])
    return pa.table(columns)


def _of(world: World, night: int) -> pa.Array:
    return pa.array(np.full(world.rows, night))
