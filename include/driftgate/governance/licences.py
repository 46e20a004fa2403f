"""Whether what we run on may be used: the licence of every pinned package against the list that was approved."""

import re
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata
from typing import cast

from driftgate.records import Record, load_yaml
from driftgate.settings import project_root

LONGEST = 80  # characters: a package may paste its whole licence into the field
LICENCE_CLASSIFIER = "License :: "
TOO_BROAD = "License :: OSI Approved"


class Reviewed(Record):
    """A package whose licence somebody read: as its metadata says it, and why it may be used."""

    licence: str
    because: str


class Licences(Record):
    """``include/governance/licenses.yaml``."""

    approved: tuple[str, ...]
    packages: dict[str, Reviewed] = {}


def licence_problems() -> list[str]:
    """Return one sentence per installed package with a new or changed licence, and per review that is out of date.

    A package that is pinned for another platform and is not installed here is left to the platform that has it.

    :raises ConfigError: the list is missing or wrong
    """
    path = project_root() / "include" / "governance" / "licenses.yaml"
    listed, installed = load_yaml(path, Licences), _installed()
    problems = [
        f"{name} has the licence {licence!r}, which {path} does not have; read it, then approve it or remove {name}."
        for name, licence in installed.items()
        if not _may_be_used(name, licence, listed)
    ]
    unneeded = sorted(set(listed.packages) - set(_pinned()))
    return problems + [f"{path}: {name} is not needed any more; remove it." for name in unneeded]


def licence_of(about: Message) -> str:
    """Return what a package says its licence is: the expression, else the classifiers, else the first words of it."""
    if expression := about.get("License-Expression"):
        return str(expression)
    classifiers = [text for text in about.get_all("Classifier") or () if text.startswith(LICENCE_CLASSIFIER)]
    names = sorted(text.rpartition(":: ")[2] for text in classifiers if text != TOO_BROAD)
    return " AND ".join(names) or str(about.get("License") or "").strip().partition("\n")[0][:LONGEST]


def _may_be_used(name: str, licence: str, listed: Licences) -> bool:
    if name in listed.packages:
        return listed.packages[name].licence == licence
    if licence in listed.approved:
        return True
    parts = [part.strip(" ()") in listed.approved for part in re.split(r" AND | OR ", licence)]
    return any(parts) if " AND " not in licence else all(parts)  # of alternatives one is enough, where that is plain


def _installed() -> dict[str, str]:
    found = {}
    for name in _pinned():
        try:
            found[name] = licence_of(cast(Message, metadata(name)))
        except PackageNotFoundError:
            continue
    return found


def _pinned() -> list[str]:
    lines = (project_root() / "requirements" / "runtime.txt").read_text().splitlines()
    return sorted({re.split(r"[\[=<>~; ]", line)[0] for line in lines if line[:1].isalnum()})
