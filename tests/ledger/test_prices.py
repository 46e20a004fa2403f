"""What a machine costs is what the table says, and unknown otherwise."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from driftgate.compute.targets import find_target, target_names
from driftgate.errors import ConfigError
from driftgate.ledger.prices import Machine, instance_of, price, price_table, price_table_path


def machine(**changes: Any) -> Machine:
    values: dict[str, Any] = {
        "backend": "batch",
        "instance_type": "c7i.large",
        "count": 1,
        "spot": False,
        "region": "us-east-1",
        "vcpu": 2,
        "memory_mib": 4096,
    }
    return Machine(**{**values, **changes})


def test_every_target_of_this_project_has_a_price() -> None:
    unknown = {name: price(Machine.of_target(find_target(name))).note for name in target_names()}
    assert not any(unknown.values()), f"Add these to include/price_table.yaml: {unknown}"


@pytest.mark.parametrize(
    ("changes", "usd"),
    [
        ({}, 0.08925),
        ({"spot": True}, 0.0363),
        ({"count": 4}, 0.357),
        ({"region": "eu-west-1"}, 0.09576),
        ({"region": None}, 0.08925),
        ({"backend": "local", "instance_type": None}, 0),
        ({"backend": "ecs", "instance_type": None}, 2 * 0.04048 + 4 * 0.004445),
        ({"backend": "ecs", "instance_type": "fargate", "spot": True}, 0.3 * (2 * 0.04048 + 4 * 0.004445)),
        ({"backend": "ecs", "instance_type": "c7i.large"}, 0.08925),
    ],
)
def test_the_price_is_that_of_type_region_number_and_market(changes: dict[str, Any], usd: float) -> None:
    found = price(machine(**changes))
    assert (found.usd_per_hour, found.note) == (pytest.approx(usd), "")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"instance_type": "c7i.larg"}, "has no instance type 'c7i.larg' in us-east-1; did you mean 'c7i.large'"),
        ({"region": "us-east-11"}, "has no region 'us-east-11'; did you mean 'us-east-1'"),
        ({"instance_type": "m7i.large", "spot": True}, "has no Spot price of m7i.large in us-east-1."),
        ({"instance_type": None}, "give its target in compute.yaml an instance_type"),
        ({"backend": None, "instance_type": None}, "cannot price a machine of no known type"),
        ({"backend": "ecs", "instance_type": None, "region": "eu-west-1"}, "has no prices of Fargate in eu-west-1."),
    ],
)
def test_what_is_not_in_the_table_is_unknown_and_says_why(changes: dict[str, Any], why: str) -> None:
    found = price(machine(**changes))
    assert found.usd_per_hour is None
    assert found.note.startswith("The price is unknown: price_table.yaml ")
    assert why in found.note


def test_on_demand_is_known_though_spot_is_not() -> None:
    assert price(machine(instance_type="m7i.large", spot=True)).on_demand_usd_per_hour == 0.1008


def test_spot_is_cheaper_and_every_gpu_has_its_watts() -> None:
    table = price_table()
    for region in table.regions.values():
        for name, instance in region.instances.items():
            assert (instance.spot_usd_per_hour or 0) < instance.usd_per_hour, name
            assert (instance.gpus > 0) == (instance.gpu is not None), name
            assert instance.gpu is None or instance.gpu in table.energy.gpu_watts, name


def test_a_type_is_known_by_the_regions_that_list_it() -> None:
    found = instance_of(machine(instance_type="g5.12xlarge"))
    assert found is not None
    assert (found.gpus, found.gpu) == (4, "A10G")
    assert instance_of(machine(instance_type=None)) is None


def test_a_wrong_table_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = price_table_path()
    (tmp_path / "include").mkdir()
    monkeypatch.setenv("DRIFTGATE_PROJECT", str(tmp_path))
    with pytest.raises(ConfigError, match=r"price_table\.yaml does not exist; create it"):
        price(machine())
    file = tmp_path / "include" / "price_table.yaml"
    shutil.copy(real, file)
    file.write_text(file.read_text().replace("usd_per_hour: 0.08925", "usd_per_hour: -1"))
    with pytest.raises(ConfigError, match=r"key 'regions\.us-east-1\.instances\.c7i\.large\.usd_per_hour'"):
        price(machine())
