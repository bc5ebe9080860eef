"""Reads a programme from the `schedule.xml` of frab or pretalx."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from xml.etree import ElementTree  # a DOCTYPE, which makes XML dangerous, is refused below

from moothall.core.kernel.errors import ProgrammeError
from moothall.core.programme.drafts import (
    FileContext,
    SessionDraft,
    called,
    drafts_of,
    languages_in,
    readable,
    timetable,
)
from moothall.core.programme.plan import Timetable
from moothall.core.programme.times import duration, moment, zone_of


def read_frab_xml(text: str, reading: FileContext) -> Timetable:
    """Read a `<schedule>` document; raises ProgrammeError.

    The text has been decoded before, so that no other encoding can hide a DOCTYPE from the check. Without a DOCTYPE
    there are no entities, so nothing in the file can expand or refer to other files.
    """
    if "<!doctype" in text.lower():
        raise ProgrammeError("The XML has a DOCTYPE, which no schedule needs and which is not read. Take it out.")
    try:
        root = ElementTree.fromstring(text)  # noqa: S314  # no DOCTYPE, so no entities
    except (ElementTree.ParseError, ValueError) as error:
        raise ProgrammeError(f"That is not XML: {str(error)[:200]}.") from error
    if root.tag != "schedule":
        msg = f"The XML begins with <{str(root.tag)[:60]}>; a schedule of frab or pretalx begins with <schedule>."
        raise ProgrammeError(msg)
    named = _text(root, "conference/time_zone_name")
    wrong: list[str] = []
    zone = readable(wrong, lambda: zone_of(named, reading.zones), reading.zone) if named else reading.zone
    title = _text(root, "conference/title")
    return timetable(
        source=_text(root, "conference/acronym") or title,
        title=title,
        drafts=drafts_of(_events(root), lambda event, number: _draft(event, number, zone, reading)),
        reading=reading,
        notes=(),
        zone=named,
        wrong=wrong,
    )


def _events(root: ElementTree.Element) -> Iterator[tuple[ElementTree.Element, str, str]]:
    """Yield each event with its room and its day."""
    for day in root.iterfind("day"):
        for room in day.iterfind("room"):
            for event in room.iterfind("event"):
                yield event, room.get("name") or _text(event, "room"), day.get("date") or ""


def _draft(
    found: tuple[ElementTree.Element, str, str], number: int, zone: tzinfo, reading: FileContext
) -> SessionDraft:
    event, room, day = found
    title = _text(event, "title")
    where, wrong = called(title, number), list[str]()
    written = _text(event, "date") or f"{day} {_text(event, 'start')}".strip()
    starts = readable(wrong, lambda: moment(written, zone, where), None) if written else None
    lasts = _text(event, "duration")
    length = readable(wrong, lambda: duration(lasts, where), None) if lasts else None
    spoken = _text(event, "language")
    return SessionDraft(
        where=where,
        # Ids that stay when a title changes come first; a slug contains the title.
        id=event.get("code") or event.get("id") or event.get("guid") or _text(event, "slug"),
        title=title,
        room=room,
        starts=starts,
        ends=None if starts is None or length is None else starts + round(length.total_seconds() * 1000),
        languages=readable(wrong, lambda: languages_in(spoken, where, reading.language_names), ()),
        speakers=tuple(
            (person.get("code") or person.get("id") or "", "".join(person.itertext()))
            for person in event.iterfind("persons/person")
        ),
        wrong=tuple(wrong),
    )


def _text(element: ElementTree.Element, path: str) -> str:
    return (element.findtext(path) or "").strip()
