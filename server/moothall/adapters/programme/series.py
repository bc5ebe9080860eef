"""Events of a calendar as sessions: of a series one each time, with what was changed or cancelled of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo

import msgspec
from icalendar import vRecur

from moothall.adapters.programme.recurrence import MOST_TIMES, NeverMet, is_endless, repeats
from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import SessionDraft, misfits, stop_at_most
from moothall.core.programme.times import unix_ms

MOST_SERIES = 500
"""Of one file; a rule may take some 20 ms to follow."""


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A VEVENT as it was read."""

    draft: SessionDraft
    first: datetime | None
    """When it starts by the clock of `zone`, and without it."""
    zone: tzinfo
    rule: vRecur | None = None
    """By which it repeats."""
    more: tuple[int, ...] = ()
    """Further starts (RDATE, Unix ms)."""
    without: frozenset[int] = frozenset()
    """Starts that are left out (EXDATE, Unix ms)."""
    without_days: frozenset[date] = frozenset()
    """Days that are left out."""
    replaces: int | None = None
    """The start of the session of its series that it changes (RECURRENCE-ID, Unix ms)."""
    cancelled: bool = False

    @property
    def repeats(self) -> bool:
        """Whether it is a series that can be followed: one with a fault says so once, and not each time."""
        given = self.rule is not None or self.more
        whole = self.first is not None and self.replaces is None and not self.cancelled
        return bool(given) and whole and not self.draft.wrong and not any(misfits(self.draft))


def sessions(events: Sequence[CalendarEvent], notes: list[str]) -> list[SessionDraft]:
    """All sessions in the order of their events; `notes` gets a sentence for each series.

    A series without an end goes on as long as everything else in the file. Raises ProgrammeError for too many.
    """
    series = [n for n, each in enumerate(events) if each.repeats]
    if len(series) > MOST_SERIES:
        msg = f"The file holds more than {MOST_SERIES} events that repeat, which are the most that are taken at once."
        raise ProgrammeError(msg)
    endless = [n for n in series if (rule := events[n].rule) is not None and is_endless(rule)]
    starts: dict[int, list[int]] = {}
    for n in series:
        if n not in endless:
            _add(starts, n, _starts(events[n], None, notes))
    latest = max((*_known(events, endless), *(max(each, default=0) for each in starts.values())), default=0)
    for n in endless:
        _add(starts, n, _starts(events[n], latest, notes))
    notes += [
        f"{each.draft.where} repeats, but has no start; it is taken once."
        for each in events
        if each.rule is not None and each.first is None
    ]
    changed = {(each.draft.id, each.replaces): n for n, each in enumerate(events) if each.replaces is not None}
    placed = {
        changed[key] for n, found in starts.items() for at in found if (key := (events[n].draft.id, at)) in changed
    }
    drafts: list[SessionDraft] = []
    for n, event in enumerate(events):
        for at in starts.get(n, ()):
            change = changed.get((event.draft.id, at))
            one = event if change is None else events[change]
            if not one.cancelled:
                drafts.append(_session(event, at, one.draft if one is not event else _moved(event.draft, at)))
        if n not in starts and n not in placed and not event.cancelled:
            drafts.append(event.draft if event.replaces is None else _session(event, event.replaces, event.draft))
    return drafts


def _add(starts: dict[int, list[int]], event: int, found: list[int]) -> None:
    starts[event] = found
    stop_at_most(sum(map(len, starts.values())))


def _known(events: Sequence[CalendarEvent], endless: Sequence[int]) -> Iterator[int]:
    """When everything but series without an end is over, as far as it is known."""
    for n, each in enumerate(events):
        over = each.draft.ends or each.draft.starts
        if over is not None and n not in endless and not each.cancelled:
            yield over


def _starts(event: CalendarEvent, latest: int | None, notes: list[str]) -> list[int]:
    """When the sessions of a series start (Unix ms), in order; `latest` is given where it has no end of its own."""
    where, first, zone = event.draft.where, event.first, event.zone
    times, further = [] if first is None else [first], False
    if first is not None and event.rule is not None:
        try:
            times, further = repeats(event.rule, first, zone, latest)
        except NeverMet as error:
            msg = f"{where} repeats on days that don't exist; mend its rule, or take it away."
            raise ProgrammeError(msg) from error
        except (ValueError, LookupError, TypeError, ArithmeticError):
            notes.append(f"{where} repeats by a rule that isn't followed here; only the first is taken.")
    moments = {unix_ms(at.replace(tzinfo=zone)) for at in times if at.date() not in event.without_days}
    found = sorted(moments.union(event.more) - event.without)
    if latest is not None and len(times) == 1:
        notes.append(
            f"{where} repeats without an end, and nothing else in the file is later; only the first is taken. "
            "Give it an end (UNTIL or COUNT)."
        )
    elif latest is not None:
        notes.append(
            f"{where} repeats without an end; {len(found)} sessions are taken, until the rest of the file ends."
        )
    elif further:
        notes.append(f"{where} repeats for longer than is taken at once; the first {len(found)} sessions are taken.")
    else:
        notes.append(f"{where} repeats: {len(found)} sessions.")
    return found[:MOST_TIMES]


def _moved(draft: SessionDraft, at: int) -> SessionDraft:
    """The series' session at another time: as long as the first."""
    ends = None if draft.ends is None or draft.starts is None else at + draft.ends - draft.starts
    return msgspec.structs.replace(draft, starts=at, ends=ends)


def _session(event: CalendarEvent, at: int, draft: SessionDraft) -> SessionDraft:
    """With an id of its own; the first has that of the series, as when nothing repeats."""
    if at == event.draft.starts and event.replaces is None:
        return msgspec.structs.replace(draft, id=event.draft.id)
    stamp = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    return msgspec.structs.replace(draft, id=f"{event.draft.id or event.draft.title}-{stamp}")
