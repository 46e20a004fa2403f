"""``driftgate endpoint``: the description of the endpoint for those who call it."""

import json
from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.branch_point import branch_point, git
from driftgate.cli.sentences import out

app = typer.Typer(help="The endpoint, as its callers see it.", no_args_is_help=True)

FILE = "docs/reference/openapi.json"


@app.callback()
def endpoint() -> None:
    """Keep the name of the one command."""


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
