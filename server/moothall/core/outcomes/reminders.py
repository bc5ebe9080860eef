"""When those who write a report are reminded of its deadline: some days before it and on its day, in the zone of the
conference. A module by itself, since it is a rule of no log: the addresses are in none.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

from moothall.core.kernel.times import Zone

HOUR = 8
"""The hour of the day at which a reminder is due."""


def reminder(due: int, days: int, zone: Zone, *, since: int, now: int) -> int | None:
    """How many days before the deadline `due` (Unix ms) the newest reminder is that is to have been sent by `now`:
    `days` or 0; None where none is. What was due before `since`, when the address was entered, is not sent any more,
    nor anything once the day of the deadline is over.
    """
    day = zone.at(due).date()

    def at(before: int, clock: time) -> int:
        moment = datetime.combine(day - timedelta(days=before), clock, tzinfo=zone.rules)
        return round(moment.timestamp() * 1000)

    if now >= at(-1, time()):
        return None
    found = [before for before in (days, 0) if since <= min(at(before, time(HOUR)), due) <= now]
    return min(found, default=None)
