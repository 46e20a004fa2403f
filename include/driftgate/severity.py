"""How bad something is, a drift or what an alarm is about."""

from typing import Literal, get_args

Severity = Literal["minor", "major", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)  # the mildest first
