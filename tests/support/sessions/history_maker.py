"""Histories for tests: of a session told in events, also after lines were removed."""

from __future__ import annotations

from msgspec.structs import replace

from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, Position, SegmentId
from moothall.record.citation.history import History, HistoryFold
from support.sessions.record_maker import FLOOR, Telling
from support.sessions.recorder import EPOCH, SESSION

RAPPORTEUR = Actor(Role.RAPPORTEUR, "r1")


def history(told: Telling, channel: ChannelId = FLOOR, *, without: tuple[SegmentId, ...] = ()) -> History:
    """The history of all events so far, after the removal of some lines."""
    fold = HistoryFold(SESSION, EPOCH, channel)
    records = [record for record in told.records if record.header.lane in fold.feed.lanes]
    gone = [f'"{segment}"'.encode() for segment in without]
    fold.take(
        [
            replace(record, body=None, salt=None) if any(name in (record.body or b"") for name in gone) else record
            for record in records
        ]
    )
    assert fold.position == Position(EPOCH, records[-1].header.offset)
    return fold.history()


def offset(told: Telling) -> int:
    return told.records[-1].header.offset


def at(told: Telling) -> int:
    return told.records[-1].header.at


def seal(told: Telling, version: ev.SealVersion, n: int, by: Actor = RAPPORTEUR) -> None:
    told.tell(ev.RecordSealed(version=version, n=n), by=by)
