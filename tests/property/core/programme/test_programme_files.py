"""Laws of conference files: any input gives a programme or one sentence, and a second import changes nothing, nor does
the import of a table that was written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import SessionId, SpeakerId, is_name
from moothall.core.kernel.times import Zone
from moothall.core.kernel.visible import visible
from moothall.core.programme.changes import UNTOUCHED, changes, merged
from moothall.core.programme.plan import (
    Planned,
    Room,
    RoomId,
    Speaker,
    Timetable,
    in_order,
    name_of,
    readable_name,
)
from moothall.core.programme.reading import read_programme
from moothall.core.programme.table_writing import write_csv
from support.files.programme_files import FILES, READING, sample

starts = st.sampled_from(["title\n", "<schedule>", '{"schedule":', "BEGIN:VCALENDAR\n", ""])


def assert_sentence(text: str) -> None:
    assert text.strip()
    assert len(text) < 600


def read(data: bytes) -> Timetable | None:
    try:
        there = read_programme(data, READING)
    except ProgrammeError as error:
        for sentence in error.sentences:
            assert_sentence(sentence)
        return None
    assert all(is_name(room.id) for room in there.rooms)
    assert all(is_name(each.session) for each in there.sessions)
    assert all(is_name(speaker.id) for each in there.sessions for speaker in each.speakers)
    assert len({each.session for each in there.sessions}) == len(there.sessions)
    return there


@given(st.binary())
def test_any_bytes(data: bytes) -> None:
    read(data)


@given(starts, st.text())
def test_any_text_that_begins_like_a_programme(start: str, text: str) -> None:
    read((start + text).encode("utf-8", "surrogatepass"))


@given(st.sampled_from(FILES), st.data())
def test_a_sample_with_a_piece_put_in_or_cut_out(name: str, data: st.DataObject) -> None:
    whole = sample(name)
    at = data.draw(st.integers(0, len(whole)))
    cut = data.draw(st.integers(0, 40))
    piece = data.draw(
        st.one_of(st.binary(max_size=12), st.sampled_from([b"&a;", b"9999999999", b",,;", b"\r\n", b'"']))
    )
    read(whole[:at] + piece + whole[at + cut :])


LINES = """
BEGIN:VEVENT
END:VEVENT
BEGIN:VTIMEZONE
END:VTIMEZONE
BEGIN:STANDARD
END:STANDARD
TZID:X
UID:1
SUMMARY:A
DTSTART;TZID=X:20260101T100000
DTSTART;VALUE=DATE:20260101
DURATION:PT1H
RRULE:FREQ=MONTHLY;COUNT=3;BYMONTHDAY=31
RRULE:FREQ=YEARLY;BYWEEKNO=60;UNTIL=2027
RRULE:FREQ=DAILY
RDATE;VALUE=PERIOD:20260102T100000Z/PT1H
EXDATE;TZID=Y:20260102T100000
RECURRENCE-ID:20260102
TZOFFSETFROM:+0100
TZOFFSETTO:+0100
DTSTART:16010101T000000
ATTENDEE;CN=:x
DTEND:99991231T235959Z
"""
lines = st.sampled_from(LINES.split())


@given(st.lists(lines, max_size=12))
def test_any_lines_of_a_calendar(given: list[str]) -> None:
    for text in ("\n".join(given), "BEGIN:VEVENT\nSUMMARY:A\n" + "\n".join(given) + "\nEND:VEVENT"):
        read(f"BEGIN:VCALENDAR\n{text}\nEND:VCALENDAR\n".encode())


def apply(rooms: Sequence[Room], planned: Sequence[Planned], wanted: Timetable) -> tuple[list[Room], list[Planned]]:
    """As the import does, without logs."""
    there = {each.session: each for each in planned}
    known = {room.id for room in rooms}
    for change in changes(rooms, planned, wanted):
        if change.after is not None and change.kind not in UNTOUCHED:
            after = change.after
            there[after.session] = after if change.before is None else merged(change.before, after)
    return [*rooms, *(room for room in wanted.rooms if room.id not in known)], list(there.values())


cells = st.text(st.characters(codec="utf-8", exclude_characters='"\r\n\0'), max_size=8)


@st.composite
def tables(draw: st.DrawFn) -> bytes:
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(0, 5).map(str),
                st.sampled_from(["A", "B", "会"]),
                st.sampled_from(["", "Hall", "Tent"]),
                st.sampled_from(["", "1970-01-01", "1970-01-02"]),
                st.just("1:00"),
                st.just("en"),
                cells,
            ),
            min_size=1,
            unique_by=lambda row: row[0],
        )
    )
    lines = ["id,title,room,start,duration,languages,speakers"]
    return "\n".join([*lines, *(",".join(f'"{cell}"' for cell in row) for row in rows)]).encode()


@given(tables(), tables())
def test_what_was_imported_changes_nothing_when_it_is_imported_again(first: bytes, second: bytes) -> None:
    one, two = read(first), read(second)
    assert one is not None
    assert two is not None
    rooms, planned = apply([], [], one)
    assert changes(rooms, planned, one) == ()
    rooms, planned = apply(rooms, planned, two)
    assert {change.kind for change in changes(rooms, planned, two)} <= UNTOUCHED
    assert len(planned) == len({each.session for each in (*one.sessions, *two.sessions)})


written = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).map(
    lambda text: " ".join(visible(text).split())
)
titles = st.one_of(written, st.sampled_from(["=1+1", "'-1", "' +", '"', "a;b", "a,b", '"a";b', "@"])).filter(bool)
moments = st.integers(-2_208_000_000_000, 32_400_000_000_000)
spans = st.one_of(st.none(), st.tuples(moments, st.one_of(st.none(), st.integers(1, 604_800_000))))
name_letters = "abz0189_.-"


@st.composite
def programmes(draw: st.DrawFn) -> tuple[tuple[Room, ...], tuple[Planned, ...]]:
    """Rooms and meetings as imports, forms and past records make them."""
    rooms = {RoomId(readable_name(title)): title for title in draw(st.lists(titles, max_size=3))}
    ids = st.text(name_letters, max_size=62).map(lambda text: f"a{text}0")
    planned: list[Planned] = []
    for session in draw(st.lists(ids, min_size=1, max_size=5, unique=True)):
        starts, ends = draw(spans) or (None, None)
        names = draw(st.lists(titles, max_size=3, unique_by=readable_name))
        planned.append(
            Planned(
                session=SessionId(session),
                room=draw(st.sampled_from([None, *rooms])),
                title=draw(titles),
                starts=starts,
                ends=None if starts is None or ends is None else starts + ends,
                languages=draw(st.sampled_from([("en",), ("fr", "pt-BR"), ("zh-Hant", "ar", "en"), ()])),
                speakers=tuple(Speaker(id=SpeakerId(readable_name(name)), name=name) for name in names),
                source="programme",
            )
        )
    return tuple(Room(id=room, title=title) for room, title in rooms.items()), in_order(planned)


@given(programmes(), st.integers(-50_400, 50_400))
def test_the_table_of_a_programme_is_taken_back_without_a_difference(
    there: tuple[tuple[Room, ...], tuple[Planned, ...]], offset: int
) -> None:
    rooms, planned = there
    zone = Zone("Africa/Nairobi", timezone(timedelta(seconds=offset)))
    again = read(write_csv(planned, {room.id: room.title for room in rooms}, zone))
    assert again is not None
    assert again.sessions == planned
    assert {room.id for room in again.rooms} == {each.room for each in planned if each.room is not None}
    assert set(again.rooms) <= set(rooms)
    assert changes(rooms, planned, again) == ()
    assert again.zone == zone.name


@given(st.text(), st.text())
def test_names_are_names_and_keep_texts_apart(first: str, second: str) -> None:
    assert is_name(name_of(first))
    assert is_name(readable_name(first))
    if first.strip().lower() != second.strip().lower():
        assert name_of(first) != name_of(second)
