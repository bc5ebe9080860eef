"""Finds moments in the records that a visitor may read.

Public records are found by everybody, best finds first. Records that the visitor's links open are sought apart, on
their own shelves and one session after the other, so that neither counts, order nor pages of one tell anything of
another. The text of each find is read from the log: what was removed there is not shown, however far the index has
come.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from datetime import date

import msgspec

from moothall.core.events.types import Access
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import ChannelId, SegmentId, SessionId, SpeakerId
from moothall.core.kernel.languages import primary
from moothall.core.ports import Clock, LogReading
from moothall.core.programme.plan import RoomId
from moothall.core.search.choosing import FindChoice, SearchedSession
from moothall.core.search.folding import STEMMED, Folding
from moothall.core.search.lines import FoundBy, Shelf, text_in
from moothall.core.search.people import SpeakerOf
from moothall.core.search.query import Query, SoughtTerms, has_all, marks, parse, sought
from moothall.services.search.ports import Finds, FoundLine, SearchIndex, SimilarLines, SoughtIn, Whereabouts
from moothall.services.sessions.catalogue import Entry
from moothall.services.supervision.waiting import within

PAGE = 20
"""Moments on a page."""
MOST_SIMILAR = 8
"""Similar lines on a page. Overflow: those least like the query are left out."""
SIMILAR_MS = 1_500
"""How long similar lines are waited for."""
PATIENCE_MS = 10_000
"""How long a search may take."""
MOST_PAGES = 50
"""Pages that can be asked for. Overflow: the visitor chooses more narrowly."""
_OWN = (Shelf.LINK, Shelf.STAFF)
"""Shelves of records that not everybody may read, or that no list names."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """A line that was found."""

    session: SessionId
    title: str
    """The title of its session; empty where it has none."""
    title_language: str
    """BCP-47 tag of the title; empty when none is known."""
    opened: int | None
    """Unix ms of media time 0."""
    channel: ChannelId
    segment: SegmentId
    t0: int
    """Start, media ms."""
    t1: int
    """End, media ms."""
    language: str
    """BCP-47 tag."""
    source: FoundBy
    name: str
    """The speaker's name as the record has it; empty where nobody is named."""
    text: str
    """The whole line."""
    marks: tuple[tuple[int, int], ...]
    """Where what was sought stands in the text, in characters."""
    sound: bool
    """Whether the sound of its session is published."""


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """A page of moments."""

    query: Query
    total: int
    """How many moments there are on all pages."""
    pages: int
    """How many pages can be asked for."""
    kinds: Mapping[str, Mapping[str, int]]
    """How many moments there are by kind and value (`moothall.core.search.choosing.count`)."""
    moments: tuple[Moment, ...]
    searched: int
    """In how many sessions was sought."""
    similar: tuple[Moment, ...] = ()
    """Lines without the words that may mean the same, on the first page; none without the extra `meaning`."""


