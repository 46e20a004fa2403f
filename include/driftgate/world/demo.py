"""`make demo`: the whole loop on real data, phase by phase. Every phase says what exists and goes on from there."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from driftgate import uris
from driftgate.lake import lake
from driftgate.monitoring import verdict_of
from driftgate.partition_keys import keys_between
from driftgate.promotion import deployment
from driftgate.sources import datasets_of, sample
from driftgate.use_cases import UseCase, load_use_case
from driftgate.world import stack
from driftgate.world.airflow_api import AirflowApi
from driftgate.world.replay import Day, play_day, settle
from driftgate.world.summary import print_summary

SOURCE = "nycflights"
USE_CASE = "flight_delays"
FIRST_DAY, LOADED_BY_HAND, BACKFILLED_TO = "2013-01-01", "2013-03-29", "2013-03-31"
PLAYED_FROM, PLAYED_TO = "2013-04-01", "2013-04-21"


def run_demo(console: Console) -> None:
    """Start everything, load three months, train the first model, play three weeks, and print what came of it."""
    use_case = load_use_case(USE_CASE)
    with _progress(console) as progress:
        start_stack(progress)
        api = AirflowApi()
        api.unpause([f"{SOURCE}.ingest", *(f"{USE_CASE}.{part}" for part in ("monitor", "retrain", "promote", "rollback"))])
        initial_load(api, progress)
        bootstrap(api, use_case, progress)
        play(api, use_case, keys_between(PLAYED_FROM, PLAYED_TO), progress)
    print_summary(console, use_case, FIRST_DAY, PLAYED_TO)


def start_stack(progress: Progress) -> None:
    """Start Airflow and the endpoint."""
    with _phase(progress, "Start Airflow and the endpoint", 1) as task:
        stack.start(lambda line: progress.update(task, status=line))


def initial_load(api: AirflowApi, progress: Progress) -> None:
    """Load January to March: most of it by one manual run with a range, the last days by a backfill."""
    days = keys_between(FIRST_DAY, BACKFILLED_TO)
    with _phase(progress, "Load January to March 2013", len(days)) as task:
        progress.update(task, status="the source delivers")
        sample.deliver(FIRST_DAY, BACKFILLED_TO)

        def published() -> None:
            progress.update(task, completed=sum(map(_is_published, days)))

        if not all(map(_is_published, keys_between(FIRST_DAY, LOADED_BY_HAND))):
            progress.update(task, status=f"one run of {SOURCE}.ingest with a range")
            conf = {"first_partition": FIRST_DAY, "last_partition": LOADED_BY_HAND}
            run_id = api.trigger(f"{SOURCE}.ingest", "initial_load", conf=conf)
            api.wait(f"{SOURCE}.ingest", run_id, seconds=900, tick=published)
        late = keys_between(LOADED_BY_HAND, BACKFILLED_TO)[1:]
        if not all(map(_is_published, late)):
            progress.update(task, status=f"backfill of {late[0]} to {late[-1]}")
            api.backfill(f"{SOURCE}.ingest", late[0], late[-1])
            api.wait_for_partitions(f"{SOURCE}.ingest", late, seconds=300, tick=published)
        published()


def bootstrap(api: AirflowApi, use_case: UseCase, progress: Progress) -> None:
    """Train, register and deploy the first model."""
    with _phase(progress, "Train and deploy the first model", 2) as task:
        if deployment(use_case.name) is None:
            progress.update(task, status=f"{use_case.name}.retrain with the reason 'bootstrap'")
            conf = {"reason": "bootstrap", "replay": True}
            run_id = api.trigger(f"{use_case.name}.retrain", "bootstrap", key=BACKFILLED_TO, conf=conf)
            api.wait(f"{use_case.name}.retrain", run_id, seconds=600)
            progress.update(task, advance=1, status=f"{use_case.name}.promote")
            api.wait_for_partitions(f"{use_case.name}.promote", [BACKFILLED_TO], seconds=120)
        stack.wait_for_model()


def play(api: AirflowApi, use_case: UseCase, days: list[str], progress: Progress) -> list[Day]:
    """Play the days that have no verdict yet."""
    with _phase(progress, f"Play {days[0]} to {days[-1]}", len(days)) as task:
        played = []
        for key in days:
            if verdict_of(use_case.name, key) is None or _unfinished(api, use_case, key):
                played.append(play_day(api, use_case, key, SOURCE, lambda line: progress.update(task, status=line)))
            progress.update(task, advance=1)
        settle(api, use_case, days[-1])
    return played


def _unfinished(api: AirflowApi, use_case: UseCase, key: str) -> bool:
    return api.state(f"{use_case.name}.retrain", f"replay__{key}") not in ("success", None)


def _is_published(key: str) -> bool:
    return all(lake().exists(uris.partition("validated", name, key) + "/manifest.json") for name in datasets_of(SOURCE))


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
    task = progress.add_task(title, total=total, status="")
    yield task
    progress.update(task, completed=total, status="done")
