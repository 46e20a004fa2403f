"""Whose tasks make a page, by its path: whoever may see those may read it."""

import pytest

from driftgate import uris
from driftgate_airflow.ui.access import maker

from .conftest import KEY


@pytest.mark.parametrize(
    ("path", "dag"),
    [
        (uris.validation_report("flights", KEY, "html"), "nycflights.ingest"),
        (uris.profile("weather", KEY, "html"), "nycflights.ingest"),
        (uris.evaluation_report("flight_delays", "1"), "flight_delays.retrain"),
        (uris.monitoring_report("flight_delays", KEY, "data"), "flight_delays.monitor"),
        (uris.night_page("flight_delays", KEY), "flight_delays.monitor"),
        (uris.nights_page("flight_delays"), "flight_delays.monitor"),
        (uris.calibration_report("flight_delays", "2", "html"), "flight_delays.monitor"),
        (uris.retraining("flight_delays", KEY), "flight_delays.retrain"),
        (uris.model_status(), None),
        (uris.promotion_report("flight_delays", "2", "shadow"), "flight_delays.promote"),
        (uris.promotion_page("flight_delays", "2"), "flight_delays.promote"),
        (uris.model_page("flight_delays", "2"), "flight_delays.retrain"),
        (uris.catalog(), None),
        (uris.profile("gone", KEY, "html"), None),
        ("reports/validation/flights.html", None),
        ("reports/flights.html", None),
        ("profiles/flights.html", None),
    ],
)
def test_a_page_belongs_to_the_dag_that_makes_it(path, dag):
    assert maker(path) == dag
