"""The times at which a repeated event of a calendar takes place: its RRULE, within bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import MAXYEAR, date, datetime, time, timedelta, tzinfo
from itertools import islice
from typing import Any

from icalendar import vRecur

from moothall.core.kernel.errors import MoothallError
from moothall.core.programme.times import unix_ms

MOST_TIMES = 366
"""The most sessions that are made of one event."""
LONGEST_SERIES = timedelta(days=2 * 366)
"""The longest series from its first session on; later times of a rule are not computed."""
MOST_VALUES = 100
"""The most values in a rule; a rule that lists days of a year takes some fifty."""
_SHORT = frozenset({"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST", "BYDAY", "BYMONTH"})
_LONG = _SHORT | {"BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS"}
_PARTS = {"DAILY": _SHORT, "WEEKLY": _SHORT, "MONTHLY": _LONG, "YEARLY": _LONG}
"""The parts that a rule may have, by its frequency: with other, rare parts `dateutil` takes minutes."""


class NeverMet(MoothallError):
    """A rule matches only days that don't exist. To find that out takes half a second, so the whole file is
    rejected.
    """


def is_rule_of_days(rule: Any) -> bool:
    """Whether a rule repeats at most daily and uses supported parts of RFC 5545: only such rules are followed."""
    return (
        isinstance(rule, vRecur)
        and len(rule.get("FREQ", ())) == 1
        and set(rule) <= _PARTS.get(str(rule["FREQ"][0]), frozenset())
        and sum(map(len, rule.values())) <= MOST_VALUES
        and all(number >= 1 for number in rule.get("INTERVAL", ()))
    )


def is_endless(rule: vRecur) -> bool:
    """Whether a rule has neither UNTIL nor COUNT."""
    return not rule.get("UNTIL") and not rule.get("COUNT")


def repeats(rule: vRecur, first: datetime, zone: tzinfo, latest: int | None = None) -> tuple[list[datetime], bool]:
    """Return the times of a rule by the clock of `zone`, naive, `first` among them; and whether it has more times than
    are taken.

    `latest` (Unix ms) ends a rule that has no end. Raises NeverMet, and, for a rule that can't be followed, ValueError
    and other errors of `dateutil`.
    """
    from dateutil.rrule import rrulestr

    end = first + LONGEST_SERIES
    endless = {name: values for name, values in rule.items() if name not in ("UNTIL", "COUNT")}
    written: bytes = vRecur(endless).to_ical()  # type: ignore[no-untyped-call]
    within = _within(rule.get("UNTIL", ()), zone, latest)
    found = list(
        islice(
            _from(first, rrulestr(written.decode(), dtstart=first), lambda at: at <= end and within(at)), MOST_TIMES + 1
        )
    )
    counted = rule.get("COUNT", ())
    if counted:
        found = found[: counted[0]]
    more = len(found) > MOST_TIMES or (len(found) < counted[0] if counted else within(end))
    return found[:MOST_TIMES], more


def _from(first: datetime, times: Iterator[datetime], within: Callable[[datetime], bool]) -> Iterator[datetime]:
    """Yield the first session and the later times. The first session counts even if the rule doesn't match it (RFC
    5545, 3.8.5.3).
    """
    yield first
    for each in times:
        if not within(each):
            return
        if each != first:
            yield each
    raise NeverMet(f"Its rule is met no more before the year {MAXYEAR}.")


def _within(until: Sequence[date], zone: tzinfo, latest: int | None) -> Callable[[datetime], bool]:
    """Make the function that decides whether a time is before the rule's end, or before `latest`."""
    if not until:
        return lambda at: latest is None or unix_ms(at.replace(tzinfo=zone)) <= latest
    end = until[0]
    if not isinstance(end, datetime):
        end = datetime.combine(end, time.max)
    if end.tzinfo is None:
        return lambda at: at <= end
    moment = unix_ms(end)
    return lambda at: unix_ms(at.replace(tzinfo=zone)) <= moment
