"""The package's CSV files, in our words."""

import pyarrow.compute as pc

from driftgate.sources import nycflights


def test_missing_numbers_and_names_are_null():
    flights = nycflights.flights()

    assert flights["tail_number"].null_count == 2_512
    assert flights["arr_delay_minutes"].null_count == flights["air_time_minutes"].null_count == 9_430
    assert flights["scheduled_departure"].null_count == 0


def test_every_flight_has_its_own_key_and_the_repeated_hour_of_autumn_has_not():
    flights, weather = nycflights.flights(), nycflights.weather()
    keys = flights.group_by(["carrier", "flight", "origin", "scheduled_departure"]).aggregate([])
    hours = weather.group_by(["origin", "observed_at"]).aggregate([])

    assert keys.num_rows == flights.num_rows
    assert weather.num_rows - hours.num_rows == 3


def test_the_errors_of_the_real_data_are_left_in_it():
    assert 1048 < pc.max(nycflights.weather()["wind_speed_mph"]).as_py() < 1049


def test_about_one_flight_in_six_has_an_aircraft_that_the_registry_does_not_know():
    flown = nycflights.flights()["tail_number"].drop_null()
    unknown = pc.invert(pc.is_in(flown, value_set=nycflights.planes()["tail_number"].combine_chunks()))

    assert pc.count_distinct(flown.filter(unknown)).as_py() == 721
    assert 0.14 < pc.mean(unknown).as_py() < 0.18
