"""Three registered versions, of which the first one serves; and days of flights that two models were asked about."""

import json
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import md5
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from driftgate import uris
from driftgate.captures import Capture, write_captures
from driftgate.lake import lake, publish
from driftgate.promotion import (
    DeploymentState,
    GuardrailResult,
    Judgement,
    advance,
    deployment,
    start_shadow,
    switch_champion,
)
from driftgate.promotion.state import Role
from driftgate.promotion_policy import Shadow
from driftgate.registry.approval import admit
from driftgate.registry.tracking import claim_version
from driftgate.registry.versions import ModelVersion, PackageFile, find_model, record_registration, sign_pointer
from driftgate.use_cases import UseCase, load_use_case

NAME = "flight_delays"
BY = {"actor": "anna", "reason": "a test"}
DAY, NEXT = "2013-04-02", "2013-04-03"


@pytest.fixture
def use_case() -> UseCase:
    """The shipped use case with the guardrails that every use case has; 200 requests make a shadow."""
    shipped = load_use_case(NAME)
    left_out = dict.fromkeys(("max_prediction_shift", "max_cost_increase_usd", "max_alarm_rate_shift"))
    guardrails = shipped.promote.guardrails.model_copy(update=left_out)
    changes = {"shadow": Shadow(requests=200), "guardrails": guardrails}
    return shipped.model_copy(update={"promote": shipped.promote.model_copy(update=changes)})


@pytest.fixture(scope="session")
def serving_home(tmp_path_factory: pytest.TempPathFactory, leave_receipts: Callable[..., None]) -> Path:
    """A state folder with versions 1, 2 and 3, and 1 as champion. Made once: MLflow takes seconds for its tables."""
    home = tmp_path_factory.mktemp("serving")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DRIFTGATE_HOME", str(home))
        for job in ("a", "b", "c"):
            leave_receipts(find_model(NAME, register(job)), None if job == "a" else "1")
        switch_champion(load_use_case(NAME), "1", actor="test", reason="the first model")
    return home


@pytest.fixture
def serving(serving_home: Path, project_home: Path) -> DeploymentState:
    """Version 1 serves; 2 and 3 are registered."""
    shutil.copytree(serving_home, project_home, dirs_exist_ok=True)
    state = deployment(NAME)
    assert state is not None
    return state


@pytest.fixture
def earn(use_case: UseCase) -> Callable[[], None]:
    """Write the passed judgement of the step that the candidate is in."""

    def write() -> None:
        state = deployment(NAME)
        assert state is not None
        judgement = Judgement(
            use_case=NAME,
            version=str(state.candidate),
            champion=state.champion,
            step=state.step,
            deployment_revision=state.revision,
            outcomes={},
            requests=0,
            required=0,
            guardrails=(),
            passed=True,
            reason="a test",
        )
        lake().write(uris.promotion_report(NAME, judgement.version, state.step), judgement.canonical())

    return write


@pytest.fixture
def shadow(serving: DeploymentState, use_case: UseCase) -> DeploymentState:
    """Version 2 is the shadow of version 1."""
    return start_shadow(use_case, "2", **BY)


@pytest.fixture
def canary(shadow: DeploymentState, use_case: UseCase, earn: Callable[[], None]) -> DeploymentState:
    """Version 2 answers 5 % of the requests."""
    earn()
    return advance(use_case, "2", 5, actor="anna")


def register(job_id: str) -> str:
    """Register a version without a model in it."""
    version = claim_version(NAME, job_id, {}, {"auc": 0.7})
    model = ModelVersion(
        use_case=NAME,
        version=version,
        job_id=job_id,
        job_spec_sha256="0" * 64,
        dataset_version="flight_delays/2013-03-31-3f9c2a1",
        trainer="lightgbm",
        seed=7,
        parameters={},
        metrics={"auc": 0.7},
        files={"model.txt": PackageFile(bytes=0, sha256="0" * 64)},
    )
    lake().write(f"{model.folder}/package.json", model.canonical())
    sign_pointer(model.folder, model.canonical())
    record_registration(model)
    admit(load_use_case(NAME), model, actor="test")
    return version


