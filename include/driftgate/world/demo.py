"""`make demo`: the whole loop on real data, phase by phase. Every phase says what exists and goes on from there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from driftgate import uris
from driftgate.errors import DriftgateError
from driftgate.evaluation import read_report
from driftgate.lake import lake
from driftgate.partition_keys import keys_between
from driftgate.promotion import deployment
from driftgate.sources import datasets_of, sample
from driftgate.use_cases import UseCase, load_use_case
from driftgate.world import stack
from driftgate.world.airflow_api import AirflowApi
from driftgate.world.replay import play_day, settle
from driftgate.world.summary import print_summary

LIFECYCLE = ("monitor", "retrain", "promote", "rollback", "incident")


@dataclass(frozen=True)
class Plan:
    """Which days the demo loads, and which it plays."""

    source: str = "nycflights"
    use_case: str = "flight_delays"
    first: str = "2013-02-23"
    loaded_by_hand_to: str = "2013-05-21"
    backfilled_to: str = "2013-05-23"
    played_to: str = "2013-06-08"

    @property
    def backfilled(self) -> list[str]:
        """The days that come by backfill."""
        return keys_between(self.loaded_by_hand_to, self.backfilled_to)[1:]

    @property
    def played(self) -> list[str]:
        """The days that are played."""
        return keys_between(self.backfilled_to, self.played_to)[1:]


def run_demo(plan: Plan, console: Console) -> None:
    """Start everything, load the history, train the first model, play the days, and print what came of it."""
    use_case = load_use_case(plan.use_case)
    with _progress(console) as progress:
        start_stack(progress)
        with AirflowApi() as api:
            api.unpause([f"{plan.source}.ingest", *(f"{plan.use_case}.{part}" for part in LIFECYCLE)])
            initial_load(api, plan, progress)
            bootstrap(api, use_case, plan, progress)
            play(api, use_case, plan, progress)
    print_summary(console, use_case, plan.source)


def start_stack(progress: Progress) -> None:
    """Start Airflow and the endpoint."""
    with _phase(progress, "Start Airflow and the endpoint", 1) as task:
        stack.start(lambda line: progress.update(task, status=line))


def initial_load(api: AirflowApi, plan: Plan, progress: Progress) -> None:
    """Load the history: most of it by one manual run with a range, the last days by a backfill."""
    days, dag_id = keys_between(plan.first, plan.backfilled_to), f"{plan.source}.ingest"
    by_hand = days[: -len(plan.backfilled)]
    with _phase(progress, f"Load {plan.first} to {plan.backfilled_to}", len(days)) as task:
        progress.update(task, status="the source delivers its files")
        sample.deliver(plan.first, plan.backfilled_to)

        def count() -> None:
            progress.update(task, completed=sum(_is_published(plan.source, day) for day in days))

        if not all(_is_published(plan.source, day) for day in by_hand):
            progress.update(task, status=f"one run of {dag_id} with a range")
            conf = {"first_partition": by_hand[0], "last_partition": by_hand[-1]}
            api.wait(dag_id, api.trigger(dag_id, "initial_load", conf=conf), seconds=900, tick=count)
        if not all(_is_published(plan.source, day) for day in plan.backfilled):
            progress.update(task, status=f"backfill of {plan.backfilled[0]} to {plan.backfilled[-1]}")
            api.backfill(dag_id, plan.backfilled[0], plan.backfilled[-1])
            api.wait_for_partitions(dag_id, plan.backfilled, seconds=300, tick=count)


def bootstrap(api: AirflowApi, use_case: UseCase, plan: Plan, progress: Progress) -> None:
    """Train, register and deploy the first model."""
    with _phase(progress, "Train and deploy the first model", 2) as task:
        if deployment(use_case.name) is None:
            progress.update(task, status=f"{use_case.name}.retrain with the reason 'bootstrap'")
            conf = {"reason": "bootstrap", "replay": True}
            run_id = api.trigger(f"{use_case.name}.retrain", "bootstrap", key=plan.backfilled_to, conf=conf)
            api.wait(f"{use_case.name}.retrain", run_id, seconds=600)
            if not api.succeeded(f"{use_case.name}.retrain", run_id, "register_candidate"):
                raise DriftgateError(
                    f"The first model did not pass its gates. {_rejections(use_case)} Change the policy in "
                    f"{use_case.folder}, then run 'make clean' and 'make demo'."
                )
            progress.update(task, advance=1, status=f"{use_case.name}.promote")
            api.wait_for_partitions(f"{use_case.name}.promote", [plan.backfilled_to], seconds=120)
        stack.wait_for_model(use_case.name)


def _rejections(use_case: UseCase) -> str:
    folder = uris.evaluation_report(use_case.name, "").rpartition("/")[0]
    jobs = [path.rpartition("/")[2].removesuffix(".json") for path in lake().list(folder)]
    return " ".join(read_report(use_case.name, job).reason for job in jobs) or "It was not evaluated."


def play(api: AirflowApi, use_case: UseCase, plan: Plan, progress: Progress) -> None:
    """Play the days that were not played to their end before."""
    with _phase(progress, f"Play {plan.played[0]} to {plan.played_to}", len(plan.played)) as task:
        for key in plan.played:
            if api.state(f"{use_case.name}.retrain", f"replay__{key}") != "success":
                play_day(api, use_case, key, plan.source, lambda line: progress.update(task, status=line))
            progress.update(task, advance=1)
        settle(api, use_case, plan.played_to)


def _is_published(source: str, key: str) -> bool:
    return all(lake().exists(uris.partition("validated", name, key) + "/manifest.json") for name in datasets_of(source))


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<34}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[status]}"),
        console=console,
    )


@contextmanager
def _phase(progress: Progress, title: str, total: int) -> Iterator[TaskID]:
    if not progress.console.is_terminal:  # where bars are printed when all is over
        progress.console.print(f"{title} …")
    task = progress.add_task(title, total=total, status="")
    yield task
    progress.update(task, completed=total, status="done")
