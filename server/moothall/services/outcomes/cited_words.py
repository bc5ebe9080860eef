"""Looks up what the citations of a report name, in the records of the sessions that they cite.

A report has no words of a record in it, so words that are removed from the record are gone from every report, and words
that were mended are seen by comparing two positions. Who asks has to be able to read the cited session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from moothall.core.events.lines import Origin
from moothall.core.events.outcome_parts import Citation
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.actors import Role
from moothall.core.kernel.ids import ChannelId, Position, SegmentId, SessionId, log_epoch
from moothall.core.outcomes.report import CheckedCitation
from moothall.core.questions.interventions import Intervention
from moothall.core.reports.doubts import DoubtReason, doubts
from moothall.core.reports.quotable import QuotableLine
from moothall.core.sessions.state import State
from moothall.core.views.doubts import SURE
from moothall.record.citation.history import History
from moothall.record.citation.quoting import Quotation, QuotationFate, quote, span_of
from moothall.services.sessions.live_session import FindSession
from moothall.services.sessions.records import NotThere, Records

ASKED = ChannelId("questions")
"""Stands for the channel where a question from the queue is cited."""


class CitedFate(StrEnum):
    """What became of cited words."""

    SAME = "same"
    CHANGED = "changed"
    REMOVED = "removed"
    UNREADABLE = "unreadable"
    """The cited session isn't here, or whoever asks may not read it."""


class CitedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of what is cited."""

    segment: str
    name: str = ""
    language: str
    was: str
    """Its words as they were cited; empty where it came later, or was removed."""
    now: str


class CitedWords(msgspec.Struct, frozen=True, kw_only=True):
    """What a citation names."""

    citation: Citation
    fate: CitedFate
    lines: tuple[CitedLine, ...] = ()
    kind: ChannelKind = ChannelKind.FLOOR
    number: int = 0
    """The number of a question from the queue; 0 for lines."""
    t0: int = 0
    """When the words were said, media ms."""
    t1: int = 0
    position: str = ""
    """The position of the log at which they were cited, for the address of the quotation."""
    seen: int = 0
    """The offset up to which the record was looked at just now."""
    machine: bool = False
    """Whether a machine heard them."""
    rough: tuple[str, ...] = ()
    """The languages (primary tags) of words that a machine heard roughly and that nobody has checked."""
    checked_by: Role | None = None
    """Who checked all of the words; None while some are unchecked."""
    checked_at: int = 0
    heard: bool = False
    """Whether somebody opened or played them for this report."""
    stale: bool = False
    """Whether they changed since they were cited or last looked at."""
    doubtful: tuple[str, ...] = ()
    """Negations, numbers and names of which the machine was not sure, and which nobody confirmed."""
    quotable: tuple[QuotableLine, ...] = ()
    """The lines as they read now, whole, in which quotations are looked for."""

    @property
    def was(self) -> str:
        """The words as they were cited."""
        return " ".join(line.was for line in self.lines if line.was)

    @property
    def now(self) -> str:
        """The words as they read now."""
        return " ".join(line.now for line in self.lines if line.now)

    @property
    def names(self) -> tuple[str, ...]:
        """Who said them, each once."""
        return tuple(dict.fromkeys(line.name for line in self.lines if line.name))


@dataclass(eq=False, repr=False)
class CitedRecords:
    """Looks citations up. `records` answers for whoever asks (`ReaderAccess`)."""

    records: Records
    find: FindSession

    async def look_up(self, citations: Sequence[tuple[Citation, CheckedCitation | None]]) -> dict[Citation, CitedWords]:
        """What citations name, each with the check that it had. Raises StorageUnavailable, RecordBroken."""
        found: dict[Citation, CitedWords] = {}
        histories: dict[tuple[SessionId, ChannelId], History | None] = {}
        for citation, check in citations:
            live = None
            if not isinstance(await self.records.find(citation.session), NotThere):
                live = await self.find(citation.session)
            if live is None:
                found[citation] = CitedWords(citation=citation, fate=CitedFate.UNREADABLE)
            elif citation.intervention is not None:
                asked = live.state.questions.get(citation.intervention)
                found[citation] = cited_question(citation, asked, check, live.writer.offset)
            else:
                channel = citation.channel or ChannelId("")
                key = (citation.session, channel)
                if key not in histories:
                    snapshot = await self.records.find(citation.session, channel=channel)
                    histories[key] = None if isinstance(snapshot, NotThere) else await self.records.history(snapshot)
                history = histories[key]
                if history is None:
                    found[citation] = CitedWords(citation=citation, fate=CitedFate.UNREADABLE)
                else:
                    found[citation] = cited_lines(citation, history, live.state, check)
        return found


def cited_question(
    citation: Citation, asked: Intervention | None, check: CheckedCitation | None, offset: int
) -> CitedWords:
    """What a citation of a question from the queue names; `offset` is that of the log's last event."""
    if asked is None or asked.removed or not asked.published:
        return CitedWords(citation=citation, fate=CitedFate.REMOVED, seen=offset, heard=check is not None)
    line = QuotableLine(segment=SegmentId(asked.id), text=asked.text, language=asked.language, channel=ASKED)
    cited = CitedLine(segment=asked.id, name=asked.name, language=asked.language, was=asked.text, now=asked.text)
    return CitedWords(
        citation=citation,
        fate=CitedFate.SAME,
        lines=(cited,),
        number=asked.number,
        t0=asked.t,
        seen=offset,
        heard=check is not None,
        quotable=(line,),
    )


