"""Takes the words of citations from the logs of the sessions that they name, when a page is made.

Only sessions that everybody may read are quoted. Of each only the lanes of the cited texts are read, and no session is
loaded for it. What was found is kept until that session's log gets another event, so that a removal is seen at once.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from moothall.core.events import questions as qe
from moothall.core.events.codec import decode_event
from moothall.core.events.outcome_parts import Citation
from moothall.core.kernel.ids import ChannelId, Epoch, InterventionId, SessionId
from moothall.core.kernel.lanes import QUESTIONS
from moothall.core.ports import LogHead, LogReading
from moothall.core.questions.interventions import Intervention, Questions, evolve_questions
from moothall.record.citation.history import History, HistoryFold
from moothall.record.citation.quoting import Quotation, quote, span_of

PAGE = 1_000
"""Events that are read at once: each reading waits for a thread."""
SLICE = 250
"""Events that are folded before the event loop gets a turn."""
KEPT = 500
"""Sessions whose cited words are in memory. Overflow: the least recently used is dropped."""


class QuotedWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation names, as it is now."""

    citation: Citation
    epoch: Epoch = Epoch("")
    """The epoch of the session's log."""
    quotation: Quotation | None = None
    """The cited lines; None for a question, and where there are none or they may not be read by everybody."""
    asked: Intervention | None = None
    """The cited question; None for lines, and as above."""

    @property
    def begins(self) -> int:
        """When it was said or asked, media ms; 0 where that can't be known."""
        if self.quotation is not None and self.quotation.lines:
            return self.quotation.lines[0].line.t0
        return 0 if self.asked is None else self.asked.t


class CitedPlace(msgspec.Struct, frozen=True):
    """A citation, by what it names: citations in several reports may have the same id."""

    session: SessionId
    channel: ChannelId | None
    span: tuple[str, int | None, str, int | None]
    intervention: InterventionId | None
    offset: int


def place_of(citation: Citation) -> CitedPlace:
    """What a citation names."""
    span = (citation.first or "", citation.start, citation.last or "", citation.end)
    return CitedPlace(citation.session, citation.channel, span, citation.intervention, citation.offset)


@dataclass(eq=False, repr=False)
class QuotedTexts:
    """Finds cited words. `readable` says whether everybody may read a session; it may raise StorageUnavailable."""

    log: LogReading
    readable: Callable[[SessionId], Awaitable[bool]]

    def __post_init__(self) -> None:
        # Bound: KEPT sessions.
        self._kept: OrderedDict[SessionId, tuple[int, dict[CitedPlace, QuotedWords]]] = OrderedDict()
        """The words found in each session, with the offset of its log's end."""

    async def words(self, citations: Iterable[Citation]) -> Mapping[CitedPlace, QuotedWords]:
        """What citations name, as it is now. Raises StorageUnavailable, RecordBroken."""
        wanted: dict[SessionId, dict[CitedPlace, Citation]] = {}
        for each in citations:
            wanted.setdefault(each.session, {})[place_of(each)] = each
        found: dict[CitedPlace, QuotedWords] = {}
        for session, there in wanted.items():
            found |= await self._in_session(session, there)
        return found

    async def _in_session(
        self, session: SessionId, wanted: Mapping[CitedPlace, Citation]
    ) -> Mapping[CitedPlace, QuotedWords]:
        head = await self.log.head(session) if await self.readable(session) else None
        if head is None:
            self._kept.pop(session, None)
            return {place: QuotedWords(citation=each) for place, each in wanted.items()}
        offset, kept = self._kept.pop(session, (0, {}))
        if offset != head.offset:
            kept = {}
        lacking = {place: each for place, each in wanted.items() if place not in kept}
        kept = kept | await self._read(session, head, lacking)
        self._kept[session] = head.offset, kept
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return {place: kept[place] for place in wanted}

    async def _read(
        self, session: SessionId, head: LogHead, wanted: Mapping[CitedPlace, Citation]
    ) -> dict[CitedPlace, QuotedWords]:
        found = {place: QuotedWords(citation=each, epoch=head.epoch) for place, each in wanted.items()}
        channels = {each.channel for each in wanted.values() if each.channel is not None}
        for channel in sorted(channels):
            history = await self._history(session, head, channel)
            for place, each in wanted.items():
                if each.channel == channel:
                    span = span_of(each)
                    quotation = None if span is None else quote(history, span, each.offset)
                    found[place] = msgspec.structs.replace(found[place], quotation=quotation)
        if any(each.intervention is not None for each in wanted.values()):
            questions = await self._questions(session, head)
            for place, each in wanted.items():
                asked = None if each.intervention is None else questions.get(each.intervention)
                if asked is not None and asked.published and not asked.removed:
                    found[place] = msgspec.structs.replace(found[place], asked=asked)
        return found

    async def _history(self, session: SessionId, head: LogHead, channel: ChannelId) -> History:
        fold = HistoryFold(session, head.epoch, channel)
        while fold.position.offset < head.offset:
            page = await self.log.read(session, fold.position.offset, PAGE, fold.feed.lanes)
            # What was removed by then is in no event up to there, so the fold needn't begin anew.
            page = [record for record in page if record.header.offset <= head.offset]
            if not page:
                break
            for at in range(0, len(page), SLICE):
                fold.take(page[at : at + SLICE])
                await asyncio.sleep(0)
        return fold.history()

    async def _questions(self, session: SessionId, head: LogHead) -> Questions:
        questions, after = Questions(), 0
        while page := await self.log.read(session, after, PAGE, frozenset({QUESTIONS})):
            for record in page:
                event = None if record.body is None else decode_event(record.body)
                if isinstance(event, qe.QuestionFact):
                    questions = evolve_questions(questions, event)
            after = page[-1].header.offset
            if after >= head.offset:
                break
            await asyncio.sleep(0)
        return questions
