from __future__ import annotations

import codecs

import msgspec
import pytest

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.reading import read_programme
from moothall.core.programme.table_writing import MOST_BYTES
from support.files.programme_files import FILES, READING, read, sample


@pytest.mark.parametrize("name", FILES)
def test_each_kind_of_file_is_known_by_its_content(name: str) -> None:
    there = read_programme(sample(name), READING)
    assert [room.title for room in there.rooms] == ["Main hall", "Harbour room"]
    assert len(there.sessions) == 8


def test_all_kinds_say_the_same() -> None:
    def said(name: str) -> list[tuple[object, ...]]:
        sessions = read_programme(sample(name), READING).sessions
        found = []
        for each in sessions:
            names = tuple(speaker.name for speaker in each.speakers)
            own = each.session.removeprefix("harbour-")
            found.append((own, each.title, each.room, each.starts, each.ends, each.languages, names))
        return sorted(found)

    first, *others = (said(name) for name in FILES)
    assert all(other == first for other in others)


def test_the_same_file_is_read_in_other_encodings() -> None:
    data = sample("programme.csv")
    plain = read_programme(data, READING)
    marked = [codecs.BOM_UTF8 + data]
    marked += [
        mark + data.decode().encode(name)
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
    ]
    assert [read_programme(each, READING) for each in marked] == [plain] * 3


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\xff\xff", "UTF-8"),
        (codecs.BOM_UTF16_LE + b"\xd8", "UTF-16"),
        (b"PK\x03\x04\0\0", "zero bytes"),
        (bytes(MOST_BYTES + 1), "8 MB"),
        (b"", "'title'"),
    ],
)
def test_other_files_are_refused_with_a_sentence(data: bytes, why: str) -> None:
    with pytest.raises(ProgrammeError, match=why):
        read_programme(data, READING)


@pytest.mark.parametrize(
    ("page", "heading", "name"),
    [
        ("cp1252", "title;room", "Salle des conférences"),
        ("cp1251", "название;зал", "Большой зал"),
        ("cp1256", "العنوان;القاعة", "القاعة الكبرى"),
    ],
)
def test_plain_csv_of_a_spreadsheet_is_read_by_its_code_page(page: str, heading: str, name: str) -> None:
    there = read_programme(f"{heading}\nA;{name}\n".encode(page), READING)
    assert there.rooms[0].title == name
    assert there.notes[0].startswith("The file is not UTF-8 and was read as Windows-12")
    with pytest.raises(ProgrammeError, match="UTF-8"):
        read_programme(f"<schedule>{name}".encode(page), READING)


def test_a_utf_16_doctype_does_not_slip_through() -> None:
    text = '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE s [<!ENTITY a "b">]><schedule>&a;</schedule>'
    with pytest.raises(ProgrammeError, match="DOCTYPE"):
        read_programme(codecs.BOM_UTF16_LE + text.encode("utf-16-le"), READING)


def test_sessions_without_a_language_have_the_readers() -> None:
    reading = msgspec.structs.replace(READING, languages=("sw",))
    assert read_programme(b"title\nOpening", reading).sessions[0].languages == ("sw",)


@pytest.mark.parametrize("name", FILES[1:])
def test_the_conferences_time_zone_is_the_files(name: str) -> None:
    assert read_programme(sample(name), READING).zone == "Africa/Nairobi"


def test_of_a_calendar_without_a_zone_the_one_of_most_events_counts() -> None:
    events = [("a", ";TZID=Africa/Nairobi"), ("b", ";TZID=UTC"), ("c", ";TZID=Africa/Nairobi")]
    text = "\r\n".join(
        f"BEGIN:VEVENT\r\nUID:{name}\r\nSUMMARY:{name}\r\nDTSTART{zone}:20261201T100000\r\nEND:VEVENT"
        for name, zone in events
    )
    assert read(f"BEGIN:VCALENDAR\r\n{text}\r\nEND:VCALENDAR\r\n").zone == "Africa/Nairobi"
