"""``driftgate endpoint``: the description of the endpoint for those who call it, and what it takes."""

import json
from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.branch_point import branch_point, git
from driftgate.cli.sentences import out

app = typer.Typer(help="The endpoint, as its callers see it.", no_args_is_help=True)

FILE = "docs/reference/openapi.json"


@app.command()
def loadtest(
    use_case: Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")],
    url: Annotated[str, typer.Option(help="An endpoint started for this: what it is asked, it captures.")],
    peak: Annotated[float, typer.Option(help="Requests a second at the busiest time.")],
    connections: Annotated[str, typer.Option(help="Steps, each so many connections.")] = "1,4,16,64",
    seconds: Annotated[float, typer.Option(help="Of each step.", min=0.1)] = 10,
    header: Annotated[list[str] | None, typer.Option(help="Sent along, such as 'Authorization: Bearer …'.")] = None,
) -> None:
    """Send captured requests again, in steps, and recommend how many machines meet the peak."""
    from rich.table import Table

    from driftgate.errors import ConfigError
    from driftgate.settings import settings
    from driftgate.sizing import load_test, sampled_requests, size
    from driftgate.use_cases import load_use_case

    asked = load_use_case(use_case)
    if url.rstrip("/") == settings().endpoint.address:
        raise ConfigError(f"{url} serves your callers and captures what it is asked; start an endpoint for the test.")
    if not all(part.strip().isdigit() and int(part) for part in connections.split(",")):
        raise ConfigError(f"--connections is {connections!r}; write numbers above 0 as 1,4,16.")
    path, counts = f"/v{asked.serve.api_version}/{asked.name}/predict", [int(one) for one in connections.split(",")]
    headers = dict(one.split(": ", 1) for one in header or () if ": " in one)
    steps = load_test(url, path, sampled_requests(asked), connections=counts, seconds=seconds, headers=headers)
    table = Table("connections", "requests/s", "p50 ms", "p95 ms", "errors")
    for one in steps:
        table.add_row(*(str(value) for value in (one.connections, one.per_second, one.p50_ms, one.p95_ms, one.errors)))
    out.print(table)
    found = size(asked, steps, peak_per_second=peak)
    out.print(f"{found.machines} machines of {found.per_machine:,.0f} requests/s meet {peak:,.0f}.", highlight=False)


@app.command()
def openapi(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the file is stale.")] = False,
    against: Annotated[str | None, typer.Option(help="Branch whose callers must get along with the new one.")] = None,
) -> None:
    """Write docs/reference/openapi.json, made from the use cases; no server runs."""
    from driftgate.endpoint.documentation import openapi as described
    from driftgate.settings import project_root

    path = project_root() / FILE
    document = described()
    text = json.dumps(document, indent=1) + "\n"
    if check:
        _require_fresh(path, text)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if against:
        _require_compatible(against, document)
    out.print(f"{FILE} {'is' if check else 'says'} what the endpoint answers to.", highlight=False)


def _require_fresh(path: Path, text: str) -> None:
    from driftgate.errors import ConfigError

    if not path.exists() or path.read_text() != text:
        raise ConfigError(f"{path} is not what the use cases say now; run 'driftgate endpoint openapi' and commit it.")


def _require_compatible(branch: str, document: object) -> None:
    from driftgate.endpoint.compatibility import breaks
    from driftgate.errors import ConfigError

    base = branch_point(branch)
    text = git("show", f"{base}:./{FILE}") if base else None
    if text is None:
        out.print(f"There is no {FILE} of {branch} here to compare with.", markup=False)
        return
    if found := breaks(json.loads(text), document):  # type: ignore[arg-type]
        raise ConfigError(
            f"Callers of {branch} would break: {'; '.join(found)}. Take it back, or raise 'serve.api_version' in "
            "the use case's use_case.yaml."
        )
