"""What people must know: raised by any room, kept until somebody says it is over, told through channels."""

from driftgate.alarms.alarm import Alarm
from driftgate.alarms.keeping import alarm_of, alarms, find_alarm, history
from driftgate.alarms.manager import acknowledge, clear_alarm, raise_alarm, resolve, suppress
from driftgate.alarms.tending import tend_alarms

__all__ = [
    "Alarm",
    "acknowledge",
    "alarm_of",
    "alarms",
    "clear_alarm",
    "find_alarm",
    "history",
    "raise_alarm",
    "resolve",
    "suppress",
    "tend_alarms",
]
