"""The hash that spreads requests over variants."""

from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.endpoint.routing import BUCKETS, bucket_of


def test_the_bucket_of_a_key_never_changes():
    """Golden: a change of the hash would move every caller to another variant in the middle of a canary."""
    key = '{"carrier": "UA", "flight": 1545, "origin": "EWR", "scheduled_departure": "2013-03-14T05:15:00"}'

    assert bucket_of("flight_delays", key) == 2928


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=20), st.integers(1, 99))
def test_a_share_of_the_buckets_is_that_share_of_the_requests(use_case, percent):
    count = 4000
    below = sum(bucket_of(use_case, f'{{"flight": {number}}}') < percent * BUCKETS // 100 for number in range(count))
    deviation = (count * percent / 100 * (1 - percent / 100)) ** 0.5

    assert abs(below - count * percent / 100) < 5 * deviation


@given(st.text())
def test_every_key_has_a_bucket(key):
    assert 0 <= bucket_of("flight_delays", key) < BUCKETS


def test_two_use_cases_send_the_same_key_to_different_buckets():
    keys = [f'{{"id": {number}}}' for number in range(50)]

    assert [bucket_of("a", key) for key in keys] != [bucket_of("b", key) for key in keys]
