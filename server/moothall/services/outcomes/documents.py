"""Documents made of the sessions' reports: what they are made of, their versions, and what one shows now."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import NamedTuple

import msgspec

from moothall.core.commands import AddChannel, DescribeSession
from moothall.core.events.outcome_parts import MessageReference, NumberedParagraph, PublishedMessage
from moothall.core.events.types import Access, ChannelKind, LogKind
from moothall.core.kernel.actors import SYSTEM, Actor
from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import CommandId, SessionId, is_name
from moothall.core.outcomes.assembling import AssemblyWords, ReportedSession, assembled
from moothall.core.outcomes.commands import PublishDocument, StateDocument
from moothall.core.outcomes.document import DocumentVersion, OutcomeDocument
from moothall.core.outcomes.register import Register
from moothall.core.outcomes.report import Report, ReportVersion
from moothall.core.outcomes.translations import VouchedTranslation
from moothall.core.ports import Randomness
from moothall.core.questions.document_comments import DocumentComment, published_comments, waiting_comments
from moothall.services.outcomes.outcome_logs import FLOOR, REGISTER, OutcomeLogs, listed_reports, report_of
from moothall.services.outcomes.published_reports import PublishedReports
from moothall.services.outcomes.quoted_words import CitedPlace, QuotedTexts, QuotedWords, place_of
from moothall.services.sessions.catalogue import Entry
from moothall.services.sessions.live_session import LiveSession

_GONE = refuse(RefusalCode.UNKNOWN, "There is no such document.")
OF_THE_YOUNG = refuse(
    RefusalCode.CONFLICT, "Whether young people take part is decided when a document is made, and stays."
)
_NO_NAME = refuse(RefusalCode.INVALID, "A document's name has letters, digits, full stops, hyphens and underscores.")


class ListedDocument(NamedTuple):
    """A document as lists show it."""

    id: SessionId
    title: str
    language: str
    document: OutcomeDocument
    comments: tuple[DocumentComment, ...] = ()
    """Those that everybody may read."""
    waiting: tuple[DocumentComment, ...] = ()
    """Those on which nobody has decided, for the staff only."""
    young_people: bool = False
    translations: tuple[VouchedTranslation, ...] = ()


class ShownMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that stands in a document."""

    reference: MessageReference
    message: PublishedMessage
    version: ReportVersion
    report: Report
    """The report now: with confirmations and objections."""
    words: tuple[QuotedWords, ...] = ()
    """What it cites, in its order, as it is now."""


class ParagraphWords(NamedTuple):
    """The words of a paragraph, and where they were published: the log of a document or of a report, and its
    version.
    """

    text: str
    language: str
    log: SessionId
    n: int


