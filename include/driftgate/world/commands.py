"""The commands of the laptop's world: up, stop, demo, replay."""

from rich.console import Console
from rich.table import Table
from typer import Argument, Option, Typer

app = Typer()
console = Console()


@app.command()
def up() -> None:
    """Start Airflow and the endpoint, and say where they are."""
    from driftgate.world import stack

    with console.status("starting") as status:
        stack.start(lambda line: status.update(line))
    print_addresses()


@app.command()
def stop() -> None:
    """Stop Airflow and the endpoint; all state stays."""
    from driftgate.world import stack

    stopped = stack.stop()
    console.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command()
def demo() -> None:
    """Run the whole loop on real data; running it again goes on from where it was."""
    from driftgate.world.demo import Plan, run_demo

    plan = Plan()
    run_demo(plan, console)
    print_addresses()
    print_example(plan.use_case, plan.played[0])


@app.command()
def replay(
    use_case: str = Argument(help="Name of the use case."),
    first: str = Option(..., "--from", help="First day to play, as 2013-04-22."),
    last: str = Option(..., "--to", help="Last day to play, included."),
    source: str = Option("nycflights", help="The source whose ingest DAG runs each night."),
) -> None:
    """Play past days as if they were today: requests, then outcomes, then the night."""
    from driftgate.partition_keys import keys_between
    from driftgate.sources import datasets_of
    from driftgate.use_cases import load_use_case
    from driftgate.world.airflow_api import AirflowApi
    from driftgate.world.replay import play_day

    parsed, days = load_use_case(use_case), keys_between(first, last)
    datasets_of(source)  # before the first request is sent: an unknown source is a sentence
    with AirflowApi() as api, console.status("playing") as status:
        for key in days:
            day = play_day(api, parsed, key, source, status.update)
            console.print(f"{day.key}  {day.requests:5d} requests  verdict {day.decision:<12}  {day.step}")


def print_addresses() -> None:
    """Print the two addresses and the login."""
    from driftgate.settings import home, settings
    from driftgate.world import stack
    from driftgate.world.environment import password

    table = Table.grid(padding=(0, 2))
    table.add_row(
        "Airflow", settings().airflow.url, f"user [bold]{settings().airflow.user}[/], password [bold]{password()}[/]"
    )
    table.add_row("Endpoint", stack.endpoint_url(), f"{stack.endpoint_url()}/docs")
    table.add_row("State", str(home()), "make stop ends the processes, make clean removes the state")
    console.print(table)


def print_example(use_case: str, key: str) -> None:
    """Print a request to paste: the first event of the day ``key``."""
    import json
    from shlex import quote

    from driftgate.use_cases import load_use_case
    from driftgate.world import stack, traffic

    row = traffic.requests_of_day(load_use_case(use_case), key)[0]
    body = quote(json.dumps({"use_case": use_case, "rows": [row]}))
    console.print("\nAsk the endpoint about one flight:")
    console.print(
        f"curl -s {stack.endpoint_url()}/invocations -H 'Content-Type: application/json' -d {body}",
        soft_wrap=True,
        highlight=False,
        markup=False,
    )
