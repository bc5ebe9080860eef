from __future__ import annotations

import pytest

from moothall.core.kernel.errors import ProgrammeError
from support.files.programme_files import read


def schedule(events: str, conference: str = "<title>Forum</title>", room: str = 'name="Hall"') -> str:
    return (
        f'<?xml version="1.0" encoding="utf-16"?>\n<schedule><conference>{conference}</conference>'
        f'<day date="1970-01-01"><room {room}>{events}</room></day></schedule>'
    )


def test_the_id_that_stays_when_a_title_changes_is_taken() -> None:
    there = read(
        schedule(
            '<event code="AB" id="1"><title>One</title></event><event id="2" guid="g"><title>Two</title></event>'
            '<event guid="g"><title>Three</title></event><event><title>Four</title><slug>four-4</slug></event>',
            "<acronym>f</acronym>",
        )
    )
    assert [each.session for each in there.sessions] == ["f-ab", "f-2", "f-g", "f-four-4"]


def test_a_time_is_the_date_or_the_days_and_the_start() -> None:
    zone = "<title>Forum</title><time_zone_name>Africa/Nairobi</time_zone_name>"
    there = read(
        schedule(
            "<event id='1'><title>One</title><start>03:00</start><duration>1:00</duration></event>"
            "<event id='2'><title>Two</title><date>1970-01-01T00:00:00Z</date></event>",
            zone,
        )
    )
    assert [(each.starts, each.ends) for each in there.sessions] == [(0, 3_600_000), (0, None)]
    (untimed,) = read(
        "<schedule><day><room name='H'><event id='1'><title>T</title></event></room></day></schedule>"
    ).sessions
    assert untimed.starts is None


def test_people_rooms_and_entities_of_xml_itself() -> None:
    (one,) = read(
        schedule(
            '<event id="1"><title>A &amp; B</title><room>Tent</room><language>fr</language>'
            '<persons><person id="9">Ana <b>Sá</b></person><person code="C">Bo</person></persons></event>',
            room="",
        )
    ).sessions
    assert (one.title, one.room, one.languages) == ("A & B", "tent", ("fr",))
    assert [(speaker.id, speaker.name) for speaker in one.speakers] == [("p-9", "Ana Sá"), ("p-c", "Bo")]


BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize("doctype", [BOMB, '<!DOCTYPE schedule SYSTEM "file:///etc/passwd">', "<!doctype x>"])
def test_a_doctype_is_refused_whatever_it_says(doctype: str) -> None:
    with pytest.raises(ProgrammeError, match="DOCTYPE"):
        read(f"<?xml version='1.0'?>{doctype}<schedule>&b;</schedule>")


@pytest.mark.parametrize(
    "text", ["<schedule>", "<schedule>&b;</schedule>", "<a/><b/>", "<", "<schedule>\x01</schedule>"]
)
def test_what_is_not_xml_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ProgrammeError, match="not XML"):
        read(text)


def test_other_xml_is_refused_with_a_sentence() -> None:
    with pytest.raises(ProgrammeError, match="begins with <html>"):
        read("<html/>")


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ProgrammeError) as raised:
        read(
            schedule(
                "<event><title>A</title><date>soon</date><duration>long</duration><language>xx!</language></event>"
                "<event id='b'/>",
                "<time_zone_name>Mars/Base</time_zone_name>",
            )
        )
    assert [" ".join(sentence.split()[:5]) for sentence in raised.value.sentences] == [
        "The time zone 'Mars/Base' is",
        "“A”: 'soon' is no time;",
        "“A”: 'long' is no length",
        "“A”: 'xx!' names no language;",
        "Session 2 of the file:",
    ]
