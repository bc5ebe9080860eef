from __future__ import annotations

from moothall.core.events import types as ev
from moothall.core.kernel.ids import ChannelId
from moothall.record.model import Missing, Record, RecordedLine
from moothall.record.parallel import ParallelRow, RecordItem, parallel
from moothall.record.wording import Options
from support.record.golden import ARABIC, CHINESE, ENGLISH, FRENCH, Golden, golden_records
from support.sessions.record_maker import FLOOR

SPANISH = ChannelId("mt-es")
ROUTE = "argos 1.9 en>es"


def told() -> Golden:
    session = Golden("Plenary", ("en", "es"))
    for channel in (SPANISH, ChannelId("mt-fr")):
        session.tell(
            ev.ChannelAdded(channel=channel, kind=ev.ChannelKind.TRANSLATION, languages=(channel.removeprefix("mt-"),))
        )
    return session


def beside(one: Record, other: Record, **options: bool) -> list[ParallelRow]:
    return list(parallel(one, other, Options(**options)))


def texts(rows: list[ParallelRow]) -> list[tuple[str, str]]:
    return [(said(row.first), said(row.second)) for row in rows]


def said(items: tuple[RecordItem, ...]) -> str:
    return " | ".join("-" if isinstance(item, Missing) else item.text for item in items)


def test_a_line_stands_beside_what_it_was_translated_from() -> None:
    session = told()
    lines = [session.line(text, n * 1_000, n * 1_000 + 900, name="Ann") for n, text in enumerate(["One.", "Two."])]
    session.translate(lines[1], "Dos.", SPANISH, ROUTE)
    floor, spanish = session.record(FLOOR), session.record(SPANISH)
    assert texts(beside(floor, spanish)) == [("One.", ""), ("Two.", "Dos.")]
    assert texts(beside(spanish, floor)) == [("", "One."), ("Dos.", "Two.")]
    assert [(row.turn, row.begins) for row in beside(floor, spanish)] == [("Ann", True), ("Ann", False)]
    assert [row.turn for row in beside(floor, spanish, speakers=False)] == [None, None]


def test_two_translations_of_a_line_stand_beside_each_other() -> None:
    session = told()
    line = session.line("One.", 0, 900)
    session.translate(line, "Uno.", SPANISH, ROUTE)
    session.translate(line, "Un.", ChannelId("mt-fr"), ROUTE)
    assert texts(beside(session.record(SPANISH), session.record(ChannelId("mt-fr")))) == [("Uno.", "Un.")]


def test_what_an_interpreter_says_stands_beside_what_was_being_said() -> None:
    session = told()
    french = FRENCH
    session.line("Before.", 500, 900, channel=french, language="fr")
    for n in range(2):
        session.line(f"Line {n}.", 1_000 + n * 4_000, 4_000 + n * 4_000)
    for t0, text in ((1_500, "Une."), (3_000, "Deux."), (6_000, "Trois."), (12_000, "Après la coupure.")):
        session.line(text, t0, t0 + 900, channel=french, language="fr")
    session.tell(ev.GapNoted(channel=FLOOR, t0=10_000, t1=11_000, reason=ev.GapReason.OVERLOAD))
    assert texts(beside(session.record(FLOOR), session.record(french))) == [
        ("", "Before."),
        ("Line 0.", "Une. | Deux."),
        ("Line 1.", "Trois."),
        ("-", ""),
        ("", "Après la coupure."),
    ]


def test_a_span_without_text_stands_once_where_both_texts_lack_it() -> None:
    session = told()
    session.line("One.", 0, 900, name="Ann")
    session.tell(ev.GapNoted(channel=FLOOR, t0=1_000, t1=2_000, reason=ev.GapReason.OVERLOAD))
    session.tell(ev.NotRecordedBegan(t0=3_000), ev.NotRecordedEnded(t1=4_000))
    session.line("Two.", 5_000, 5_900, name="Ann")
    rows = beside(session.record(FLOOR), session.record(SPANISH))
    assert [row.common is not None for row in rows] == [False, False, True, False]
    assert texts(rows) == [("One.", ""), ("-", ""), ("-", "-"), ("Two.", "")]
    assert [row.begins for row in rows] == [True, True, True, True], "the speaker is named again"
    assert [row.t0 for row in rows] == [0, 1_000, 3_000, 5_000]


def test_each_item_of_the_golden_session_stands_in_one_row() -> None:
    records = golden_records()
    for one, other in ((FLOOR, ENGLISH), (ARABIC, FLOOR), (CHINESE, ARABIC), (FLOOR, FRENCH), (FRENCH, ENGLISH)):
        rows = beside(records[one], records[other])
        for record, items in (
            (records[one], [item for row in rows for item in row.first]),
            (records[other], [item for row in rows for item in row.second]),
        ):
            whole: list[RecordItem] = [*record.lines, *record.missing]
            assert sorted(map(key, items)) == sorted(map(key, whole))


def key(item: RecordItem) -> str:
    return item.segment if isinstance(item, RecordedLine) else f"{item.absence} {item.t0}"
