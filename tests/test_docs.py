"""Policies of the documentation: each dependency has a reason, each link leads somewhere, a decision has its price."""

import re
from pathlib import Path
from typing import get_args

import pytest

from driftgate.monitoring_policy import Monitor
from driftgate.records import Record
from driftgate.retrain_policy import Retrain
from driftgate.settings import project_root

ROOT = project_root()
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "benchmarks").glob("*.md")],
    key=lambda page: str(page),
)
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))


def named(file: str) -> set[str]:
    """Return the package names of a requirements file, without extras and versions."""
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return {re.split(r"[\[=<>~ ]", line)[0] for line in lines if line and not line.startswith(("#", "-"))}


def explained(section: str) -> set[str]:
    """Return the package names in the table below the heading that names ``section``."""
    text = (ROOT / "docs" / "dependencies.md").read_text()
    body = text.split(f"## `requirements/{section}`", 1)[1].split("\n## ", 1)[0]
    return set(re.findall(r"^\| `([\w.-]+)` \| .{10,} \|$", body, re.MULTILINE))


@pytest.mark.parametrize("file", ["runtime.in", "dev.in"])
def test_every_dependency_has_a_reason(file: str) -> None:
    missing, stale = named(file) - explained(file), explained(file) - named(file)

    assert not missing, f"Say in docs/dependencies.md why these are needed, or remove them: {sorted(missing)}"
    assert not stale, f"Remove these from docs/dependencies.md, {file} has them no more: {sorted(stale)}"


def test_there_are_pages() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"} <= {page.name for page in PAGES}
    assert len(ADRS) >= 8


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    broken = [link for link in links if not (page.parent / link).exists()]

    assert not broken, f"Mend these links in {page.relative_to(ROOT)}: {broken}"


def test_every_guide_and_every_decision_is_in_an_index() -> None:
    guides, decisions = (ROOT / "README.md").read_text(), (ROOT / "docs" / "architecture.md").read_text()
    lost = [page.name for page in (ROOT / "docs" / "guides").glob("*.md") if f"(docs/guides/{page.name})" not in guides]
    lost += [page.name for page in ADRS if f"](adr/{page.name})" not in decisions.split("## Decisions", 1)[1]]

    assert not lost, f"Name these in README.md (guides) or in docs/architecture.md (decisions): {lost}"


def keys_of(kind: type[Record], prefix: str = "") -> dict[str, object]:
    """Return every key of a section with its default; the keys of a section inside it with a dot."""
    found: dict[str, object] = {}
    for name, field in kind.model_fields.items():
        [*inner] = [one for one in (field.annotation, *get_args(field.annotation)) if isinstance(one, type)]
        section = next((one for one in inner if issubclass(one, Record)), None)
        found |= keys_of(section, f"{prefix}{name}.") if section else {f"{prefix}{name}": field.default}
    return found


@pytest.mark.parametrize(("heading", "kind"), [("monitor", Monitor), ("retrain", Retrain)])
def test_the_guide_has_every_key_of_a_drift_policy(heading: str, kind: type[Record]) -> None:
    text = (ROOT / "docs" / "guides" / "set-a-drift-policy.md").read_text()
    body = text.split(f"## Every key of `{heading}`\n", 1)[1].split("\n## ", 1)[0]
    told = dict(re.findall(r"^\| `([\w.]+)` \| (.*?) ?\|", body, re.MULTILINE))
    keys = keys_of(kind)
    assert set(told) == set(keys)
    numbers = {key: value for key, value in keys.items() if isinstance(value, int | float)}
    assert {key: float(told[key]) for key in numbers} == numbers


@pytest.mark.parametrize("page", ADRS, ids=lambda page: page.name)
def test_a_decision_says_status_context_decision_and_price(page: Path) -> None:
    text = page.read_text()
    absent = [part for part in ("Status", "## Context", "## Decision", "## Gains and costs") if part not in text]

    assert re.match(r"# \d{4} ", text), f"Begin {page.name} with '# {page.name[:4]} <title>'."
    assert not absent, f"{page.name} lacks: {absent}"


def test_the_readme_names_only_make_targets_that_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z][\w-]*):", makefile, re.MULTILINE))
    used = set(re.findall(r"`make ([a-z-]+)", (ROOT / "README.md").read_text()))

    assert used <= targets, f"The Makefile lacks: {sorted(used - targets)}"
