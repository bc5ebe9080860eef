from __future__ import annotations

import msgspec

from moothall.core.events.types import SealVersion
from moothall.core.kernel.ids import SessionId
from moothall.core.programme.changes import AgendaChange, AgendaChangeKind
from moothall.services.programme.news import NewsKind, happened, planned, tag_of
from moothall.services.sessions.catalogue import Entry, Sealing, Withdrawal

S = SessionId("s")
FULL = Entry(
    session=S,
    opened=10,
    closed=20,
    seals=(Sealing(offset=5, at=30, version=SealVersion.CHECKED, n=1),),
    mended=40,
    withdrawals=(Withdrawal(offset=9, at=50, reason="request", events=2),),
)


def test_each_thing_that_happened_has_a_key_of_its_own_and_a_time() -> None:
    assert [(each.key, each.at) for each in happened(FULL)] == [
        ("begun", 10),
        ("closed/20", 20),
        ("sealed/1", 30),
        ("mended/40", 40),
        ("withdrawn/9", 50),
    ]
    assert [each.seal for each in happened(FULL) if each.kind is NewsKind.SEALED] == list(FULL.seals)
    assert list(happened(Entry(session=S))) == []


def test_nobody_could_read_an_imported_meeting_live() -> None:
    assert next(happened(msgspec.structs.replace(FULL, imported=True))).kind is NewsKind.CLOSED


def test_a_change_of_the_programme_is_news_under_the_key_that_feeds_always_had() -> None:
    change = AgendaChange(at=7, session=S, kind=AgendaChangeKind.NEW)
    (each,) = planned([change])
    assert (each.key, each.at, each.change, each.session) == ("plan/7-new", 7, change, S)


def test_ids_begin_with_the_name_of_the_server() -> None:
    assert tag_of("https://text.example.org/x") == "tag:text.example.org,2026"
    assert tag_of("") == "tag:moothall,2026"
