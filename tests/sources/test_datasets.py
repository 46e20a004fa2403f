"""Which datasets a source has is known from the contracts, and cheaply."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from driftgate.errors import ConfigError
from driftgate.sources import datasets_of

ASK = """
import sys
import pydantic.plugin._loader, yaml  # what Airflow itself has loaded
from pydantic import BaseModel
class Loaded(BaseModel): pass
before = set(sys.modules)
from driftgate.sources import datasets_of
names = datasets_of("nycflights")
print(*names, *sorted({name.split(".")[0] for name in set(sys.modules) - before}))
"""


def test_the_contracts_say_which_datasets_a_source_has():
    assert datasets_of("nycflights") == ["flights", "planes", "weather"]


def test_an_unknown_source_is_answered_with_the_nearest_one():
    with pytest.raises(ConfigError, match=r"server 'nycflight'; did you mean 'nycflights'\? Known: nycflights"):
        datasets_of("nycflight")


def test_a_file_that_is_no_yaml_is_refused_with_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data_contracts").mkdir()
    (tmp_path / "data_contracts" / "broken.yaml").write_text("a: [")
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    with pytest.raises(ConfigError, match=r"broken\.yaml is not valid YAML"):
        datasets_of("nycflights")


def test_asking_loads_nothing_heavy():
    answer = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, env=os.environ)
    words = answer.stdout.split()

    assert words[:3] == ["flights", "planes", "weather"]
    assert not {"pandas", "pyarrow", "great_expectations", "duckdb", "open_data_contract_standard"} & set(words)