def cited_lines(citation: Citation, history: History, state: State, check: CheckedCitation | None) -> CitedWords:
    """What a citation of lines names. `state`: of the cited session."""
    span, seen = span_of(citation), history.position.offset
    quoted = None if span is None else quote(history, span, citation.offset)
    if span is None or quoted is None or not quoted.lines:
        gone = None if span is None or check is None else quote(history, span, check.seen)
        stale = check is None or (gone is not None and gone.removed)
        return CitedWords(citation=citation, fate=CitedFate.REMOVED, seen=seen, heard=check is not None, stale=stale)
    since = quoted if check is None else quote(history, span, check.seen)
    made = quoted.check
    channel = state.channels.get(citation.channel or ChannelId(""))
    confirmed = frozenset[str]() if check is None else check.doubts
    return CitedWords(
        citation=citation,
        fate=CitedFate(quoted.fate),
        lines=tuple(
            CitedLine(
                segment=each.line.segment, name=each.name, language=each.line.language, was=each.text, now=each.now
            )
            for each in quoted.lines
        ),
        kind=ChannelKind.FLOOR if channel is None else channel.kind,
        t0=quoted.lines[0].line.t0,
        t1=max(each.line.t1 or each.line.t0 for each in quoted.lines),
        position=str(Position(log_epoch(history.position.epoch), citation.offset)),
        seen=seen,
        machine=any(each.line.origin is Origin.MACHINE for each in quoted.lines),
        rough=quoted.rough,
        checked_by=None if made is None else made.role,
        checked_at=0 if made is None else made.at,
        heard=check is not None,
        stale=since is None or since.fate is not QuotationFate.SAME,
        doubtful=() if made is not None else tuple(_doubtful(quoted, state, confirmed)),
        quotable=tuple(_quotable(quoted, state, citation)),
    )


def _doubtful(quoted: Quotation, state: State, confirmed: frozenset[str]) -> list[str]:
    """The words to be confirmed: where one of them was misheard, the line says something else."""
    found: list[str] = []
    for each in quoted.lines:
        segment = state.segments.get(each.line.segment)
        if segment is None or segment.gone:
            continue
        text = segment.whole.strip()
        for word in doubts(text, segment.language, segment.recognised, names=tuple(state.speakers.values())):
            unsure = word.p is not None and word.p < SURE
            said = text[word.start : word.end]
            if unsure and set(word.reasons) - {DoubtReason.UNSURE} and said in each.now and said not in confirmed:
                found.append(said)
    return list(dict.fromkeys(found))


def _quotable(quoted: Quotation, state: State, citation: Citation) -> list[QuotableLine]:
    channel = state.channels.get(citation.channel or ChannelId(""))
    kind = ChannelKind.FLOOR if channel is None else channel.kind
    return [
        QuotableLine(
            segment=each.line.segment,
            text=each.line.text.strip(),
            language=each.line.language,
            channel=citation.channel or ChannelId(""),
            kind=kind,
            checked=each.check is not None,
        )
        for each in quoted.lines
        if not each.line.gone and each.line.text.strip()
    ]
