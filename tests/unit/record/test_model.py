from __future__ import annotations

import msgspec
import pytest

from moothall.core.events import lines as le
from moothall.core.events import types as ev
from moothall.core.kernel.actors import Actor, Role
from moothall.core.kernel.ids import ChannelId, Epoch, Position, SegmentId, SessionId, SpeakerId
from moothall.core.views.reading_order import BREAK_SET_BACK
from moothall.record.model import Absence, Missing, RecordFold
from moothall.testing.clock import SeededSigner
from support.sessions.record_maker import FLOOR, Telling, meeting, tagged_wrongly, timed
from support.sessions.recorder import EPOCH, MORNING, SESSION

FR = ChannelId("fr")


def test_a_record_of_nothing() -> None:
    record = RecordFold(SessionId("plenary"), Epoch("e"), FLOOR).record()
    assert (record.lines, record.missing, record.until, record.language) == ((), (), 0, "")
    assert record.position == Position(Epoch("e"), 0)
    assert not record.finished


def test_lines_are_as_readers_saw_them_last() -> None:
    record = meeting().record()
    assert (record.id, record.language, record.finished) == (SESSION, "en", True)
    assert [(line.name, line.origin, line.mended, line.revision) for line in record.lines[2:5]] == [
        ("أحمد", le.Origin.MACHINE, False, 0),
        ("<v Chair>", le.Origin.MACHINE, True, 1),
        ("", le.Origin.PERSON, False, 0),
    ]
    assert record.lines[3].text == "We were ready."
    assert [word.text for word in record.lines[3].words] == ["We", " where", " ready."]
    assert record.lines[4].text == "1984 42 00:00:01,000 --> 00:00:02,000 line"
    assert record.until == 212_000


def test_another_text_of_the_session_has_its_own_lines() -> None:
    record = meeting().record(FR)
    assert (record.lines, record.kind, record.languages) == ((), ev.ChannelKind.INTERPRETATION, ("fr",))
    assert [span.absence for span in record.missing] == [Absence.NOT_RECORDED]


def test_how_good_the_text_is_is_told_of_that_text_alone() -> None:
    quality = meeting().record().quality
    assert quality is not None
    assert (quality.words, quality.lines, quality.corrected.by_person) == (153, 4, 1)
    assert quality.delay is None  # it was told faster than anybody speaks
    assert meeting().record(FR).quality is None


def test_a_line_that_grows_has_no_end_yet() -> None:
    told = Telling()
    told.line("", 4_000, None, words=timed("not yet", 4_000))
    record = told.record()
    assert [(line.text, line.t1) for line in record.lines] == [("not yet", None)]
    assert record.until == 4_000


def test_what_is_gone_or_blank_is_not_in_the_record() -> None:
    told = Telling()
    told.line("\n\u2028 ", 0, 1)
    gone = told.line("moved", 10, 20)
    told.line("stays", 30, 40)
    told.tell(le.SegmentsMovedAway(channel=FLOOR, segments=(gone,), session=SessionId("other")))
    assert [line.text for line in told.record().lines] == ["stays"]


def test_lines_stand_in_order_of_time_but_for_times_that_tremble() -> None:
    told = Telling()
    for text, t0 in [("b", 1_000), ("c", 5_000), ("d", 4_900), ("a", 500), ("e", 9_000)]:
        told.line(text, t0, t0 + 100)
    assert "".join(line.text for line in told.record().lines) == "abcde"


