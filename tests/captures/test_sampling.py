"""The sample of request keys."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.captures import read_captures, write_captures
from driftgate.captures.sampling import in_sample, sampled_share, thinned
from driftgate.endpoint.routing import bucket_of

NAME, DAY = "flight_delays", "2013-04-02"
KEYS = [f'{{"flight": {number}}}' for number in range(20_000)]


@given(st.text(max_size=20), st.floats(0.001, 1), st.floats(0.001, 1))
def test_a_key_in_a_sample_is_in_every_larger_one_and_all_are_in_the_whole(key, one, other):
    small, large = sorted((one, other))
    assert in_sample(NAME, key, small) <= in_sample(NAME, key, large) <= in_sample(NAME, key, 1.0)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_sample_has_its_share_of_the_keys(share):
    spread = (share * (1 - share) / len(KEYS)) ** 0.5
    assert sum(in_sample(NAME, key, share) for key in KEYS) / len(KEYS) == pytest.approx(share, abs=4 * spread)


def test_the_sample_is_no_matter_of_which_variant_answers():
    """With one hash for both, a sample of a tenth would have the canary's requests and nobody else's."""
    of_canary = [key for key in KEYS if bucket_of(NAME, key) < 1000]
    assert sum(in_sample(NAME, key, 0.1) for key in of_canary) / len(of_canary) == pytest.approx(0.1, abs=0.03)


def test_a_day_with_two_shares_is_thinned_to_the_smaller_one(capture):
    whole = [capture(n, request_key=key) for n, key in enumerate(KEYS[:400])]
    tenth = [
        capture(400 + n, request_key=key, share=0.1) for n, key in enumerate(KEYS[400:800]) if in_sample(NAME, key, 0.1)
    ]
    write_captures([*whole, *tenth])
    found = thinned(NAME, read_captures(NAME, DAY))

    assert sampled_share(read_captures(NAME, DAY)) == 0.1
    assert set(found.column("request_key").to_pylist()) == {key for key in KEYS[:800] if in_sample(NAME, key, 0.1)}


def test_captures_that_say_no_share_are_whole(capture):
    write_captures([capture(1)])
    table = read_captures(NAME, DAY)
    without = table.set_column(table.schema.get_field_index("share"), "share", [[None]])

    assert (sampled_share(without.cast(table.schema)), sampled_share(table.slice(0, 0))) == (1.0, 1.0)
    assert thinned(NAME, table) is table
