"""What was asked and answered: one capture per answer, in the journal before it leaves, then in the lake by day.

Every answer that a caller received is in the lake exactly once, however the endpoint ends; what a death of the machine
or its disk takes is noticed by the nightly count.
"""

from driftgate.captures.capture import Capture, Role
from driftgate.captures.compaction import compact_captures
from driftgate.captures.journal import Journal, JournalFull
from driftgate.captures.outcomes import OUTCOME, join_outcomes
from driftgate.captures.reading import capture_days, read_captures
from driftgate.captures.reconciliation import CaptureCount, count_captures, reconcile_captures
from driftgate.captures.recorder import Recorder
from driftgate.captures.segments import write_captures
from driftgate.captures.shipper import Shipper
from driftgate.captures.tally import Tally

__all__ = [
    "OUTCOME",
    "Capture",
    "CaptureCount",
    "Journal",
    "JournalFull",
    "Recorder",
    "Role",
    "Shipper",
    "Tally",
    "capture_days",
    "compact_captures",
    "count_captures",
    "join_outcomes",
    "read_captures",
    "reconcile_captures",
    "write_captures",
]
