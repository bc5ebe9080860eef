"""The table of the recommendations of a commissioning document: each with the figure that answers it, year by year.

The table is a TOML file, which the operator may edit: one `[[recommendation]]` for each, with `id`, `section`, `words`
and `figure`, and a `link` where a page shows more.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache

import msgspec

from moothall.core.attendance.online import HOUR_MS
from moothall.core.attendance.ranges import UNKNOWN, PeopleRange, exactly
from moothall.core.attendance.report import YearAttendance
from moothall.core.kernel.errors import ConfigurationError

MOST_BYTES = 200_000
MOST_ENTRIES = 300
LONGEST_WORDS = 500
LONGEST_LINK = 300
NOT_MEASURED = "not measured here"
"""Stands in place of a figure for what this software doesn't measure."""
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}\Z")
_LINK = re.compile(r"(/(?!/)|https?://)[^\s]*\Z")
_FIELDS = {"id": True, "section": True, "words": True, "figure": True, "link": False}
"""The fields of an entry, and whether each is needed."""


class Figure(StrEnum):
    """A figure of a year that the records give."""

    MEETINGS = "meetings"
    CAPTIONED_HOURS = "captioned-hours"
    LANGUAGES = "languages"
    HUBS = "hubs"
    PEOPLE = "people"
    ROOM_PEOPLE = "room-people"
    HUB_PEOPLE = "hub-people"
    ONLINE_PEOPLE = "online-people"
    POLICY_QUESTIONS = "policy-questions"
    QUESTIONS_ASKED = "questions-asked"
    QUESTIONS_ANSWERED = "questions-answered"
    ANSWERED_SHARE = "answered-share"
    REMOTE_SHARE = "remote-share"
    MEMBERS_NAMED = "members-named"
    REPORTS_PUBLISHED = "reports-published"
    MESSAGES_PUBLISHED = "messages-published"
    DOCUMENTS_SENT = "documents-sent"


class PublishedByYear(msgspec.Struct, frozen=True, kw_only=True):
    """What was published and sent, by year."""

    reports: Mapping[int, int] = {}
    """Reports of sessions, in the year of their first version."""
    messages: Mapping[int, int] = {}
    """The messages in the newest version of each of these."""
    sent: Mapping[int, int] = {}
    """Documents that were sent to bodies: one for each document, version and body."""


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of the table."""

    id: str
    section: str
    """The document's section."""
    words: str
    """The document's words, short."""
    figure: Figure | None
    """None: it is not measured here."""
    link: str = ""


class RecommendationRow(msgspec.Struct, frozen=True, kw_only=True):
    """A recommendation with its figures."""

    recommendation: Recommendation
    years: dict[int, PeopleRange]
    """Empty where it is not measured here."""


@lru_cache(maxsize=4)
def read_recommendations(text: str, file: str) -> tuple[Recommendation, ...]:
    """Read the table in the file of that name. Results are cached, since tests run hundreds of servers in one process.

    Raises ConfigurationError with a sentence that names file, entry and field.
    """
    if len(text.encode()) > MOST_BYTES:
        raise ConfigurationError(f"The table of recommendations {file} may have {MOST_BYTES} bytes; it has more.")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"The table of recommendations {file} is not written in TOML: {error}.") from error
    entries = table.get("recommendation")
    if (
        set(table) != {"recommendation"}
        or not isinstance(entries, list)
        or not all(isinstance(e, dict) for e in entries)
    ):
        raise ConfigurationError(
            f"The table of recommendations {file} has to consist of entries that begin with [[recommendation]]."
        )
    if len(entries) > MOST_ENTRIES:
        raise ConfigurationError(f"The table of recommendations {file} may have {MOST_ENTRIES} entries; it has more.")
    found = tuple(_entry(entry, n, file) for n, entry in enumerate(entries, 1))
    for n, each in enumerate(found):
        if any(each.id == other.id for other in found[:n]):
            raise _wrong(file, n + 1, each.id, "id", "is the id of an earlier entry; each needs one of its own")
    return found