@dataclass(frozen=True)
class Day:
    """A day of flights: how likely each one was to be late, and whether it was (None: cancelled)."""

    key: str
    chances: np.ndarray
    late: list[bool | None]

    def request_key(self, number: int) -> str:
        row = {"carrier": "UA", "flight": number, "origin": "EWR", "scheduled_departure": f"{self.key}T08:00:00"}
        return json.dumps(row, sort_keys=True)

    def publish_outcomes(self) -> None:
        rows = len(self.late)
        minutes = [None if late is None else 40 if late else 0 for late in self.late]
        table = pa.table(
            {
                "carrier": pa.array(["UA"] * rows),
                "flight": pa.array(range(rows), pa.int32()),
                "origin": pa.array(["EWR"] * rows),
                "scheduled_departure": pa.array(
                    [datetime.fromisoformat(f"{self.key}T08:00:00")] * rows, pa.timestamp("us")
                ),
                "arr_delay_minutes": pa.array(minutes, pa.int32()),
            }
        )
        publish(lake(), f"validated/flights/{self.key}", table)


Answer = Callable[[float], float | None]
"""What a model makes of a flight's chance to be late; None is an error."""


def well(chance: float) -> float:
    """The chance itself: nobody can answer better."""
    return chance


def overconfident(chance: float) -> float:
    """The same order of flights, and far too sure of it."""
    return float(np.clip((chance - 0.25) * 8 + 0.25, 0.001, 0.999))


def limited(use_case: UseCase, **limits: float) -> UseCase:
    """The use case with other guardrails."""
    guardrails = use_case.promote.guardrails.model_copy(update=limits)
    return use_case.model_copy(update={"promote": use_case.promote.model_copy(update={"guardrails": guardrails})})


def verdicts(judgement: Judgement) -> dict[str, str]:
    return {result.name: result.verdict for result in judgement.guardrails}


def result(judgement: Judgement, name: str) -> GuardrailResult:
    return next(result for result in judgement.guardrails if result.name == name)


class Traffic:
    """What models were asked on a day, and what they said."""

    def day(self, key: str, flights: int, cancelled: int = 0) -> Day:
        """Return a day whose late flights follow their chances, the same ones each time."""
        random = np.random.default_rng(int(key.replace("-", "")))
        chances = random.beta(1, 3, flights)
        late: list[bool | None] = [bool(value) for value in random.random(flights) < chances]
        return Day(key, chances, [None] * cancelled + late[cancelled:])

    def shadowed(self, day: Day, state: DeploymentState, answer: Answer = well, latency_ms: float = 5.0) -> None:
        """Ask champion and shadow about every flight of the day."""
        every = range(len(day.late))
        self.ask(day, state, "champion", state.champion, every)
        self.ask(day, state, "shadow", str(state.candidate), every, answer, latency_ms)

    def canaried(self, day: Day, state: DeploymentState, flights: int, answer: Answer = well) -> None:
        """Ask the canary about the first flights of the day, and the champion about the others."""
        self.ask(day, state, "canary", str(state.candidate), range(flights), answer)
        self.ask(day, state, "champion", state.champion, range(flights, len(day.late)))

    def ask(
        self,
        day: Day,
        state: DeploymentState,
        role: Role,
        version: str,
        flights: Iterable[int],
        answer: Answer = well,
        latency_ms: float = 5.0,
    ) -> None:
        """Capture what a version said about some flights of a day while ``state`` was served."""
        captures = []
        for number in flights:
            score = answer(float(day.chances[number]))
            captures.append(
                Capture(
                    prediction_id=md5(f"{day.key} {number} {state.revision}".encode()).hexdigest(),
                    use_case=state.use_case,
                    variant_role=role,
                    model_version=version,
                    deployment_revision=state.revision,
                    step=state.step,
                    score=score,
                    error=None if score is not None else "ValueError: broken",
                    latency_ms=latency_ms,
                    received_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=state.revision, seconds=number),
                    event_time=f"{day.key}T08:00:00",
                    request_key=day.request_key(number),
                    features=day.request_key(number),
                )
            )
        write_captures(captures)


@pytest.fixture
def traffic() -> Traffic:
    """The maker of days and captures."""
    return Traffic()
