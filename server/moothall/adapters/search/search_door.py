"""`/search?q=`: moments in the records that a visitor may read, as a page that needs no script, and as JSON where that
is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import date
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web
from babel.dates import format_date

from moothall.adapters.http.forwarded import AddressOf
from moothall.adapters.http.limits import AddressGate
from moothall.adapters.pages.catalogues import COMMA, DAYS, Catalogue
from moothall.adapters.pages.request_context import HttpProblem, language, own_html, own_json, refusal, wants_json
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import DoorText, ErrorText
from moothall.adapters.reading.page_rows import times_are
from moothall.core.kernel.decoding import number_in
from moothall.core.kernel.errors import StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import direction
from moothall.core.kernel.times import Zone, iso_time, media_time
from moothall.core.programme.plan import RoomId
from moothall.core.search.choosing import KINDS, FindChoice
from moothall.core.search.lines import FoundBy
from moothall.core.search.query import MOST_CHARACTERS, MarkedPiece, pieces
from moothall.services.search.ports import IndexBusy
from moothall.services.search.searching import MOST_PAGES, Moment, Results, Searching

MOST_VALUES = 12
"""Values of a kind that are offered. Overflow: those with the fewest finds are left out."""
LONGEST_VALUE = 200
"""Characters of a chosen value."""
PATH = "/search"
LINKS = "links"
"""The value of `in` with which records are searched that only the visitor's links open."""
_ROBOTS = {"X-Robots-Tag": "noindex"}


class SearchText:
    """Keys of the texts that are in no template."""

    BUSY = "Many people search at the moment. Please try again in a minute."
    SOURCES: Mapping[str, str] = {
        FoundBy.PERSON: "Written by a person",
        FoundBy.MACHINE: "Written by a machine",
        FoundBy.TRANSLATION: "Translated by a machine",
        FoundBy.IMPORTED: "Imported",
    }
    KINDS: Mapping[str, str] = {
        "meeting": "Meeting",
        "room": "Place",
        "year": "Year",
        "language": "Language",
        "source": "How it was written",
        "speaker": "Speaker",
    }


class JsonMoment(msgspec.Struct, frozen=True, kw_only=True):
    """A moment, as `/search` gives it in JSON."""

    session: str
    title: str
    at: str | None
    """When it was said, ISO 8601 with the offset from UTC; null where that isn't known."""
    channel: str
    line: str
    """Id of the line."""
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    language: str
    source: str
    """`person`, `machine`, `translation` or `imported`."""
    name: str
    """The speaker's name; empty where nobody is named."""
    text: str
    marks: tuple[tuple[int, int], ...]
    """Where what was sought stands in the text: first character, and the one after the last."""
    address: str
    """The line's page."""
    sound: str | None
    """Where the line can be heard; null where the sound isn't published."""


