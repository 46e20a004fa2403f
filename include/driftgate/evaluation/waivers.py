"""A gate that failed and that a person answers for. The failure stays in the report, with the name of that person."""

from datetime import date

from driftgate.errors import ConfigError, nearest
from driftgate.evaluation.report import GateResult
from driftgate.use_cases import UseCase


def waived(use_case: UseCase, dataset_version: str, gates: tuple[GateResult, ...]) -> tuple[GateResult, ...]:
    """Return the gates, with ``waived`` for each failure that somebody answers for on the day of the dataset version.

    :raises ConfigError: a waiver is of a gate that this use case does not have
    """
    names = [gate.gate for gate in gates]
    by_gate = {waiver.gate: waiver for waiver in use_case.gates.waivers}
    for name in by_gate:
        if name not in names:
            raise ConfigError(
                f"{use_case.folder / 'use_case.yaml'}: key 'gates.waivers' waives {name!r}, a gate that "
                f"{use_case.name} does not have{nearest(name, names)}"
            )
    day = date.fromisoformat(dataset_version.rpartition("/")[2][: len("2013-03-31")])
    return tuple(_waived(gate, use_case, day) for gate in gates)


def _waived(gate: GateResult, use_case: UseCase, day: date) -> GateResult:
    waiver = next((one for one in use_case.gates.waivers if one.gate == gate.gate and day <= one.until), None)
    if gate.verdict != "fail" or waiver is None:
        return gate
    sentence = f"{gate.sentence} {waiver.approver} answers for it until {waiver.until}: {waiver.reason}"
    return gate.model_copy(update={"verdict": "waived", "waiver": waiver, "sentence": sentence})
