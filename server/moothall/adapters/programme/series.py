"""Turns events of a calendar into sessions: each occurrence of a series into a session, with its changes and
cancellations.
"""

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
"""The most series of a file; computing the times of a rule may take some 20 ms."""


class CalendarEvent(msgspec.Struct, frozen=True, kw_only=True):
    """A VEVENT after parsing."""

    draft: SessionDraft
    first: datetime | None
    """The start by the clock of `zone`, naive; None when it is missing or can't be read."""
    zone: tzinfo
    rule: vRecur | None = None
    """The rule by which the event repeats; None when it has none."""
    more: tuple[int, ...] = ()
    """Further starts (RDATE, Unix ms)."""
    without: frozenset[int] = frozenset()
    """Excluded starts (EXDATE, Unix ms)."""
    without_days: frozenset[date] = frozenset()
    """Excluded days (EXDATE without a time)."""
    replaces: int | None = None
    """The start of the occurrence that this event changes (RECURRENCE-ID, Unix ms); None when it changes none."""
    cancelled: bool = False

    @property
    def repeats(self) -> bool:
        """Whether the event is a series that can be followed. A series with a fault is not, so that the fault is
        reported once and not for each occurrence.
        """
        given = self.rule is not None or self.more
        whole = self.first is not None and self.replaces is None and not self.cancelled
        return bool(given) and whole and not self.draft.wrong and not any(misfits(self.draft))


def sessions(events: Sequence[CalendarEvent], notes: list[str]) -> list[SessionDraft]:
    """Return all sessions in the order of their events; add a sentence to `notes` for each series.

    A series without an end continues until everything else in the file is over. Raises ProgrammeError for too many
    series or sessions.
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
    """Yield the ends (Unix ms) of all events except series without an end, as far as they are known."""
    for n, each in enumerate(events):
        over = each.draft.ends or each.draft.starts
        if over is not None and n not in endless and not each.cancelled:
            yield over


def _starts(event: CalendarEvent, latest: int | None, notes: list[str]) -> list[int]:
    """The starts of a series' sessions (Unix ms), in order; `latest` is given when the series has no end of its own."""
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
    """The session of the series at another time, with the length of the first."""
    ends = None if draft.ends is None or draft.starts is None else at + draft.ends - draft.starts
    return msgspec.structs.replace(draft, starts=at, ends=ends)


def _session(event: CalendarEvent, at: int, draft: SessionDraft) -> SessionDraft:
    """The session with an id of its own; the first session has the series' id, as if nothing repeated."""
    if at == event.draft.starts and event.replaces is None:
        return msgspec.structs.replace(draft, id=event.draft.id)
    stamp = datetime.fromtimestamp(at / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    return msgspec.structs.replace(draft, id=f"{event.draft.id or event.draft.title}-{stamp}")