class JsonResults(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of `/search` in JSON."""

    query: tuple[str, ...]
    """The words and phrases that were sought. A line that is found has all of them."""
    total: int
    """How many moments there are."""
    page: int
    pages: int
    """How many pages can be asked for."""
    kinds: Mapping[str, Mapping[str, int]]
    """How many moments there are by kind and value, each kind under the choices of the others."""
    moments: tuple[JsonMoment, ...]
    similar: tuple[JsonMoment, ...] = ()
    """Moments without the words that may mean the same, as a program compares meanings; with the first page alone, and
    none where the server doesn't compare them."""


class _Value(msgspec.Struct, frozen=True):
    """A value to choose."""

    label: str
    count: int
    address: str
    here: bool
    """Whether it is chosen; its address takes the choice back."""


class _Kind(msgspec.Struct, frozen=True):
    name: str
    label: str
    values: tuple[_Value, ...]
    chosen: str
    """The label of the chosen value; empty for none."""


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    """A moment on the page."""

    address: str
    title: str
    title_language: str
    """Empty where it has no title of its own."""
    when: str
    moment: str
    """When it was said, ISO 8601."""
    pieces: tuple[MarkedPiece, ...]
    language: str
    direction: str
    facts: tuple[str, ...]
    name: str
    sound: str | None
    original: str
    """The address of what was spoken where the line is a translation; else empty."""


@dataclass(eq=False, repr=False)
class SearchDoor:
    """The handler of `/search`. `place` returns the name of a room, `person` that of a speaker's value."""

    pages: Pages
    searching: Searching
    _: KW_ONLY
    gate: AddressGate
    address_of: AddressOf
    place: Callable[[RoomId], str]
    title_of: Callable[[SessionId], str]
    person: Callable[[str], str]
    """The name for a value of the kind `speaker`; empty for an unknown one."""
    now: Callable[[], int]
    """The present, Unix ms."""
    has_links: Callable[[web.Request], bool] = lambda _: False
    """Whether the visitor has opened a link."""
    has_sound: bool = True
    """Whether published sound can be had here; a hub has none."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/search", self.show)]

    async def show(self, request: web.Request) -> web.Response:
        """Answer with the moments that are found, or with the form alone."""
        ui = language(self.pages, request)
        try:
            if self.gate.take(self.address_of(request)):
                raise HttpProblem(429, DoorText.OFTEN)
            text = request.query.get("q", "")[:MOST_CHARACTERS]
            own = request.query.get("in") == LINKS
            page = number_in(request.query.get("page", "1"), 2) or 0
            if not 1 <= page <= MOST_PAGES:
                raise HttpProblem(400, DoorText.CHOICE, name="page", value=request.query["page"][:LONGEST_VALUE])
            choice = _choice(request)
            results = await self.searching.find(text, choice, page=page, own=own)
            if not self.has_sound:
                results = msgspec.structs.replace(
                    results,
                    moments=tuple(map(_silent, results.moments)),
                    similar=tuple(map(_silent, results.similar)),
                )
        except IndexBusy:
            return self._refuse(request, HttpProblem(503, SearchText.BUSY), ui)
        except StorageUnavailable:
            return self._refuse(request, HttpProblem(503, ErrorText.UNAVAILABLE), ui)
        except HttpProblem as wrong:
            return self._refuse(request, wrong, ui)
        if wants_json(request):
            response = own_json(json_results(results, page, self.pages.zone()))
        else:
            response = own_html(self._page(request, ui, results, _Asked(text, choice, own, page)), ui)
        response.headers.update(_ROBOTS)
        return response

    def _refuse(self, request: web.Request, wrong: HttpProblem, ui: Catalogue) -> web.Response:
        headers = dict(_ROBOTS)
        if wrong.status == 503:
            headers[hdrs.RETRY_AFTER] = "10"
        if wants_json(request):
            response = own_json({"error": ui.text(wrong.key, **wrong.values)}, status=wrong.status)
        else:
            response = refusal(wrong, self.pages, ui)
        response.headers.update(headers)
        return response

    def _page(self, request: web.Request, ui: Catalogue, results: Results, asked: _Asked) -> str:
        zone = self.pages.zone()
        linked, who = self.has_links(request), asked.choice.speaker
        kinds = [self._kind(kind, results, asked, ui) for kind in KINDS]
        return self.pages.render(
            "reader/search.html",
            ui=ui,
            asked=asked,
            sought=bool(results.query.terms),
            times=times_are(zone, self.now(), ui),
            many=ui.counted("{n} line found", results.total),
            rows=[_row(each, ui, zone) for each in results.moments],
            similar=[_row(each, ui, zone) for each in results.similar],
            kinds=[kind for kind in kinds if len(kind.values) > 1 or kind.chosen],
            chosen=[kind for kind in kinds if kind.chosen],
            person=f"/speakers/{quote(who)}{ui.query}" if who and "/" not in who and self.person(who) else "",
            dated=asked.choice.since is not None or asked.choice.until is not None,
            kept=asked.hidden(ui),
            page=asked.page,
            pages=results.pages,
            before=asked.address(ui, page=asked.page - 1) if asked.page > 1 else "",
            after=asked.address(ui, page=asked.page + 1) if asked.page < results.pages else "",
            other=asked.of(not asked.own).address(ui) if linked or asked.own else "",
            agenda=f"/agenda{ui.query}",
            in_language=lambda tag: asked.address(ui, tag=tag, page=asked.page),
        )

    def _kind(self, kind: str, results: Results, asked: _Asked, ui: Catalogue) -> _Kind:
        chosen: str = getattr(asked.choice, kind)
        found = results.kinds.get(kind, {})
        # Speakers of several meetings are not told apart by their names, so they are chosen within one.
        if kind == "speaker" and not (asked.choice.meeting or chosen):
            found = {value: many for value, many in found.items() if "/" not in value}
        ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_VALUES]
        if chosen and chosen not in dict(ranked):
            ranked.append((chosen, 0))
        if kind == "year":
            ranked.sort(reverse=True)
        values = tuple(
            _Value(
                self._label(kind, value, ui),
                many,
                asked.choosing(kind, "" if value == chosen else value).address(ui),
                value == chosen,
            )
            for value, many in ranked
        )
        return _Kind(kind, ui.text(SearchText.KINDS[kind]), values, self._label(kind, chosen, ui) if chosen else "")

    def _label(self, kind: str, value: str, ui: Catalogue) -> str:
        match kind:
            case "meeting":
                return self.title_of(SessionId(value)) or ui.text("Meeting without a title")
            case "room":
                return self.place(RoomId(value)) or value
            case "language":
                return ui.language_name(value)
            case "source":
                key = SearchText.SOURCES.get(value)
                return value if key is None else ui.text(key)
            case "speaker":
                return self.person(value) or ui.text("Speaker not named")
            case _:
                return value


class _Asked(msgspec.Struct, frozen=True):
    """What a visitor asked for, and the addresses of what they may ask next."""

    text: str
    choice: FindChoice
    own: bool
    page: int

    def of(self, own: bool) -> _Asked:
        """The same words in public records, or in those that the visitor's links open."""
        return _Asked(self.text, FindChoice(), own, 1)

    def choosing(self, kind: str, value: str) -> _Asked:
        """With another value of a kind. Speakers belong to a meeting, and go with it."""
        changed = {kind: value, **({"speaker": ""} if kind == "meeting" else {})}
        return _Asked(self.text, msgspec.structs.replace(self.choice, **changed), self.own, 1)

    def hidden(self, ui: Catalogue) -> dict[str, str]:
        """What the form sends along."""
        chosen = {kind: value for kind in KINDS if (value := getattr(self.choice, kind))}
        return {**chosen, **({"in": LINKS} if self.own else {}), **ui.kept}

    def address(self, ui: Catalogue, *, page: int = 1, tag: str = "") -> str:
        """The address of what is asked for; `tag` names another language of the page."""
        days = {"from": self.choice.since, "to": self.choice.until}
        query = {
            "q": self.text,
            **self.hidden(ui),
            **{name: day.isoformat() for name, day in days.items() if day is not None},
            **({"page": str(page)} if page > 1 else {}),
            **({"ui": tag} if tag else {}),
        }
        return f"{PATH}?{urlencode(query)}"


def json_results(results: Results, page: int, zone: Zone) -> JsonResults:
    """Results as they are sent; times are by the clock of `zone`."""
    return JsonResults(
        query=results.query.terms,
        total=results.total,
        page=page,
        pages=results.pages,
        kinds=results.kinds,
        moments=tuple(_json(each, zone) for each in results.moments),
        similar=tuple(_json(each, zone) for each in results.similar),
    )


def _json(moment: Moment, zone: Zone) -> JsonMoment:
    return JsonMoment(
        session=moment.session,
        title=moment.title,
        at=None if moment.opened is None else iso_time(zone.at(moment.opened + moment.t0)),
        channel=moment.channel,
        line=moment.segment,
        t0=moment.t0,
        t1=moment.t1,
        language=moment.language,
        source=moment.source.value,
        name=moment.name,
        text=moment.text,
        marks=moment.marks,
        address=_line(moment, ""),
        sound=_sound(moment),
    )


def _silent(moment: Moment) -> Moment:
    return msgspec.structs.replace(moment, sound=False)


def _choice(request: web.Request) -> FindChoice:
    """The choices that an address names. Raises HttpProblem."""
    chosen = {kind: request.query.get(kind, "")[:LONGEST_VALUE] for kind in KINDS}
    return FindChoice(**chosen, since=_day(request, "from"), until=_day(request, "to"))


def _day(request: web.Request, name: str) -> date | None:
    text = request.query.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise HttpProblem(400, DoorText.CHOICE, name=name, value=text[:LONGEST_VALUE]) from error


def _line(moment: Moment, ui: str) -> str:
    query = {"channel": moment.channel, **({"ui": ui} if ui else {})}
    return f"/s/{quote(moment.session)}/line/{quote(moment.segment)}?{urlencode(query)}"


def _source(source: FoundBy, ui: Catalogue) -> str:
    """How a line was written; of a translation that it isn't official either."""
    translated = source is FoundBy.TRANSLATION
    return ui.named("page/short.on-demand") if translated else ui.text(SearchText.SOURCES[source])


def _sound(moment: Moment) -> str | None:
    if not moment.sound:
        return None
    query = urlencode({"channel": moment.channel, "t": moment.t0})
    return f"/s/{quote(moment.session)}/sound/at?{query}"


def _row(moment: Moment, ui: Catalogue, zone: Zone) -> _Row:
    at = None if moment.opened is None else zone.at(moment.opened + moment.t0)
    between = " " if ui.language in DAYS else COMMA.get(ui.language, ", ")
    day = "" if at is None else format_date(at, "medium", locale=ui.locale)
    when = media_time(moment.t0) if at is None else f"{day}{between}{at:%H:%M}"
    return _Row(
        address=_line(moment, ui.chosen),
        title=moment.title or ui.text("Meeting without a title"),
        title_language=moment.title_language if moment.title else "",
        when=when,
        moment="" if at is None else iso_time(at),
        pieces=pieces(moment.text.strip(), _shifted(moment)),
        language=moment.language,
        direction=direction(moment.language),
        facts=(ui.language_name(moment.language), _source(moment.source, ui)),
        name=moment.name,
        sound=_sound(moment),
        original=f"/s/{quote(moment.session)}/moment/{moment.t0}{ui.query}"
        if moment.source is FoundBy.TRANSLATION
        else "",
    )


def _shifted(moment: Moment) -> Sequence[tuple[int, int]]:
    """The marks in the text without the blanks before it."""
    cut = len(moment.text) - len(moment.text.lstrip())
    return [(start - cut, end - cut) for start, end in moment.marks]
