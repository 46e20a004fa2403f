"""Energy is an estimate that names its method, or unknown."""

from collections.abc import Callable

import pytest

from driftgate.compute import Attempt
from driftgate.ledger.energy import energy

MakeAttempt = Callable[..., Attempt]
HOST = (4 * 0.74 + 4 * 0.392) / 1000  # kWh in an hour: four idle vCPUs, four GiB


@pytest.fixture
def on_gpu(attempt: MakeAttempt) -> MakeAttempt:
    given = {"instance_type": "g4dn.xlarge", "cores": 4, "cpu_seconds": 0, "gpus": 1, "gpu_seconds": 1800}
    return lambda **changes: attempt(**{**given, **changes})


def test_a_busy_core_takes_more_than_an_idle_one_and_a_data_centre_more_than_a_laptop(attempt: MakeAttempt) -> None:
    idle, busy = (energy(attempt(cpu_seconds=seconds)).kwh for seconds in (0, 7200))
    assert idle is not None
    assert busy is not None
    assert busy - idle == pytest.approx(2 * 2.76 / 1000 * 1.135, abs=1e-6)
    local = energy(attempt(cpu_seconds=0, backend="local")).kwh
    assert local == pytest.approx(idle / 1.135, abs=2e-6)


def test_a_gpu_takes_its_share_of_its_design_power(on_gpu: MakeAttempt) -> None:
    assert energy(on_gpu()).kwh == pytest.approx((HOST + 0.5 * 0.070) * 1.135, abs=1e-6)


def test_what_the_gpu_counted_itself_comes_first(on_gpu: MakeAttempt) -> None:
    assert energy(on_gpu(gpu_kwh=0.042)).kwh == pytest.approx((HOST + 0.042) * 1.135, abs=1e-6)


def test_several_machines_take_as_much_as_the_first_each(attempt: MakeAttempt) -> None:
    one, four = (energy(attempt(instance_count=count)).kwh for count in (1, 4))
    assert one is not None
    assert four == pytest.approx(4 * one, abs=4e-6)


@pytest.mark.parametrize("changes", [{"instance_type": "p9.huge"}, {"gpu_seconds": None}])
def test_a_gpu_that_nobody_knows_makes_the_energy_unknown(on_gpu: MakeAttempt, changes: dict[str, object]) -> None:
    found = energy(on_gpu(**changes))
    assert (found.kwh, found.method, found.kg_co2e) == (None, None, None)


def test_a_grid_that_is_not_listed_gives_no_emissions(attempt: MakeAttempt) -> None:
    found = energy(attempt(region="ap-south-1"))
    assert found.kwh is not None
    assert found.kg_co2e is None
