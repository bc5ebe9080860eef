"""A programme as frab and pretalx publish it in `schedule.xml`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from xml.etree import ElementTree  # what makes it dangerous, a DOCTYPE, is refused below

from moothall.core.errors import ProgrammeError
from moothall.core.programme.drafts import Draft, Reading, drafts_of, languages_in, timetable
from moothall.core.programme.plan import Timetable
from moothall.core.programme.times import duration, moment, zone_of


def read_frab_xml(text: str, reading: Reading) -> Timetable:
    """Read `<schedule>`; raises ProgrammeError.

    The text was decoded by us, so no other encoding can hide a DOCTYPE from the look-out for one: without it there
    are no entities, and nothing in the file can grow or reach out.
    """
    if "<!doctype" in text.lower():
        msg = "The XML has a DOCTYPE, which no schedule needs and which is not read. Take it out."
        raise ProgrammeError(msg)
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, so no entities
    except (ElementTree.ParseError, ValueError) as error:
        msg = f"That is not XML: {str(error)[:200]}."
        raise ProgrammeError(msg) from error
    if root.tag != "schedule":
        msg = f"The XML begins with <{str(root.tag)[:60]}>; a schedule of frab or pretalx begins with <schedule>."
        raise ProgrammeError(msg)
    named = _text(root, "conference/time_zone_name")
    zone = zone_of(named, reading.zones) if named else reading.zone
    title = _text(root, "conference/title")
    return timetable(
        source=_text(root, "conference/acronym") or title,
        title=title,
        drafts=drafts_of(_events(root), lambda event: _draft(*event, zone, reading)),
        reading=reading,
        notes=(),
        zone=named,
    )


def _events(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, str]]:
    """Each event with its room and its day."""
    for day in root.iterfind("day"):
        for room in day.iterfind("room"):
            for event in room.iterfind("event"):
                yield event, room.get("name") or _text(event, "room"), day.get("date") or ""


def _draft(event: ElementTree.Element, room: str, day: str, zone: tzinfo, reading: Reading) -> Draft:
    title = _text(event, "title")
    where = f"“{title[:60]}”"
    written = _text(event, "date") or f"{day} {_text(event, 'start')}".strip()
    starts = moment(written, zone, where) if written else None
    lasts = _text(event, "duration")
    ends = None if starts is None or not lasts else starts + round(duration(lasts, where).total_seconds() * 1000)
    return Draft(
        where=where,
        # What stays when a title changes comes first; a slug holds the title.
        id=event.get("code") or event.get("id") or event.get("guid") or _text(event, "slug"),
        title=title,
        room=room,
        starts=starts,
        ends=ends,
        languages=languages_in(_text(event, "language"), where, reading.language_names),
        speakers=tuple(
            (person.get("code") or person.get("id") or "", "".join(person.itertext()))
            for person in event.iterfind("persons/person")
        ),
    )


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
