"""From a load test to a number of machines, and what the scaling of the use case makes of three kinds of days."""

import json
from math import ceil

from driftgate import uris
from driftgate.captures import capture_days, read_captures
from driftgate.errors import CannotJudge
from driftgate.lake import lake
from driftgate.records import Record
from driftgate.registry import champion, load_signature
from driftgate.sizing.load_test import LoadStep
from driftgate.sizing.scaling import Simulation, simulate
from driftgate.use_cases import UseCase

HEADROOM = 0.6  # of what one machine took at best: the rest is for a machine that goes, and for uneven routing
FEWEST = 2  # machines, in two zones
MAX_REQUESTS = 500


class Sizing(Record):
    """The file ``reports/sizing/<use case>.json``. ``per_machine`` is the most that met the limits: requests a second.

    ``scenarios`` are what ``scaling`` makes of a steady day, a spike to the peak, and an idle night after it.
    """

    schema_version: int = 1
    use_case: str
    model_version: str
    peak_per_second: float
    max_latency_p95_ms: float
    steps: tuple[LoadStep, ...]
    per_machine: float
    machines: int
    scenarios: dict[str, Simulation]


def sampled_requests(use_case: UseCase) -> list[bytes]:
    """Return the bodies of the newest captured requests of the champion, one row each.

    :raises CannotJudge: no champion serves, or nothing was captured yet
    """
    serving, days = champion(use_case.name), capture_days(use_case.name)
    if serving is None or not days:
        raise CannotJudge(f"{use_case.name} has no champion with captured requests yet; let it answer some first.")
    names = [column.name for column in load_signature(use_case.name, serving.version).request.columns]
    captured = read_captures(use_case.name, days[-1]).column("features").to_pylist()[-MAX_REQUESTS:]
    rows = (json.loads(text) for text in captured)
    return [json.dumps({"rows": [{name: row.get(name) for name in names}]}).encode() for row in rows]


def size(use_case: UseCase, steps: tuple[LoadStep, ...], *, peak_per_second: float) -> Sizing:
    """Return how many machines meet the peak, and keep the report.

    :raises CannotJudge: no champion serves, or no step was answered without errors within the latency of the guardrail
    """
    serving, limit = champion(use_case.name), use_case.promote.guardrails.max_latency_p95_ms
    good = [step.per_second for step in steps if not step.errors and step.p95_ms is not None and step.p95_ms <= limit]
    if serving is None or not good:
        raise CannotJudge(
            f"No step of the load test of {use_case.name} was answered without errors within {limit:g} ms (95th "
            "percentile), so nothing can be recommended; use fewer connections or a larger machine."
        )
    found = Sizing(
        use_case=use_case.name,
        model_version=serving.version,
        peak_per_second=peak_per_second,
        max_latency_p95_ms=limit,
        steps=steps,
        per_machine=max(good),
        machines=max(FEWEST, ceil(peak_per_second / (HEADROOM * max(good)))),
        scenarios=_scenarios(use_case, max(good), peak_per_second),
    )
    lake().write(uris.sizing(use_case.name), found.canonical())
    return found


def _scenarios(use_case: UseCase, per_machine: float, peak_per_second: float) -> dict[str, Simulation]:
    scaling, peak = use_case.scaling, 60 * peak_per_second
    if scaling is None or scaling.metric != "InvocationsPerInstance":
        return {}
    traces = {
        "steady": [peak / 2] * 240,
        "spike": [peak / 4] * 60 + [peak] * 60 + [peak / 4] * 120,
        "idle": [peak] * 60 + [0.0] * 240,
    }
    return {
        name: simulate(
            trace,
            least=scaling.min,
            most=scaling.max,
            target=scaling.target,
            out_cooldown_s=scaling.scale_out_cooldown_s,
            in_cooldown_s=scaling.scale_in_cooldown_s,
            capacity=60 * per_machine,
        )
        for name, trace in traces.items()
    }
