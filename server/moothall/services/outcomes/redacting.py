"""Removes words from reports and documents that repeat what is removed from a record, in the same act.

Each version that has the words is said again without them, with a mark in their place, and its earlier body is erased,
as the record's is; so are wordings of the draft, people's translations, and objections. A comment that repeats them is
removed as a whole. Whatever shows a version folds its log, so nothing shows the words any more.

Only reports of the session, reports that cite it, and documents are looked at: the same words in others are others'.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import groupby
from typing import NamedTuple

from moothall.core.chain import LogRecord
from moothall.core.events import lines as le
from moothall.core.events import questions as qe
from moothall.core.events.codec import decode_event
from moothall.core.events.types import AnyEvent, LogKind
from moothall.core.kernel.actors import Actor
from moothall.core.kernel.errors import RecordBroken, Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, InterventionId, SessionId
from moothall.core.ports import LogReading
from moothall.core.removal.moves import digest, short
from moothall.core.removal.questions import chosen
from moothall.core.removal.selection import Interventions, Redaction, Selection, WithCopies, names_in, selected
from moothall.core.reports.redacting import RecordText, Redact, RemovedTexts, redacted, said_again
from moothall.core.sessions.parts import Segment
from moothall.services.log.session_writer import SessionWriter
from moothall.services.outcomes.outcome_logs import report_of
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import FindSession

logger = logging.getLogger(__name__)

PAGE = 1_000
"""Events that are read at once."""
_WORDS = qe.InterventionReceived | qe.InterventionReworded | qe.InterventionPublished | qe.InterventionWritten
MAX_WORDS = 1_000
"""Characters of words that are typed to be removed."""


class RemovedPart(NamedTuple):
    """What is removed from the log of a session."""

    writer: SessionWriter
    selection: Selection | WithCopies


@dataclass(eq=False, repr=False)
class Redacting:
    """Finds removed words in the logs of reports and documents, and removes them there. `entries` lists all logs of the
    house; `mark` returns what stands in the place of the words, in a language.
    """

    log: LogReading
    find: FindSession
    _: KW_ONLY
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    mark: Callable[[str], str]

    async def remove_with(self, parts: Sequence[RemovedPart], actor: Actor, cause: CommandId) -> Refusal | None:
        """Remove what reports and documents repeat of words that are about to be removed. Raises StorageUnavailable."""
        removed = [text for part in parts for text in await self._texts(part)]
        stays = [text for part in parts for text in _staying(part)]
        answer = None
        if removed:
            sessions = frozenset(part.writer.session for part in parts)
            found = await asyncio.to_thread(RemovedTexts, removed, stays)
            answer = await self._remove(found, sessions, actor, cause)
        return answer if isinstance(answer, Refusal) else None

    async def remove_typed(self, session: SessionId, words: str, actor: Actor, cause: CommandId) -> int | Refusal:
        """Remove typed words from the report of a session and from the documents; return from how many of them. Raises
        StorageUnavailable.
        """
        if not words.strip() or len(words) > MAX_WORDS:
            return refuse(RefusalCode.INVALID, f"Write up to {MAX_WORDS} characters of the words that are to go.")
        live = await self.find(report_of(session))
        newest = None if live is None else live.state.outcomes.report.newest
        typed = RecordText(words, "en" if newest is None else newest.language)
        return await self._remove(RemovedTexts((typed,), run=len(words)), {session}, actor, cause)

    async def _remove(
        self, found: RemovedTexts, sessions: Collection[SessionId], actor: Actor, cause: CommandId
    ) -> int | Refusal:
        """Remove the words from all logs that have them; return how many these are."""
        many = 0

        def redact(text: str, language: str) -> str:
            return found.without(text, self.mark(language))

        for entry in await self.entries():
            if entry.kind in (LogKind.REPORT, LogKind.DOCUMENT):
                try:
                    answer = await self._in_log(entry, redact, sessions, actor, cause)
                except RecordBroken:
                    logger.warning("removal %s: %s can't be read, and may repeat the words", cause, entry.session)
                    continue
                if isinstance(answer, Refusal):
                    return answer
                many += answer
        return many

    async def _in_log(
        self, entry: Entry, redact: Redact, sessions: Collection[SessionId], actor: Actor, cause: CommandId
    ) -> bool | Refusal:
        """Remove the words from a log; return whether it had them."""
        records = [each async for each in self._records(entry.session) if each.body is not None]
        named = [f'"{session}"'.encode() for session in sessions]
        about = entry.kind is LogKind.DOCUMENT or entry.session in map(report_of, sessions)
        if not about and not any(name in (each.body or b"") for each in records for name in named):
            return False
        # In a thread: a log may have hundreds of wordings of a draft, and the house's other meetings go on.
        events, comments = await asyncio.to_thread(_repeating, records, redact)
        live = await self.find(entry.session) if events or comments else None
        if live is None:
            return False
        writer, name = live.writer, short(cause)
        if comments:
            of_comments = CommandId(f"{name}:comments:{digest(*comments)[:12]}")
            answer = await writer.remove(actor, of_comments, Interventions(tuple(comments)))
            if isinstance(answer, Refusal) and answer.code is not RefusalCode.UNKNOWN:
                return answer
        if events:
            found = tuple(events.values())
            redaction = Redaction(tuple(events), lambda state: said_again(found, state.outcomes, redact))
            of_texts = CommandId(f"{name}:texts:{digest(*map(str, events))[:12]}")
            answer = await writer.remove(actor, of_texts, redaction)
            if isinstance(answer, Refusal):
                return answer
        return True

    async def _records(self, session: SessionId) -> AsyncIterator[LogRecord]:
        after = 0
        while page := await self.log.read(session, after, PAGE):
            for record in page:
                yield record
            after = page[-1].header.offset

    async def _texts(self, part: RemovedPart) -> list[RecordText]:
        """What is removed of a log: every wording of a line or question, and names that go with them."""
        writer, selection = part
        state, found = part.writer.state, list[RecordText]()
        offsets: dict[int, str] = {}
        for cut in selected(state, selection):
            line = cut.line
            if cut.stays:
                found += [RecordText(text, line.language) for text in _runs(line, cut.stays, stay=False)]
                continue
            found += [RecordText(text, line.language) for text in {line.whole, line.tail(0)}]
            offsets |= dict.fromkeys(writer.text_offsets.of_lines([line.id]), line.language)
        asked = selection.selection if isinstance(selection, WithCopies) else selection
        names = [state.speakers.get(each, "") for each in names_in(selection)]
        for each in chosen(state.questions, asked):
            names.append(each.name)
            offsets |= dict.fromkeys(writer.text_offsets.of_interventions([each.id]), each.language)
        if offsets:
            async for record in self._records(writer.session):
                language = offsets.get(record.header.offset)
                event = None if language is None or record.body is None else decode_event(record.body)
                if isinstance(event, le.SegmentCorrected):
                    found.append(RecordText(event.text + event.tail, language or ""))
                elif isinstance(event, _WORDS):
                    found.append(RecordText(event.text, language or ""))
        # A name of one word is anybody's.
        found += [RecordText(name, "") for name in names if len(name.split()) > 1]
        return list(dict.fromkeys(found))


def _repeating(
    records: Sequence[LogRecord], redact: Redact
) -> tuple[dict[int, tuple[AnyEvent, int]], dict[InterventionId, None]]:
    """The events that repeat removed words: without these, by offset, each with when it was written (Unix ms); and the
    comments that do.
    """
    events: dict[int, tuple[AnyEvent, int]] = {}
    comments: dict[InterventionId, None] = {}
    for record in records:
        event = decode_event(record.body or b"")
        if isinstance(event, _WORDS) and redact(event.text, "") != event.text:
            comments[event.intervention] = None
        elif (without := redacted(event, redact)) is not None:
            events[record.header.offset] = without, record.header.at
    return events, comments


def _staying(part: RemovedPart) -> list[RecordText]:
    """What stays of the texts from which words are removed, and of the questions."""
    writer, selection = part
    state, found = writer.state, list[RecordText]()
    cuts = {cut.line.id: cut for cut in selected(state, selection)}
    channels = {cut.line.channel for cut in cuts.values()}
    for name, line in state.segments.items():
        cut = cuts.get(name)
        if cut is not None:
            found += [RecordText(text, line.language) for text in _runs(line, cut.stays, stay=True)]
        elif line.channel in channels and not line.gone:
            found.append(RecordText(line.whole, line.language))
    asked = selection.selection if isinstance(selection, WithCopies) else selection
    gone = chosen(state.questions, asked)
    others = (each for _, each in state.questions.interventions.items() if each.readable and each not in gone)
    return [*found, *(RecordText(each.text, each.language) for each in others)]


def _runs(line: Segment, stays: Sequence[tuple[int, int]], *, stay: bool) -> list[str]:
    """The runs of a line's words that stay, or those that don't."""
    staying = {n for first, last in stays for n in range(first, last)}
    runs = groupby(range(len(line.words)), lambda n: n in staying)
    return ["".join(line.words[n].text for n in run) for kept, run in runs if kept is stay]
