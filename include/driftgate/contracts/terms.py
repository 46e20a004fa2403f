"""Reading the head of a contract: its name, its owner, and the terms on which the data may be used and kept."""

import re
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from driftgate.contracts.clauses import Clause, flag, needed, number, one_of, properties, text, whole
from driftgate.contracts.contract import Permissions
from driftgate.contracts.servers import read_server

if TYPE_CHECKING:
    from open_data_contract_standard.model import OpenDataContractStandard, ServiceLevelAgreementProperty

API_VERSIONS = ("v3.1.0", "v3.2.0")
CUSTOM = ("licence", "permissions", "dataClass", "recreatable", "synthetic", "maxQuarantinedPercent", "slices")
PERMISSIONS = ("mlUse", "legalBasis", "consentRef", "expires")
SLA = ("retention", "latency")
_DAY = {"d": 1, "day": 1, "days": 1}
_YEAR = {"y": 365, "yr": 365, "year": 365, "years": 365}
_HOUR = {"h": 1, "hour": 1, "hours": 1}
MOST_DAYS = 36_500
MOST_HOURS = 24 * 365


def _names(odcs: "OpenDataContractStandard", dataset: str) -> dict[str, Any]:
    one_of("apiVersion", odcs.apiVersion, API_VERSIONS)
    one_of("kind", odcs.kind, ("DataContract",))
    needed("id", odcs.id)
    one_of("name", odcs.name, (dataset,))
    version = needed("version", odcs.version)
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise Clause(
            f"key 'version' must be three numbers, as 1.0.0, for their steps mean something, found {version!r}"
        )
    return {"name": dataset, "version": version}


def _owner(odcs: "OpenDataContractStandard", _: str) -> dict[str, Any]:
    if odcs.team is None or isinstance(odcs.team, list):
        raise Clause(
            "key 'team.name' is missing; name the team that owns the data, as team: {name: network-operations}"
        )
    support = needed("support", odcs.support)
    return {"owner": needed("team.name", odcs.team.name), "contact": needed("support.0.url", support[0].url)}


def _purpose(odcs: "OpenDataContractStandard", _: str) -> dict[str, Any]:
    return {"purpose": needed("description.purpose", needed("description", odcs.description).purpose)}


def _terms(odcs: "OpenDataContractStandard", _: str) -> dict[str, Any]:
    custom, at = properties("customProperties", odcs.customProperties, CUSTOM), "customProperties"
    limit = custom.get("maxQuarantinedPercent")
    return {
        "licence": needed(f"{at}.licence", text(f"{at}.licence", custom.get("licence"))),
        "data_class": needed(f"{at}.dataClass", text(f"{at}.dataClass", custom.get("dataClass"))),
        "recreatable": flag(f"{at}.recreatable", custom.get("recreatable")),
        "synthetic": flag(f"{at}.synthetic", custom.get("synthetic")),
        "max_quarantined_percent": None if limit is None else number(f"{at}.maxQuarantinedPercent", limit, 0, 100),
        "slices": _slices(f"{at}.slices", custom.get("slices")),
        "permissions": _permissions(f"{at}.permissions", custom.get("permissions")),
    }


def _slices(at: str, names: Any) -> tuple[str, ...]:
    if names is not None and not (isinstance(names, list) and all(isinstance(name, str) for name in names)):
        raise Clause(f"key '{at}' must be a list of columns, found {names!r}")
    return tuple(names or ())


def _permissions(at: str, given: Any) -> Permissions:
    needed(at, given)
    if not isinstance(given, dict):
        raise Clause(f"key '{at}' must be a mapping, as {{mlUse: true, legalBasis: contract}}, found {given!r}")
    for name in given:
        one_of(at, str(name), PERMISSIONS)
    needed(f"{at}.mlUse", given.get("mlUse"))
    return Permissions(
        ml_use=flag(f"{at}.mlUse", given["mlUse"]),
        legal_basis=needed(f"{at}.legalBasis", text(f"{at}.legalBasis", given.get("legalBasis"))),
        consent_ref=text(f"{at}.consentRef", given.get("consentRef")),
        expires=_day(f"{at}.expires", given.get("expires")),
    )


def _day(key: str, value: Any) -> date | None:
    try:
        return None if value is None else date.fromisoformat(str(value))  # YAML reads a date as one, JSON as text
    except ValueError:
        raise Clause(f"key '{key}' must be a date, as 2030-01-01, found {value!r}") from None


def _promises(odcs: "OpenDataContractStandard", _: str) -> dict[str, Any]:
    properties("slaProperties", odcs.slaProperties, SLA)
    promised = {str(item.property): item for item in odcs.slaProperties or ()}
    retention = needed("slaProperties.retention", promised.get("retention"))
    latency = promised.get("latency")
    return {
        "retention_days": _amount(retention, _DAY | _YEAR, 1, MOST_DAYS),
        "latency_hours": _amount(latency, _HOUR | {name: 24 for name in _DAY}, 0, MOST_HOURS) if latency else 0,
    }


def _amount(item: "ServiceLevelAgreementProperty", units: dict[str, int], low: int, high: int) -> int:
    at = f"slaProperties.{item.property}"
    amount = whole(f"{at}.value", item.value, low, high)
    return whole(f"{at}.value", amount * units[one_of(f"{at}.unit", item.unit, units)], low, high)


HEAD: tuple[Callable[["OpenDataContractStandard", str], dict[str, Any]], ...] = (
    _names,
    _owner,
    _purpose,
    _terms,
    _promises,
    read_server,
)
"""What reads a part of the head: a function of the parsed file and the name of the dataset."""
