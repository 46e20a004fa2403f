"""Every kind of alarm has its section in the guide, and only those have one."""

import re
from typing import get_args

from driftgate.alarm_settings import KindName
from driftgate.alarms.kinds import GUIDE, KINDS, runbook_of, severity_of
from driftgate.settings import project_root


def test_every_kind_says_how_bad_it_is_and_where_it_is_written_what_to_do() -> None:
    text = (project_root() / GUIDE).read_text().split("## What to do", 1)[1]
    assert set(KINDS) == set(get_args(KindName)) == set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    for section in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        assert len(section.split("\n", 1)[1].strip()) > 60, section


def test_the_settings_have_the_last_word(configure) -> None:
    configure(severity={"probing": "critical"}, runbooks="https://wiki.example.com/driftgate/")
    assert (severity_of("probing"), severity_of("cost")) == ("critical", "minor")
    assert runbook_of("cost") == "https://wiki.example.com/driftgate/docs/guides/alarms.md#cost"
