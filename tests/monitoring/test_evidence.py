"""Evidence is written as it is read, and a monitor that did not run wrote none."""

import pytest

from driftgate.errors import ConfigError
from driftgate.lake import lake
from driftgate.monitoring import Evidence, Statistic
from driftgate.monitoring.evidence import insufficient, read_evidence, write_evidence

GOLDEN = (
    '{"carried":{},"champion":"1","examples":[],"features":["origin"],"interval":[0.1,0.4],"key":"2013-04-01","monitor":"data",'
    '"revision":1,"sample_size":970,"schema_version":1,'
    '"sentence":"One feature moved.","severity":null,"statistic":"psi(origin)",'
    '"statistics":[{"feature":"origin",'
    '"interval":null,"metric_impl_version":null,"name":"psi","reference":null,"threshold":0.25,"value":0.3}],"threshold":0.25,'
    '"use_case":"flight_delays","value":0.3,"verdict":"drift"}'
)


def example() -> Evidence:
    return Evidence(
        use_case="flight_delays",
        key="2013-04-01",
        monitor="data",
        champion="1",
        statistic="psi(origin)",
        value=0.3,
        interval=(0.1, 0.4),
        threshold=0.25,
        sample_size=970,
        features=("origin",),
        verdict="drift",
        sentence="One feature moved.",
        statistics=(Statistic(name="psi", value=0.3, feature="origin", threshold=0.25),),
    )


def test_the_golden_evidence_is_written_and_read_unchanged() -> None:
    assert example().canonical().decode() == GOLDEN
    assert Evidence.model_validate_json(GOLDEN) == example()


def test_what_was_written_is_read() -> None:
    write_evidence(example())
    assert read_evidence("flight_delays", "2013-04-01", "data") == example()


def test_a_monitor_that_did_not_run_wrote_nothing() -> None:
    write_evidence(example())
    assert read_evidence("flight_delays", "2013-04-01", "performance") is None
    assert read_evidence("flight_delays", "2013-04-02", "data") is None


def test_insufficient_evidence_decides_nothing_and_says_why() -> None:
    found = insufficient("flight_delays", "2013-04-01", "data", "Too little.", champion="1", sample_size=3)
    assert (found.verdict, found.value, found.threshold, found.sample_size) == ("insufficient", None, None, 3)
    assert found.sentence == "Too little."


def test_a_file_of_another_shape_is_a_sentence() -> None:
    lake().write("reports/monitoring/flight_delays/2013-04-01/data.json", b'{"verdict": "fine"}')
    with pytest.raises(ConfigError, match=r"data.json: .*key 'use_case' is missing"):
        read_evidence("flight_delays", "2013-04-01", "data")
