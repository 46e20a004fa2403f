"""Rules that make no sense are refused when the contract is read, not when the night's data are judged."""

import pytest

from driftgate.contracts import lint_contract, load_contract

RANGE = "arguments: {minimum: 0, maximum: 500}, mustBe: 0, severity: row"
VOLUME = "metric: rowCount, mustBeBetween: [2, 100], severity: critical"
SET = "arguments: {validValues: [north, south]}, mustBe: 0"
WRONG = {
    "no id": ("id: volume, ", "", "key 'schema.quality.None.id' is missing"),
    "an unknown metric": ("metric: rowCount", "metric: rowCounts", "'rowCounts'; did you mean 'rowCount'"),
    "a metric of another place": (
        "metric: nullValues",
        "metric: rowCount",
        "'rowCount'. Known: invalidValues, nullValues",
    ),
    "an unknown severity": (
        "severity: warn",
        "severity: error",
        "complete.severity' is 'error'. Known: critical, row, warn",
    ),
    "a number of rows that breaks rows": (VOLUME, VOLUME.replace("critical", "row"), "'row'. Known: critical, warn"),
    "a number of rows in percent": (
        VOLUME,
        f"{VOLUME}, unit: percent",
        "volume.unit' is 'percent'; a rowCount is in rows",
    ),
    "two bounds": (
        VOLUME,
        f"{VOLUME}, mustBe: 3",
        "needs exactly one of mustBe, mustBeBetween, mustBeGreaterOrEqualTo",
    ),
    "no bound": ("mustBeBetween: [2, 100], ", "", "mustBeLessOrEqualTo, found none"),
    "bounds in the wrong order": ("[2, 100]", "[100, 2]", "must be numbers, the smaller one first, found 100 and 2"),
    "another number than none": (
        "mustBe: 0, severity: row",
        "mustBe: 3, severity: row",
        "must say mustBe: 0, or mustBeLess",
    ),
    "a share without its unit": (", unit: percent, severity: warn", ", severity: warn", "with unit: percent"),
    "a share for rows": (
        "unit: percent, severity: warn",
        "unit: percent, severity: row",
        "allows no broken row: write mustBe: 0",
    ),
    "no argument": (
        "arguments: {minimum: 1}, ",
        "",
        "needs validValues, or pattern, or minimum and maximum, found none",
    ),
    "two arguments": ('pattern: ".+@.+"', 'pattern: ".+@.+", minimum: 1', "found ['pattern', 'range']"),
    "a range of texts": (
        "arguments: {validValues: [north, south]}",
        "arguments: {minimum: 1}",
        "only a column of numbers",
    ),
    "a range in the wrong order": (RANGE, RANGE.replace("500", "-5"), "the smaller one first, found 0 and -5"),
    "a bound that is no number": (
        "{minimum: 1}",
        "{minimum: one}",
        "must be numbers, the smaller one first, found 'one'",
    ),
    "a pattern of numbers": ("{minimum: 1}", "{pattern: x}", "must be a regular expression of a column of strings"),
    "a pattern that is none": ('".+@.+"', '"(.+"', "is no regular expression (missing ), unterminated subpattern"),
    "a pattern that opens what it does not close": ('".+@.+"', '"a)(b"', "is no regular expression (unbalanced paren"),
    "a pattern with a flag": ('".+@.+"', '"(?i)a"', "is no regular expression (global flags not at the start"),
    "a pattern with a group": ('".+@.+"', '"(a|b)c"', "write (?:…) instead of (…)"),
    "an argument of another metric": (
        "metric: nullValues",
        "metric: nullValues, arguments: {minimum: 1}",
        "means nothing to",
    ),
    "a bound without end": ("{minimum: 1}", "{minimum: -.inf}", "must be numbers, the smaller one first, found -inf"),
    "a bound that no float holds": ("{minimum: 1}", "{minimum: 9007199254740993}", "must be numbers"),
    "no valid value": (
        SET,
        SET.replace("[north, south]", "[]"),
        "must be a list of values of the column's type string",
    ),
    "values of another type": (SET, SET.replace("north", "3"), "column's type string, found [3, 'south']"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_rule_that_makes_no_sense_is_refused_in_a_sentence(what, project):
    old, new, telling = WRONG[what]
    path = project / "data_contracts" / "trips.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    (sentence,) = lint_contract(path)

    assert telling in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ("mustBe: 5", (5, 5)),
        ("mustBeBetween: [2, 100]", (2, 100)),
        ("mustBeGreaterOrEqualTo: 7", (7, None)),
        ("mustBeLessOrEqualTo: 9", (None, 9)),
    ],
)
def test_a_number_of_rows_is_bounded_from_below_above_or_both(bound, expected, project):
    path = project / "data_contracts" / "trips.yaml"
    path.write_text(path.read_text().replace("mustBeBetween: [2, 100]", bound))
    rule = next(rule for rule in load_contract("trips").rules if rule.id == "volume")

    assert (rule.minimum, rule.maximum) == expected
