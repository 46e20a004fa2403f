"""What follows from a contract, as plain data: everything that is generated from it, in one look."""

from typing import Any

from driftgate.contracts.contract import Contract
from driftgate.contracts.schema import arrow_schema, published_schema
from driftgate.contracts.suite import expectation_suite
from driftgate.contracts.words import in_words


def rendered(contract: Contract) -> dict[str, Any]:
    """Return the delivered and the published schema, the columns of a request, the rules in words, and the suite."""
    published = published_schema(contract)
    return {
        "contract": contract.label,
        "delivered": {field.name: str(field.type) for field in arrow_schema(contract)},
        "published": {field.name: str(field.type) for field in published},
        "request": [name for name in published.names if name not in contract.outcomes],
        "rules": {rule.id: in_words(rule) for rule in contract.rules},
        "suite": expectation_suite(contract).to_json_dict(),
    }
