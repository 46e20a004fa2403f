"""Every contract has a class that goes together with it; the file of classes is checked like any other."""

import pytest

from driftgate.errors import ConfigError
from driftgate.governance.data_classes import data_classes, lint_classes
from driftgate.governance.rules import retention_rules

CLASSES = "include/governance/data_classes.yaml"
CONTRACT = "data_contracts/rides.yaml"


def test_the_shipped_contracts_go_together_with_their_classes():
    assert lint_classes() == []


def test_nothing_that_the_shipped_sample_brings_ends_within_a_year():
    days = [rule.days for rule in retention_rules() if rule.prefix.startswith(("raw", "validated", "profiles"))]
    assert days
    assert all(count is None or count > 365 for count in days)


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        (CONTRACT, "value: customers", "value: customer", "did you mean 'customers'"),
        (CONTRACT, "value: 90, unit: d", "value: 900, unit: d", "the class 'customers' allows 730"),
        (CONTRACT, "value: customers", "value: operations", "passenger is personal data"),
        (
            CLASSES,
            "zones: {raw: 90, quarantine: 90}",
            "transitions: [{after_days: 30, storage_class: ONEZONE_IA}]",
            "may be lost",
        ),
    ],
    ids=["unknown class", "too long", "not for persons", "one zone only"],
)
def test_what_does_not_go_together_is_a_sentence(project, change, file, old, new, sentence):
    change(file, old, new)
    (problem,) = lint_classes()
    assert sentence in problem
    assert problem.startswith("data_contracts/rides.yaml")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("name: customers", "nam: customers", "unknown key 'classes.2.nam'; did you mean 'name'"),
        ("after_days: 180", "after_days: 3", "greater than or equal to 30"),
        ("STANDARD_IA", "STANDARDIA", "did you mean 'STANDARD_IA'"),
        ("retention_days: 400", "retention_days: 0", "greater than 0"),
        ("captures:", "captchas:", "captchas"),
        (
            "transitions: [{after_days: 180, storage_class: STANDARD_IA}]",
            "transitions: [{after_days: 90, storage_class: STANDARD_IA}, {after_days: 60, storage_class: GLACIER}]",
            "must rise",
        ),
    ],
)
def test_a_wrong_file_of_classes_is_a_sentence(project, change, old, new, sentence):
    change(CLASSES, old, new)
    with pytest.raises(ConfigError, match=r"data_classes\.yaml") as refused:
        data_classes()
    assert sentence in str(refused.value)
