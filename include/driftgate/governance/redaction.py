"""What names a person is taken out of a text that goes to a log.

Known by its form (:mod:`driftgate.governance.forms`), or by the pattern that a contract gives for a column of personal
data. A net below the rule that no such value is logged at all: a name or an address has no form and is not caught.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from driftgate.contracts import Contract, contract_names, load_contract
from driftgate.contracts.evidence import MASKED
from driftgate.errors import DriftgateError
from driftgate.governance.forms import FORMS, Form
from driftgate.settings import project_root

# A pattern that fits one of these fits half of every log, and hides what an operator needs to read.
ORDINARY = (
    "partition",
    "validated",
    "Partition",
    "OK",
    "ab",
    "x",
    "7",
    "42",
    "2013",
    "0.25",
    "2013-04-01",
    "1,234",
    "",
)


def redactor() -> Callable[[str], str]:
    """Return what takes personal values out of a text; patterns are compiled once per process and project."""
    return _redactor(str(project_root()))


@cache
def _redactor(_: str) -> Callable[[str], str]:
    forms = (*FORMS.values(), *declared_forms(_contracts()))

    def redacted(text: str) -> str:
        for form in forms:
            text = form.replaced(text, MASKED)
        return text

    return redacted


def declared_forms(contracts: Iterable[Contract]) -> Iterator[Form]:
    """Yield the forms of the columns of personal data that have a pattern; one that fits ordinary words is left out."""
    for contract in contracts:
        for rule in contract.rules:
            if rule.pattern is None or not set(rule.columns) & contract.masked:
                continue
            try:
                whole = re.compile(rule.pattern)
                form = Form(re.compile(rf"(?<!\w)(?:{rule.pattern.removeprefix('^').removesuffix('$')})(?!\w)"))
            except re.error:  # the contract's own check says so, in RE2's syntax
                continue
            if not any(whole.fullmatch(word) for word in (*ORDINARY, contract.name)):
                yield form


def _contracts() -> Iterator[Contract]:
    for name in contract_names():
        try:
            yield load_contract(name)
        except DriftgateError:  # the task that needs it says so
            continue
