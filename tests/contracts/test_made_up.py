"""No candidate is judged on rows that were made up."""

import shutil
from pathlib import Path

import pytest

from driftgate.contracts import require_real
from driftgate.errors import NotPermitted
from driftgate.settings import project_root
from driftgate.use_cases import load_use_case


def made_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dataset: str) -> None:
    shutil.copytree(project_root() / "data_contracts", tmp_path / "data_contracts")
    shutil.copytree(project_root() / "include/use_cases", tmp_path / "include/use_cases")
    contract = tmp_path / "data_contracts" / f"{dataset}.yaml"
    flag = "customProperties:\n  - {property: synthetic, value: true}\n"
    contract.write_text(contract.read_text().replace("customProperties:\n", flag, 1))
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))


def test_synthetic_requests_are_no_holdout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    require_real(load_use_case("flight_delays"))
    made_up(tmp_path, monkeypatch, "flights")
    with pytest.raises(NotPermitted, match="'flights' says 'synthetic: true', and rows that were made up are no hold"):
        require_real(load_use_case("flight_delays"))


def test_synthetic_weather_is_none_of_its_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_up(tmp_path, monkeypatch, "weather")  # the outcomes are real
    require_real(load_use_case("flight_delays"))
