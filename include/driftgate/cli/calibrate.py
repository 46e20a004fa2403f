"""``driftgate monitor calibrate``: what the nightly monitors promise."""

from pathlib import Path
from typing import Annotated

import typer

from driftgate.cli.sentences import out


def calibrate(
    use_case: Annotated[str, typer.Argument(help="Name of a use case, such as flight_delays.")],
    version: Annotated[str | None, typer.Option(help="A model version, such as 3; the champion if left out.")] = None,
    folder: Annotated[Path | None, typer.Option("--out", help="Write the page and its numbers here as well.")] = None,
) -> None:
    """Say how often the data monitor cries wolf, and how small a change it finds in 1, 3 and 7 nights."""
    from rich.table import Column, Table

    from driftgate import uris
    from driftgate.lake import lake
    from driftgate.monitoring.calibration.page import detection_rows, lead, render_calibration
    from driftgate.monitoring.calibration.prices import told
    from driftgate.monitoring.calibration.report import calibrate_version
    from driftgate.use_cases import load_use_case

    report = calibrate_version(load_use_case(use_case), version)
    pages = {"json": report.canonical(), "html": render_calibration(report)}
    for kind, data in pages.items():
        lake().write(uris.calibration_report(use_case, report.version, kind), data)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"calibration.{kind}").write_bytes(data)
    table = Table(Column("feature", no_wrap=True), "tier", "change", "1 night", "3 nights", "7 nights")
    for found in report.detections:
        for feature, tier, change, cells in detection_rows(found):
            table.add_row(feature, tier, change, *cells)
    out.print(table)
    out.print(lead(report), highlight=False)
    out.print(told(report.prices), highlight=False)
    out.print(f"Page: {lake().uri(uris.calibration_report(use_case, report.version, 'html'))}", highlight=False)
