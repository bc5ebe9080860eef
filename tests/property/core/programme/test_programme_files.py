"""Laws of conference files: any input gives a programme or one sentence, and a second import changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.kernel.ids import is_name
from moothall.core.programme.changes import UNTOUCHED, changes, merged
from moothall.core.programme.plan import Planned, Room, Timetable, name_of, readable_name
from moothall.core.programme.reading import read_programme
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


@given(st.text(), st.text())
def test_names_are_names_and_keep_texts_apart(first: str, second: str) -> None:
    assert is_name(name_of(first))
    assert is_name(readable_name(first))
    if first.strip().lower() != second.strip().lower():
        assert name_of(first) != name_of(second)
