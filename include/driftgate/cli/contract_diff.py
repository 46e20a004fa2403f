"""``driftgate contract diff``: contracts of two files, or of two states of the git repository."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from driftgate.cli.branch_point import branch_point, git
from driftgate.cli.contract_hits import hits, referring
from driftgate.cli.sentences import out
from driftgate.errors import ConfigError
from driftgate.settings import project_root

if TYPE_CHECKING:
    from driftgate.contracts import Contract

COLOURS = {"breaking": "red", "needs-backfill": "yellow", "compatible": "green"}
FOLDER = "data_contracts"


def diff_two(old: str, new: str) -> list[str]:
    """Print how ``new`` differs from ``old``, each a file or ``ref:path``; return what is wrong with its version.

    :raises ConfigError: one of them cannot be read, or they are of two datasets
    """
    before, after = _read(old), _read(new)
    if before.name != after.name:
        raise ConfigError(f"{old} and {new} are of two datasets, {before.name} and {after.name}; name two of one.")
    return list(_compare(before, after))


def diff_against(branch: str) -> list[str]:
    """Print how every contract differs from where this branch left ``branch``; return what is wrong with versions."""
    base = branch_point(branch)
    if base is None:
        out.print(f"There is no {branch} here to compare with (no git repository, or a shallow clone).", markup=False)
        return []
    problems: list[str] = []
    names = {path.name for path in (project_root() / FOLDER).glob("*.yaml")}
    for name in sorted(names | set(_names(base))):
        problems += _compare_file(base, name, is_there=name in names)
    return problems


def _compare_file(base: str, name: str, *, is_there: bool) -> Iterator[str]:
    path = f"{FOLDER}/{name}"
    if git("cat-file", "-e", f"{base}:./{path}") is None:
        out.print(f"[green]new[/] {escape(name)}: a dataset more", highlight=False)
    elif not is_there:
        out.print(f"[red]breaking[/] {escape(name)}: the contract is gone; no use case may name its dataset any more")
    else:
        new = _read(str(project_root() / path))
        try:
            old = _read(f"{base}:{path}")
        except ConfigError as error:  # it was fit when it came in: since then this branch changed what is asked of one
            out.print(f"{path} of {base[:12]} cannot be compared: {error}", markup=False, highlight=False)
            return
        yield from _compare(old, new)


def _compare(old: "Contract", new: "Contract") -> Iterator[str]:
    from driftgate.contracts.diff import diff, missing_step

    changes = diff(old, new)
    versions = old.version if old.version == new.version else f"{old.version} → {new.version}"
    out.print(f"{escape(new.name)} {versions}: {'no change' if not changes else ''}".rstrip(), highlight=False)
    for change in changes:
        out.print(f"  [{COLOURS[change.kind]}]{change.kind}[/] {escape(change.sentence)}", highlight=False)
    for hit in (*hits(old, changes), *referring(old, changes)):
        out.print(f"  hits {hit}", markup=False, highlight=False)
    problem = missing_step(old, new)
    if problem:
        yield problem


def _read(where: str) -> "Contract":
    """Return the contract in a file, or at ``ref:path`` of the repository."""
    from driftgate.contracts.reading import read_contract

    ref, colon, path = where.partition(":")
    if Path(where).exists() or not colon:
        return read_contract(Path(where))
    text = git("show", f"{ref}:./{path}")
    if text is None:
        raise ConfigError(f"{where} is neither a file nor a file of the git repository; correct the name.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, Path(path).name)
        copy.write_bytes(text)
        try:
            return read_contract(copy)
        except ConfigError as error:
            raise ConfigError(str(error).replace(str(copy), where)) from None


def _names(base: str) -> list[str]:
    listed = git("ls-tree", "--name-only", base, f"./{FOLDER}/") or b""
    return [Path(line).name for line in listed.decode().splitlines() if line.endswith(".yaml")]
