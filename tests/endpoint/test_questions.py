"""Parsing a body: what is wrong is named, and nothing but a refusal ever comes out."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from driftgate.endpoint.questions import open_envelope, parse_question
from driftgate.endpoint.refusals import Refused

ROWS = '"rows": [{"carrier": "UA"}]'


def refusal(body: bytes | str, max_rows: int = 3) -> Refused:
    with pytest.raises(Refused) as caught:
        parse_question(body if isinstance(body, bytes) else body.encode(), max_rows=max_rows)
    return caught.value


def test_a_question_is_its_use_case_and_its_rows():
    question = parse_question(b'{"rows": [{"a": 1, "b": null}, {}], "use_case": "x"}', max_rows=3)

    assert (question.use_case, question.rows) == ("x", [{"a": 1, "b": None}, {}])


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("", "The body is not JSON (Expecting value, line 1, column 1); mend it there."),
        ('{"use_case": "x",\n "rows": [}', "The body is not JSON (Expecting value, line 2, column 11); mend it there."),
        (b'{"use_case": "\xff"}', "The body is not UTF-8: byte 14 cannot be read; send JSON in UTF-8."),
        ("\ufeff{}", "The body is not JSON (Expecting value, line 1, column 1); mend it there."),
        ("[]", "The body must be a JSON object with the keys 'use_case' and 'rows', not a list."),
        ("3", "The body must be a JSON object with the keys 'use_case' and 'rows', not a number."),
        ("null", "The body must be a JSON object with the keys 'use_case' and 'rows', not null."),
        ("{}", "The body lacks 'use_case' and 'rows'; send a JSON object"),
        ('{"use_case": "x"}', "The body lacks 'rows'; send a JSON object with 'use_case' and 'rows'."),
        ('{"use_case": "x", "row": []}', "The body has an unknown key 'row'; did you mean 'rows'?"),
        (f'{{"use_case": true, {ROWS}}}', "'use_case' must be the name of a use case, not true or false."),
        ('{"use_case": "x", "rows": {}}', "'rows' must be a list of JSON objects, not an object."),
        ('{"use_case": "x", "rows": []}', "'rows' is empty; send at least one row."),
        ('{"use_case": "x", "rows": [{}, "UA"]}', "Row 1 must be a JSON object, not a string."),
        (f'{{"use_case": "x", "use_case": "y", {ROWS}}}', "The body has the key 'use_case' twice in one object"),
        (
            '{"use_case": "x", "rows": [{"a": 1, "a": 1}]}',
            "The body has the key 'a' twice in one object; send it once.",
        ),
        ('{"use_case": "x", "rows": [{"a": NaN}]}', "The body holds NaN, which is not JSON; send null"),
        ('{"use_case": "x", "rows": [{"a": -Infinity}]}', "The body holds -Infinity, which is not JSON"),
        (f'{{"use_case": "x", "rows": [{{"a": {"9" * 5000}}}]}}', "a whole number of thousands of digits"),
        ("[" * 100_000, "The body is nested too deeply; a row holds plain values only."),
        ('{"a":' * 100_000, "The body is nested too deeply"),
    ],
)
def test_what_is_wrong_is_named(body, sentence):
    problem = refusal(body)

    assert problem.status == 400
    assert sentence in str(problem)


def test_too_many_rows_are_refused_with_the_limit():
    problem = refusal(json.dumps({"use_case": "x", "rows": [{}] * 4}))

    assert (problem.status, str(problem)) == (413, "The request has 4 rows, more than the 3 of one request; split it.")


def test_a_sentence_stays_short_however_long_the_mistake():
    assert len(str(refusal(json.dumps({"k" * 100_000: 1})))) < 300


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries({}, optional={"use_case": JSON, "rows": st.lists(JSON, max_size=4), "more": JSON})


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | (JSON | NEARLY).map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_question_or_a_refusal(body):
    try:
        question = parse_question(body, max_rows=3)
    except Refused as problem:
        assert problem.status in (400, 413)
    else:
        assert question.rows


def test_an_envelope_is_opened_and_its_rows_are_left_as_they_are():
    assert open_envelope(b'{"rows": [{"a": 1, "b": "x"}, {}],\n "use_case": "x"}') == ("x", b'[{"a": 1, "b": "x"}, {}]')


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | (JSON | NEARLY).map(lambda value: json.dumps(value, ensure_ascii=False)))
def test_an_envelope_that_opens_is_one_whose_use_case_the_slow_way_reads_too(body):
    body = body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")
    if (opened := open_envelope(body)) is not None and opened[1].startswith(b"[{"):
        try:
            question = parse_question(body, max_rows=3)
        except Refused:  # of the rows, which nobody decoded yet
            return
        assert (question.use_case, question.rows) == (opened[0], json.loads(opened[1]))


@pytest.mark.parametrize(
    "body",
    [
        '{"use_case": "x", "use_case": "y", "rows": []}',
        '{"use_case": "x", "rows": [], "rows": [{}]}',
        '{"use_case": "x", "rows": [], "more": 1}',
        '{"use_case": "x"}',
        '{"use_case": "\\u0078", "rows": []}',
        '{"use_case": 7, "rows": []}',
        '{"use_case": "x", "rows": ' + "[" * 100_000,
        "[]",
        "",
    ],
)
def test_an_envelope_that_is_not_certainly_right_stays_closed(body):
    assert open_envelope(body.encode()) is None
