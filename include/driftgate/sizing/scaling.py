"""Target tracking on a trace of requests, minute by minute: what AWS Auto Scaling would make of it, in plain numbers.

It follows the alarms that a target tracking policy makes: out after three minutes above the target, to as many machines
as would meet it; in by one after fifteen minutes below nine tenths of it. A new machine answers some minutes later.
"""

from collections.abc import Sequence
from math import ceil

from driftgate.records import Record

OUT_MINUTES, IN_MINUTES, IN_SHARE = 3, 15, 0.9


class Simulation(Record):
    """The machines of each minute, and what it meant for the callers."""

    machines: tuple[int, ...]
    longest_breach_minutes: int  # one after the other, with more requests than the machines can answer in time
    moves: int
    turns: int  # how often it went the other way than the time before


def simulate(
    requests: Sequence[float],
    *,
    least: int,
    most: int,
    target: float,
    out_cooldown_s: float,
    in_cooldown_s: float,
    capacity: float,
    start_minutes: int = 5,
) -> Simulation:
    """Return what becomes of a trace, beginning with the least machines.

    :param requests: of each minute
    :param target: requests a minute that one machine shall get
    :param capacity: requests a minute that one machine can answer in time
    """
    wanted, ready_at, last_move = least, {machine: 0 for machine in range(least)}, (-(10**9), 0)
    above = below = breach = longest = turns = moves = 0
    counts: list[int] = []
    for minute, asked in enumerate(requests):
        answering = max(1, sum(at <= minute for at in ready_at.values()))
        counts.append(answering)
        breach = breach + 1 if asked > answering * capacity else 0
        longest = max(longest, breach)
        above = above + 1 if asked > wanted * target else 0
        below = below + 1 if asked < wanted * target * IN_SHARE else 0
        since, way = 60 * (minute - last_move[0]), last_move[1]
        new = wanted
        if above >= OUT_MINUTES and since >= out_cooldown_s:
            new = min(most, ceil(asked / target))
        elif below >= IN_MINUTES and since >= in_cooldown_s and ceil(asked / target) < wanted:
            new = max(least, wanted - 1)
        if new == wanted:
            continue
        moves, turns = moves + 1, turns + (way * (new - wanted) < 0)
        last_move, above, below = (minute, new - wanted), 0, 0
        ready_at = {at: ready_at.get(at, minute + start_minutes) for at in range(new)}
        wanted = new
    return Simulation(machines=tuple(counts), longest_breach_minutes=longest, moves=moves, turns=turns)
