"""``driftgate dataset sample`` writes files and says where, or a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from driftgate import uris
from driftgate.lake import lake, publish
from driftgate.sources import sample


def test_a_sample_of_a_real_day_is_written_where_its_source_drops_it(run: Callable[..., Any], tmp_path: Path) -> None:
    publish(lake(), uris.partition("validated", "weather", "2013-04-01"), sample.table_of("weather", "2013-04-01"))
    answer = run("dataset", "sample", "weather", "2013-04-01", "--rows", "50", "--out", str(tmp_path))
    assert answer.exit_code == 0, answer.stderr
    path = tmp_path / "nycflights" / "weather" / "2013-04-01.parquet"
    assert f"{path} written." in answer.stdout
    assert pq.read_table(path).num_rows == 50


def test_what_is_wrong_is_a_sentence(run: Callable[..., Any], tmp_path: Path) -> None:
    for arguments, telling in (
        (("wether", "2013-04-01"), "did you mean 'weather'?"),
        (("weather", "yesterday"), "Partition key 'yesterday' is not a date"),
        (("weather", "2013-04-01"), "Nothing is published at"),
    ):
        answer = run("dataset", "sample", *arguments, "--rows", "50", "--out", str(tmp_path))
        assert answer.exit_code == 1
        assert telling in answer.stderr
