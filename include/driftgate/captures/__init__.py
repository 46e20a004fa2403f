"""What was asked and answered: one capture per answer, in the journal before it leaves, then in the lake by day."""

from driftgate.captures.capture import Capture, Role
from driftgate.captures.journal import Journal, JournalFull
from driftgate.captures.outcomes import join_outcomes
from driftgate.captures.reading import capture_days, read_captures
from driftgate.captures.segments import write_captures
from driftgate.captures.shipper import Shipper

__all__ = [
    "Capture",
    "Journal",
    "JournalFull",
    "Role",
    "Shipper",
    "capture_days",
    "join_outcomes",
    "read_captures",
    "write_captures",
]