def _entry(entry: Mapping[str, object], n: int, file: str) -> Recommendation:
    name = str(entry.get("id", ""))[:40]
    for field in entry:
        if field not in _FIELDS:
            raise _wrong(file, n, name, field[:40], f"is not known; known are {', '.join(_FIELDS)}")
    texts: dict[str, str] = {}
    for field, needed in _FIELDS.items():
        value = entry.get(field, "")
        if not isinstance(value, str):
            raise _wrong(file, n, name, field, "has to be a text in quotation marks")
        texts[field] = " ".join(value.split())
        if needed and not texts[field]:
            raise _wrong(file, n, name, field, "is missing")
        if len(texts[field]) > (LONGEST_LINK if field == "link" else LONGEST_WORDS):
            raise _wrong(
                file, n, name, field, f"may have {LONGEST_LINK if field == 'link' else LONGEST_WORDS} characters"
            )
    if not _ID.match(texts["id"]):
        raise _wrong(file, n, name, "id", "may have letters, digits, '.', '_' and '-', up to 40 of them")
    if texts["link"] and not _LINK.match(texts["link"]):
        raise _wrong(file, n, name, "link", "has to be a path such as '/attendance', or an address with http or https")
    figure = texts["figure"]
    if figure != NOT_MEASURED and figure not in {each.value for each in Figure}:
        known = ", ".join(each.value for each in Figure)
        raise _wrong(
            file, n, name, "figure", f"is '{figure[:40]}', which is not known; known are {known}, and '{NOT_MEASURED}'"
        )
    return Recommendation(
        id=texts["id"],
        section=texts["section"],
        words=texts["words"],
        figure=None if figure == NOT_MEASURED else Figure(figure),
        link=texts["link"],
    )


def _wrong(file: str, n: int, name: str, field: str, what: str) -> ConfigurationError:
    entry = f"entry {n} ('{name}')" if name else f"entry {n}"
    return ConfigurationError(f"In the table of recommendations {file}, {entry}, the field '{field}' {what}.")


_OF: Mapping[Figure, Callable[[YearAttendance], PeopleRange]] = {
    Figure.MEETINGS: lambda year: exactly(year.meetings),
    Figure.CAPTIONED_HOURS: lambda year: exactly(round(year.recorded_ms / HOUR_MS)),
    Figure.LANGUAGES: lambda year: exactly(len(year.languages)),
    Figure.HUBS: lambda year: exactly(year.hubs),
    Figure.PEOPLE: lambda year: year.total,
    Figure.ROOM_PEOPLE: lambda year: year.room,
    Figure.HUB_PEOPLE: lambda year: year.at_hubs,
    Figure.ONLINE_PEOPLE: lambda year: year.online,
    Figure.POLICY_QUESTIONS: lambda year: exactly(year.topics),
    Figure.QUESTIONS_ASKED: lambda year: exactly(year.asked),
    Figure.QUESTIONS_ANSWERED: lambda year: exactly(year.answered),
    Figure.ANSWERED_SHARE: lambda year: _percent(year.answered, year.asked),
    Figure.REMOTE_SHARE: lambda year: _percent(year.taken_remotely, year.taken),
    Figure.MEMBERS_NAMED: lambda year: exactly(year.named),
}


def figure_of(figure: Figure, year: YearAttendance, published: PublishedByYear) -> PeopleRange:
    """A figure of a year; shares in percent."""
    outcomes = {
        Figure.REPORTS_PUBLISHED: published.reports,
        Figure.MESSAGES_PUBLISHED: published.messages,
        Figure.DOCUMENTS_SENT: published.sent,
    }
    return exactly(outcomes[figure].get(year.year, 0)) if figure in outcomes else _OF[figure](year)


def rows(
    table: tuple[Recommendation, ...], years: tuple[YearAttendance, ...], published: PublishedByYear
) -> tuple[RecommendationRow, ...]:
    """The table with its figures."""
    return tuple(
        RecommendationRow(
            recommendation=each,
            years={} if each.figure is None else {year.year: figure_of(each.figure, year, published) for year in years},
        )
        for each in table
    )


def _percent(part: int, whole: int) -> PeopleRange:
    return exactly(round(100 * part / whole)) if whole else UNKNOWN
