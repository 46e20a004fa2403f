"""``driftgate contract``: are data contracts and use cases fit to run, what do they say, and what changed in them?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from driftgate.cli.sentences import fail, out
from driftgate.settings import project_root

app = typer.Typer(help="Data contracts and use cases.", no_args_is_help=True)


@app.callback()
def contracts() -> None:
    """Data contracts and use cases."""


@app.command()
def lint(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Contract files or use_case.yaml files; all of both if left out.")
    ] = None,
) -> None:
    """Check that every contract and use case parses and that the names in them exist; exit code 1 if not."""
    problems = []
    every = paths or [*contract_files(), *use_case_files()]
    if not every:
        fail(f"{project_root()} has no data contract and no use case; set DRIFTGATE_PROJECT to the project's folder.")
    for path in every:
        found = _lint(path)
        problems += found
        out.print("[red]✗[/]" if found else "[green]✓[/]", escape(str(path)), highlight=False)
    if problems:
        fail("\n".join(problems))


@app.command()
def diff(
    old: Annotated[str | None, typer.Argument(help="A contract file, or ref:path as git names it.")] = None,
    new: Annotated[str | None, typer.Argument(help="The same contract later.")] = None,
    against: Annotated[
        str | None, typer.Option(help="Compare every contract with this branch, of origin if it is known there.")
    ] = None,
) -> None:
    """Say what changed, what it asks for and who is hit; exit code 1 if the version does not announce it."""
    from driftgate.cli.contract_diff import diff_against, diff_two

    if (old is None or new is None) == (against is None) or (old is not None and against is not None):
        fail("Name two contracts, OLD and NEW, or --against a branch.")
    problems = diff_against(against) if against else diff_two(str(old), str(new))
    if problems:
        fail("\n".join(problems))


@app.command()
def render(name: Annotated[str, typer.Argument(help="Name of a dataset, such as flights.")]) -> None:
    """Print what follows from a contract: schemas, request columns, rules, Great Expectations suite; as JSON."""
    from driftgate.contracts import load_contract
    from driftgate.contracts.rendering import rendered

    out.print_json(data=rendered(load_contract(name)))


@app.command()
def docs(
    target: Annotated[Path, typer.Option("--out", help="Folder for the pages.", file_okay=False)] = Path(
        "contract_docs"
    ),
) -> None:
    """Write one page per dataset, for people: purpose, owner, terms, columns and rules in words."""
    from driftgate.contracts import contract_names, load_contract
    from driftgate.contracts.document import render_document

    contracts = [load_contract(name) for name in contract_names()]
    target.mkdir(parents=True, exist_ok=True)
    for contract in contracts:
        path = target / f"{contract.name}.html"
        path.write_bytes(render_document(contract))
        out.print(f"[green]✓[/] {escape(str(path))}", highlight=False)


def contract_files() -> list[Path]:
    """Return every file in ``data_contracts/``."""
    return sorted((project_root() / "data_contracts").glob("*.yaml"))


def use_case_files() -> list[Path]:
    """Return the file of every use case."""
    from driftgate.use_cases import use_case_folder, use_case_names

    return [use_case_folder() / name / "use_case.yaml" for name in use_case_names()]


def _lint(path: Path) -> list[str]:
    if not path.exists():
        return [f"{path} does not exist; correct the name."]
    if path.name == "use_case.yaml":
        from driftgate.cli.use_case_lint import lint_use_case

        return lint_use_case(path)
    from driftgate.contracts import lint_contract

    return lint_contract(path)
