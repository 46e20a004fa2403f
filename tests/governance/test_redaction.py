"""What names a person is masked in a text; what an operator needs to read stays."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from driftgate.contracts import load_contract
from driftgate.governance.redaction import declared_forms, redactor

PATTERN = """
        classification: pii
        quality:
          - {id: form, metric: invalidValues, arguments: {pattern: "PATTERN"}, mustBe: 0, severity: warn}
"""


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("sent to anna.b+x@example.co.uk today", "sent to *** today"),
        ("called +49 (30) 1234-5678.", "called ***."),
        ("paid with 4111 1111 1111 1111", "paid with ***"),
        ("to DE89 3704 0044 0532 0130 00", "to ***"),
        ("ssn 078-05-1120", "ssn ***"),
        ("two: a@example.com, b@example.com", "two: ***, ***"),
        ("{'note': 'a@example.com'}", "{'note': '***'}"),
    ],
)
def test_what_has_the_form_of_a_personal_value_is_masked(project: object, text: str, masked: str) -> None:
    assert redactor()(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "2 partitions done",
        "rides 2013-04-01: {'rows_in': 1234567, 'validated': 1234567, 'quarantined': 0}",
        "read /tmp/driftgate/lake/validated/rides/2013-04-01/_manifest.json in 0.1234567891 s",
        "sha256 0f343b0931126a20f133d67c2b018a3b1d1b0c1c9d1e1f2021222324252627ff",
        "2026-11-25T14:35:49.398289Z run scheduled__2013-04-01T00:00:00+00:00",
        "auc 0.7123456, log loss 0.0512345678, threshold -0.0123456789",
        "card 4111 1111 1111 1112 has no valid check digit",
    ],
)
def test_what_an_operator_needs_to_read_stays(project: object, text: str) -> None:
    assert redactor()(text) == text


def with_pattern(change: Callable[..., None], pattern: str) -> None:
    change(
        "data_contracts/rides.yaml",
        "\n        classification: pii\n",
        PATTERN.replace("PATTERN", pattern),
    )


def test_what_a_contract_gives_a_pattern_for_is_masked(project: object, change: Callable[..., None]) -> None:
    with_pattern(change, "^P-[0-9]{4}$")
    assert redactor()("passenger P-1234 and P-12345, SP-1234") == "passenger *** and P-12345, SP-1234"


@pytest.mark.parametrize("pattern", ["[a-z]+", ".*", "[0-9-]+", "rides"])
def test_a_pattern_that_fits_ordinary_words_would_hide_the_log(
    project: object, change: Callable[..., None], pattern: str
) -> None:
    with_pattern(change, pattern)
    assert list(declared_forms([load_contract("rides")])) == []


def test_the_pattern_of_a_public_column_hides_nothing(project: object, change: Callable[..., None]) -> None:
    with_pattern(change, "P-[0-9]{4}")
    change("data_contracts/rides.yaml", "classification: pii", "classification: internal")
    change("data_contracts/rides.yaml", "          - {property: purpose, value: to count rides}\n", "")
    assert list(declared_forms([load_contract("rides")])) == []


def test_a_contract_that_cannot_be_read_stops_no_log(project: object, change: Callable[..., None]) -> None:
    change("data_contracts/rides.yaml", "version: 1.0.0", "version: one")
    assert redactor()("a@example.com") == "***"


@given(st.emails(), st.text(alphabet=" \n,;:()[]{}'\"", min_size=1, max_size=5))
def test_no_plain_address_gets_through(address: str, around: str) -> None:
    name = address.partition("@")[0]
    if name.replace(".", "").isalnum() and address.isascii():
        assert address not in redactor()(f"{around}{address}{around}")
