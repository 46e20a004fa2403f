"""Every path of the lake is written in one place, and no two kinds of thing share one."""

from driftgate import uris

KEY = "2013-04-01"
PATHS = {
    uris.partition("raw", "flights", KEY): "raw/flights/2013-04-01",
    uris.partition("validated", "flights", KEY): "validated/flights/2013-04-01",
    uris.partition("quarantine", "flights", KEY): "quarantine/flights/2013-04-01",
    uris.profile("flights", KEY): "profiles/flights/2013-04-01.json",
    uris.validation_report("flights", KEY): "reports/validation/flights/2013-04-01.json",
    uris.validation_report("flights", KEY, "html"): "reports/validation/flights/2013-04-01.html",
    uris.evaluation_report("flight_delays", "ab12"): "reports/evaluation/flight_delays/ab12.json",
    uris.monitoring_report("flight_delays", KEY, "data"): "reports/monitoring/flight_delays/2013-04-01/data.json",
    uris.joined("flight_delays", KEY): "reports/monitoring/flight_delays/2013-04-01/joined",
    uris.promotion_report("flight_delays", "3", "canary_25"): "reports/promotion/flight_delays/3/canary_25.json",
    uris.captures("flight_delays", KEY): "captures/flight_delays/2013-04-01",
    uris.review_queue("flight_delays", KEY): "reviews/flight_delays/2013-04-01/queue.json",
    uris.reviewed_labels("flight_delays"): "reviews/flight_delays/labels",
    uris.package("flight_delays", "3"): "models/flight_delays/3",
    uris.job("job-1"): "jobs/job-1",
    uris.lineage("flight_delays"): "lineage/flight_delays",
    uris.delivery("nycflights", "flights", f"{KEY}.parquet"): "source/nycflights/flights/2013-04-01.parquet",
}


def test_the_paths_are_those_of_the_house_plan() -> None:
    assert list(PATHS) == list(PATHS.values())
    assert len(PATHS) == 17


def test_no_path_lies_inside_another() -> None:
    assert not [(one, other) for one in PATHS for other in PATHS if one != other and one.startswith(f"{other}/")]