@dataclass(eq=False, repr=False)
class Documents:
    """The documents. `entries` lists all logs of the house, `day_of` says on which day (YYYY-MM-DD, in the conference's
    zone) and when (Unix ms) a session is held, None where that isn't known.
    """

    logs: OutcomeLogs
    reports: PublishedReports
    quoted: QuotedTexts
    _: KW_ONLY
    entries: Callable[[], Awaitable[Sequence[Entry]]]
    day_of: Callable[[Entry], tuple[str, int] | None]
    randomness: Randomness

    async def all(self) -> Sequence[ListedDocument]:
        """The documents that have been stated, by name. Raises StorageUnavailable."""
        found: list[ListedDocument] = []
        for entry in await self.logs.of_kind(LogKind.DOCUMENT):
            live = await self.logs.find(entry.session, LogKind.DOCUMENT)
            if live is not None:
                found.append(_listed(live))
        return found

    async def find(self, name: str) -> ListedDocument | None:
        """The document of this name, or None. Raises StorageUnavailable."""
        live = await self.logs.find(SessionId(name), LogKind.DOCUMENT) if is_name(name) else None
        return None if live is None else _listed(live)

    async def register(self) -> Register:
        """The register; an empty one where there is none yet. Raises StorageUnavailable."""
        live = await self.logs.find(REGISTER, LogKind.REGISTER)
        return Register() if live is None else live.state.outcomes.register

    async def state(
        self, name: str, title: str, stated: StateDocument, by: Actor, *, young_people: bool = False
    ) -> Refusal | None:
        """Set what a document is made of; it is made where it is missing, for `young_people` or not, which stays. One
        is made for them where a session of its days is. Raises StorageUnavailable.
        """
        if not is_name(name):
            return _NO_NAME
        if await self.logs.find(SessionId(name), LogKind.DOCUMENT) is None:
            young_people = young_people or await self._of_the_young(stated.since, stated.until)
        live = await self.logs.make(
            SessionId(name), LogKind.DOCUMENT, title, access=Access.PUBLIC, young_people=young_people
        )
        if isinstance(live, Refusal):
            return live
        if live.state.young_people != young_people:
            return OF_THE_YOUNG
        titled = [] if live.state.title == title else [DescribeSession(title=title)]
        # Visitors' doors ask for a text, though a document has no lines.
        lacks = stated.comments_until is not None and FLOOR not in live.state.channels
        languages = tuple(live.state.languages) or (self.logs.language,)
        text = [AddChannel(channel=FLOOR, kind=ChannelKind.FLOOR, languages=languages)] if lacks else []
        answer = await live.writer.send(by, self._command(), [*titled, *text, stated])
        return answer if isinstance(answer, Refusal) else None

    async def publish(self, name: SessionId, words: AssemblyWords) -> Refusal | None:
        """Make and publish the next version of a document. Raises StorageUnavailable, RecordBroken."""
        live = await self.logs.find(name, LogKind.DOCUMENT)
        if live is None:
            return _GONE
        document = live.state.outcomes.document
        paragraphs = await self.made(document, words)
        publish = PublishDocument(language=words.language, paragraphs=paragraphs)
        answer = await live.writer.send(SYSTEM, self._command(), publish)
        return answer if isinstance(answer, Refusal) else None

    async def made(self, document: OutcomeDocument, words: AssemblyWords) -> tuple[NumberedParagraph, ...]:
        """The paragraphs of the next version. Raises StorageUnavailable, RecordBroken."""
        sessions = [each for each in await self.reported() if document.since <= each.day <= document.until]
        said = [message for each in sessions if each.version is not None for message in each.version.messages]
        found = await self.quoted.words(citation for message in said for citation in message.citations)

        def spoken(_: SessionId, message: PublishedMessage) -> int:
            return min((found[place_of(each)].begins for each in message.citations), default=0)

        return assembled(document, await self.register(), sessions, words, spoken)

    async def reported(self) -> Sequence[ReportedSession]:
        """The sessions that public lists name, with their reports. Raises StorageUnavailable, RecordBroken."""
        entries = await self.entries()
        logs = listed_reports(entries)
        sessions: list[ReportedSession] = []
        for entry in entries:
            held = self.day_of(entry) if entry.listed else None
            if held is None:
                continue
            log = report_of(entry.session)
            report = await self.reports.read(log) if entry.session in logs else Report()
            day, begins = held
            made = ReportedSession(
                session=entry.session, title=entry.title, day=day, begins=begins, log=log, report=report
            )
            sessions.append(made)
        return sessions

    async def stays_here(self, listed: ListedDocument, shown: Collection[ShownMessage] = ()) -> bool:
        """Whether a document's texts go to no service outside the house: young people take part in it, in a session
        of its days, or in one from which a message that is `shown` comes, or that it quotes. Raises StorageUnavailable.
        """
        within = await self._of_the_young(listed.document.since, listed.document.until)
        young = {entry.session for entry in await self.entries() if entry.young_people}
        comes_from = {each.version.session for each in shown}
        quoted = {words.citation.session for each in shown for words in each.words}
        return listed.young_people or within or not young.isdisjoint(comes_from | quoted)

    async def _of_the_young(self, since: str, until: str) -> bool:
        """Whether young people take part in a session of these days."""
        days = [self.day_of(entry) for entry in await self.entries() if entry.young_people]
        return any(day is not None and since <= day[0] <= until for day in days)

    async def words(
        self, document: SessionId, version: DocumentVersion, paragraph: NumberedParagraph
    ) -> ParagraphWords | None:
        """The words of a paragraph of a version; None where its message isn't shown any more. Raises
        StorageUnavailable, RecordBroken.
        """
        if paragraph.message is None:
            return ParagraphWords(paragraph.text, paragraph.language or version.language, document, version.n)
        shown = (await self.shown([paragraph])).get(paragraph.message)
        if shown is None:
            return None
        return ParagraphWords(shown.message.text, shown.version.language, shown.reference.report, shown.version.n)

    async def shown(self, paragraphs: Iterable[NumberedParagraph]) -> Mapping[MessageReference, ShownMessage]:
        """The messages that stand in paragraphs, with what they cite; without those that were removed, and those of
        sessions that not everybody may read any more.

        Raises StorageUnavailable, RecordBroken.
        """
        references = [each.message for each in paragraphs if each.message is not None]
        reports = {name: await self.reports.read(name) for name in dict.fromkeys(each.report for each in references)}
        found: dict[MessageReference, ShownMessage] = {}
        about = {version.session for report in reports.values() for version in report.versions}
        readable = {session for session in about if await self.quoted.readable(session)}
        for each in references:
            report = reports[each.report]
            version = next((one for one in report.versions if one.n == each.n), None)
            message = None if version is None else version.message(each.message)
            if version is not None and message is not None and version.session in readable:
                found[each] = ShownMessage(reference=each, message=message, version=version, report=report)
        words = await self.quoted.words(cited for each in found.values() for cited in each.message.citations)
        return {reference: _with_words(each, words) for reference, each in found.items()}

    def _command(self) -> CommandId:
        return CommandId(f"document:{self.randomness.bytes(8).hex()}")


def version_of(document: OutcomeDocument, n: int | None) -> DocumentVersion | None:
    """The version of that number, the newest for None; None where there is none."""
    if n is None:
        return document.newest
    return next((each for each in document.versions if each.n == n), None)


def numbered(version: DocumentVersion, n: int | None) -> NumberedParagraph | None:
    """The paragraph of a version with this number."""
    return next((each for each in version.paragraphs if each.n == n), None)


def _with_words(shown: ShownMessage, words: Mapping[CitedPlace, QuotedWords]) -> ShownMessage:
    return msgspec.structs.replace(shown, words=tuple(words[place_of(each)] for each in shown.message.citations))


def _listed(live: LiveSession) -> ListedDocument:
    state = live.state
    document = state.outcomes.document
    return ListedDocument(
        live.id,
        state.title,
        next(iter(state.languages), ""),
        document,
        tuple(published_comments(state.questions, document)),
        tuple(waiting_comments(state.questions, document)),
        state.young_people,
        state.outcomes.translations,
    )