@dataclass(eq=False, repr=False)
class Searching:
    """Searches. `known` returns a session's entry in the catalogue, once `fill` has filled it."""

    index: SearchIndex
    log: LogReading
    folding: Folding
    _: KW_ONLY
    clock: Clock
    searchable: Callable[[], Mapping[SessionId, SearchedSession]]
    """The sessions that may be searched (`Indexing.searchable`)."""
    fill: Callable[[], Awaitable[None]]
    known: Callable[[SessionId], Entry | None]
    opens: Callable[[SessionId, Access], bool]
    """Whether the visitor may read a session of this access (`ReaderAccess.opens`)."""
    room_of: Callable[[SessionId], RoomId | None]
    day_of: Callable[[int], date]
    """The day of a moment (Unix ms) by the clock of the conference."""
    similar: SimilarLines | None = None
    """Finds lines by what they mean."""
    person_of: Callable[[SpeakerOf], str] = lambda _: ""
    """The id of the person of whom the secretariat has said that they are a speaker, called in any thread. Where it is
    empty, the speaker is one of a single session: the same name in another may be another person's.
    """

    async def find(self, text: str, choice: FindChoice, *, page: int = 1, own: bool = False) -> Results:
        """Find moments: in public records or, with `own`, in those that only the visitor's links open.

        Raises IndexBusy and StorageUnavailable.
        """
        await self.fill()
        query = parse(text)
        wanted = sought(query, self.folding, [choice.language] if choice.language else STEMMED)

        def speaker_of(session: SessionId, speaker: SpeakerId) -> str:
            return self.person_of(SpeakerOf(session, speaker)) or f"{session}/{speaker}"

        where = self._where(_OWN if own else (Shelf.PUBLIC,))
        finds = Finds(0, {}, ())
        if wanted.terms and len(wanted.terms) == len(query.terms):
            first = PAGE * (page - 1)
            for shelf, sessions in where.items():
                asked = SoughtIn(
                    shelf=shelf,
                    expression=wanted.expression,
                    where=sessions,
                    choice=choice,
                    speaker_of=speaker_of,
                    limit=PAGE,
                    skipped=max(0, first - finds.total),
                )
                if sessions:
                    found = await within(self.index.find(asked), self.clock, PATIENCE_MS)
                    if found is None:
                        raise StorageUnavailable("The search index does not answer.")
                    finds = _joined(finds, found)
        similar: tuple[Moment, ...] = ()
        if self.similar is not None and query.terms and page == 1:
            for shelf, sessions in where.items():
                lines = await within(
                    self.similar.find(" ".join(query.terms), shelf, self._level(sessions)), self.clock, SIMILAR_MS
                )
                kept = [
                    line for line in lines or () if self._fits(line, choice, sessions[line.session.session], speaker_of)
                ]
                similar += await self._unlike(kept, wanted, MOST_SIMILAR - len(similar))
        moments = await asyncio.gather(*(self._moment(line, wanted) for line in finds.lines[:PAGE]))
        return Results(
            query=query,
            total=finds.total,
            pages=min(MOST_PAGES, -(-finds.total // PAGE)),
            kinds=finds.kinds,
            moments=tuple(moment for moment in moments if moment is not None),
            searched=sum(len(sessions) for sessions in where.values()),
            similar=similar,
        )

    def _level(self, where: Mapping[SessionId, Whereabouts]) -> dict[SessionId, SearchedSession]:
        """What the index knows of these sessions."""
        return {session: each for session, each in self.searchable().items() if session in where}

    @staticmethod
    def _fits(
        line: FoundLine, choice: FindChoice, place: Whereabouts, speaker_of: Callable[[SessionId, SpeakerId], str]
    ) -> bool:
        """Whether a line is among those that the visitor chose."""
        session, strand = line.session.session, line.strand
        year = "" if place.day is None else f"{place.day.year:04}"
        speaker = "" if strand.speaker is None else speaker_of(session, strand.speaker)
        return choice.fits((session, place.room, year, strand.language, strand.source, speaker), place.day)

    async def _unlike(self, lines: Sequence[FoundLine], wanted: SoughtTerms, most: int) -> tuple[Moment, ...]:
        """The moments of similar lines, at most so many, and of one language half of them; lines that have the words
        are found by them, and left out.
        """
        found: list[Moment] = []
        languages: Counter[str] = Counter()
        for line in lines:
            language = primary(line.strand.language)
            if len(found) >= most:
                break
            if languages[language] >= MOST_SIMILAR // 2:
                continue
            moment = await self._moment(line, wanted)
            if moment is None or has_all(tuple(self.folding.tokens(moment.text, moment.language)), wanted):
                continue
            languages[language] += 1
            found.append(msgspec.structs.replace(moment, marks=()))
        return tuple(found)

    def _where(self, shelves: tuple[Shelf, ...]) -> dict[Shelf, dict[SessionId, Whereabouts]]:
        """The sessions on each shelf that the visitor may search now, whatever held when they were written."""
        found: dict[Shelf, dict[SessionId, Whereabouts]] = {shelf: {} for shelf in shelves}
        for session, each in self.searchable().items():
            if each.shelf in found and self._may_find(session, each.shelf):
                day = None if each.opened is None else self.day_of(each.opened)
                found[each.shelf][session] = Whereabouts(self.room_of(session) or "", day)
        return found

    def _may_find(self, session: SessionId, shelf: Shelf) -> bool:
        entry = self.known(session)
        if entry is None or entry.rehearsal:
            return False
        # A session that everybody may read and no list names is found by whoever has a link for it.
        access = Access.LINK if shelf is Shelf.LINK and entry.access is Access.PUBLIC else entry.access
        return entry.listed if shelf is Shelf.PUBLIC else self.opens(session, access)

    async def _moment(self, line: FoundLine, wanted: SoughtTerms) -> Moment | None:
        """The moment of a line; None when its text is gone, or the visitor may not find its session any more."""
        session, strand = line.session, line.strand
        text = None
        with suppress(RecordBroken):  # It is logged when the session is indexed; other finds are shown.
            for record in await self.log.read(session.session, line.offset - 1, 1):
                if record.header.offset == line.offset:
                    text = text_in(record, line.segment)
        await self.fill()  # Finding took its time.
        if text is None or not text.strip() or not self._may_find(session.session, session.shelf):
            return None
        entry = self.known(session.session)
        tokens = tuple(self.folding.tokens(text, strand.language))
        return Moment(
            session=session.session,
            title=session.title.strip(),
            title_language=entry.languages[0] if entry is not None and entry.languages else "",
            opened=session.opened,
            channel=strand.channel,
            segment=line.segment,
            t0=line.t0,
            t1=line.t1,
            language=strand.language,
            source=strand.source,
            name="" if strand.speaker is None else session.speakers.get(strand.speaker, ""),
            text=text,
            marks=marks(tokens, wanted),
            sound=session.sound,
        )


def _joined(one: Finds, other: Finds) -> Finds:
    """The finds of two shelves, those of the first before those of the other."""
    kinds = {kind: {**one.kinds.get(kind, {}), **values} for kind, values in other.kinds.items()}
    for kind, values in other.kinds.items():
        for value, many in values.items():
            kinds[kind][value] = many + one.kinds.get(kind, {}).get(value, 0)
    return Finds(one.total + other.total, kinds, (*one.lines, *other.lines))