def test_all_spans_without_text_are_told_in_order_of_time() -> None:
    told = Telling()
    told.tell(ev.NotRecordedEnded(t1=5))  # Its beginning was removed.
    told.tell(ev.NotRecordedBegan(t0=50_000), ev.NotRecordedEnded(t1=60_000))
    told.tell(ev.NotRecordedBegan(t0=95_000), ev.NotRecordedEnded(t1=95_000), ev.NotRecordedBegan(t0=90_000))
    for n in range(60):
        told.tell(ev.GapNoted(channel=FLOOR, t0=n, t1=n + 1, reason=ev.GapReason.OVERLOAD))
    told.tell(ev.GapNoted(channel=FR, t0=7, t1=8, reason=ev.GapReason.STORAGE))
    record = told.record()
    assert len(record.missing) == 62
    assert record.missing[0] == Missing(t0=0, t1=1, absence=Absence.GAP, reason=ev.GapReason.OVERLOAD)
    assert [(span.t0, span.t1) for span in record.missing[-2:]] == [(50_000, 60_000), (90_000, None)]
    assert record.until == 90_000


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ((ev.SessionPaused(t=50, t0=50),), [(50, None, False)]),
        ((ev.SessionPaused(t=50, t0=20), ev.SessionResumed(t=90, t1=90)), [(20, 90, False)]),
        ((ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=90, t1=70)), [(50, 70, True)]),
        ((ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=90, t1=50)), [(50, 50, True)]),
        ((ev.SessionPaused(t=50, t0=50), ev.SessionResumed(t=50, t1=50)), []),
        ((ev.SessionPaused(t=50, t0=50), ev.SessionClosed(t=80)), [(50, 80, False)]),
        ((ev.SessionPaused(t=50), ev.SessionResumed(t=90), ev.SessionClosed(t=99)), []),
    ],
)
def test_breaks_are_told_as_on_the_page(
    events: tuple[ev.AnyEvent, ...], spans: list[tuple[int, int | None, bool]]
) -> None:
    told = Telling()
    told.tell(*events)
    record = told.record()
    assert [(span.t0, span.t1, span.set_back) for span in record.missing] == spans
    assert all(span.absence is Absence.BREAK for span in record.missing)
    shown = [(gap.t0, gap.t1, gap.reason == BREAK_SET_BACK) for gap in record.session.gaps]
    assert shown == [span for span in spans if span[1] is not None], "page and record say the same"


def test_it_says_by_what_it_can_be_verified() -> None:
    told = meeting(closed=False)
    told.records.append(told.recorder.checkpoint(SeededSigner()))
    told.tell(ev.SessionClosed(t=220_000), ev.RecordSealed(version=ev.SealVersion.FINAL, n=3))
    record = told.record()
    assert record.position == Position(EPOCH, told.recorder.offset)
    assert record.heads == {lane: head for lane, head in told.recorder.heads.items() if lane != "ch:fr"}
    assert record.checkpoint is not None
    assert record.checkpoint.offset == told.recorder.offset - 2
    assert record.checkpoint.key == SeededSigner().key_id
    assert set(record.checkpoint.lanes) == {"session", "ch:floor", "w:floor"}
    assert record.seal is not None
    assert (record.seal.version, record.seal.n, record.seal.at) == (
        ev.SealVersion.FINAL,
        3,
        MORNING + 40 * record.seal.offset,
    )


def test_a_fold_goes_on_where_it_stopped() -> None:
    told = meeting()
    fold = RecordFold(SESSION, EPOCH, FLOOR)
    mine = [record for record in told.records if record.header.lane in fold.feed.lanes]
    for record in mine:
        assert not fold.take([record])
    assert fold.position.offset == mine[-1].header.offset
    assert fold.record() == told.record()


def test_it_says_when_something_was_removed() -> None:
    told = Telling()
    told.line("secret", 0, 900)
    offset = told.recorder.offset
    told.records[-2:] = [msgspec.structs.replace(record, salt=None, body=None) for record in told.records[-2:]]
    told.tell(ev.BodyRemoved(offsets=(offset - 1, offset), reason="request", by="staff-1"))
    fold = RecordFold(SESSION, EPOCH, FLOOR)
    assert fold.take([record for record in told.records if record.header.lane in fold.feed.lanes])
    assert fold.record().lines == ()


def test_names_are_as_they_were_mended_last() -> None:
    told = Telling()
    told.line("Hello.", 0, 900, name="Jon\nDoe")
    told.tell(ev.SpeakerIntroduced(speaker=SpeakerId("p0"), name="John  Doe"))
    told.tell(ev.SpeakerAssigned(segments=(SegmentId("nobody's"),), speaker=None), by=Actor(Role.MODERATOR, "m"))
    assert told.record().lines[0].name == "John Doe"


def test_a_record_names_no_language_by_a_tag_that_is_none() -> None:
    record = tagged_wrongly().record()
    assert (record.languages, record.session.languages) == (("en",), ("en",))
    assert [line.language for line in record.lines] == ["und", "und", "pt-BR"]
    (asked,) = record.asked
    assert asked.answer is not None
    assert (asked.language, asked.answer.language) == ("und", "und")
