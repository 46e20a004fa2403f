"""``driftgate contract``: are the data contracts and use cases of a pull request fit to run?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from driftgate.cli.sentences import fail, out

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
    for path in paths or [*contract_files(), *use_case_files()]:
        found = _lint(path)
        problems += found
        out.print("[red]✗[/]" if found else "[green]✓[/]", escape(str(path)), highlight=False)
    if problems:
        fail("\n".join(problems))


def contract_files() -> list[Path]:
    """Return every file in ``data_contracts/``."""
    from driftgate.settings import project_root

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
