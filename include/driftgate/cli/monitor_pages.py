"""``driftgate monitor status`` and ``report``: what nights say of each model, as a table and as pages."""

from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.sentences import out

STYLES = {"fail": "red", "warn": "yellow", "insufficient": "yellow", "pass": "green", "": "dim"}


def status() -> None:
    """Show every model that answers, and what is wrong with it by the newest verdict."""
    from rich.markup import escape
    from rich.table import Column, Table

    from driftgate.monitoring.pages.status import model_status
    from driftgate.monitoring.pages.words import ASPECTS

    table = Table("model", "version", Column("night", no_wrap=True), "decision", *ASPECTS, "alarms")
    for one in model_status():
        cells = [f"[{STYLES[cell.colour]}]{escape(cell.text)}[/]" for cell in one.cells]
        night = one.verdict
        known = (night.champion or "", night.key, night.decision.replace("_", " ")) if night else ("", "none yet", "")
        table.add_row(one.use_case, *known, *cells, f"{len(one.alarms):,}")
    out.print(table, highlight=False)


def report(
    use_case: Annotated[str, typer.Argument(help="Name of a use case.")],
    night: Annotated[str | None, typer.Argument(help="A night, such as 2013-04-30; the newest if left out.")] = None,
    out_: Annotated[Path, typer.Option("--out", help="Folder that the pages are written to.")] = Path("monitoring"),
) -> None:
    """Write the pages of one night, of the use case's last nights and of all models, as Airflow shows them."""
    from driftgate import uris
    from driftgate.errors import ConfigError
    from driftgate.monitoring import verdicts
    from driftgate.monitoring.pages.by_path import made_page
    from driftgate.partition_keys import parse_key
    from driftgate.use_cases import load_use_case

    name = load_use_case(use_case).name
    newest = next(iter(verdicts(name, last=1)), None)
    if newest is None:
        raise ConfigError(
            f"Nothing was decided about {name} yet: a verdict comes with the first night whose data are complete."
        )
    key = parse_key(night).isoformat() if night else newest.key
    pages = (uris.night_page(name, key), uris.nights_page(name), uris.model_status())
    made = {path: made_page(path) for path in pages}
    if made[pages[0]] is None:
        raise ConfigError(f"Nothing was decided about {name} on {key}; the newest night is {newest.key}.")
    for path, content in made.items():
        file = out_ / path.removeprefix("reports/monitoring/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content or b"")
        out.print(str(file), markup=False, highlight=False)
