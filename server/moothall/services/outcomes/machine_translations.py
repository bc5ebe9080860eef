"""Machine translations of published versions of reports and documents, each made once for all its readers.

They stand in no log, so that none is ever sealed or proved: they are kept in memory, and made again after a restart.
Each belongs to one version and is made one text at a time, so that the translation of live text is not delayed. Words
that are quoted from a record stay as they are, and so do objections, replies and comments; their translation stands
under them, where they could be translated.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import msgspec

from moothall.core.events.outcome_parts import MessageReference, NumberedParagraph, PublishedMessage, PublishedSection
from moothall.core.events.types import Access, AnyEvent, BodyRemoved, SessionArranged
from moothall.core.kernel.errors import Refusal
from moothall.core.kernel.ids import SessionId
from moothall.core.kernel.languages import primary
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.report import ReportVersion
from moothall.core.outcomes.translations import TITLE, VouchedTranslation
from moothall.services.log.publication import Publication
from moothall.services.outcomes.cited_words import CitedWords
from moothall.services.outcomes.documents import ShownMessage
from moothall.services.sessions.reader_access import ReadSession
from moothall.services.translation.text_translation import TextTranslation

KEPT = 60
"""Translations of versions that are in memory. Overflow: the least recently used is dropped."""
WAITING = 20
"""Versions that wait to be translated. Overflow: the next is refused for now."""
MOST_QUOTED = 500
"""Quoted words of a version that are translated. Overflow: the later ones stand as they were said."""
MOST_SAID = 500
"""Objections, replies and comments beside a version that are translated, answers to comments among them. Overflow: the
later ones stand as they were written.
"""
MOST_PATIENT = 8
"""Requests that wait for their translation. Overflow: the next is told at once to come again, so that those who read
the original find a place.
"""
PATIENCE_S = 5.0
"""How long a request waits for its translation before it is told to come again."""


class SourceText(NamedTuple):
    """A text of a version."""

    text: str
    language: str
    """BCP-47 tag."""


class VersionTranslation(NamedTuple):
    """Which translation is wanted."""

    log: SessionId
    """The log of the report or document."""
    n: int
    """The version of which it is made."""
    target: str
    """The language (primary tag)."""
    here: bool
    """Whether the texts go to no service outside the house: young people take part, or only the staff may read them."""


class TranslatedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """A translation of a version. A text that could not be translated stands in it as it was written."""

    wanted: VersionTranslation
    texts: Mapping[SourceText, str]
    asked: frozenset[SourceText] = frozenset()
    """Which texts were to be translated."""
    ways: Mapping[str, bool] = {}
    """The routes by which they came, each with whether it gives the gist only."""

    def quoted(self, text: str, language: str) -> str:
        """The translation of quoted words, or of what is said beside a message or paragraph; empty where there is none,
        or they are in this language already.
        """
        return self.texts.get(SourceText(text, language), "")

    def of(self, text: str, language: str) -> tuple[str, str]:
        """A text and its language, translated where it was."""
        made = self.texts.get(SourceText(text, language))
        return (text, language) if made is None else (made, self.wanted.target)

    def paragraph(self, paragraph: NumberedParagraph, language: str) -> NumberedParagraph:
        """A paragraph of a document in this language."""
        text, tag = self.of(paragraph.text, paragraph.language or language)
        return paragraph if not paragraph.text else msgspec.structs.replace(paragraph, text=text, language=tag)

    def document(self, version: DocumentVersion) -> DocumentVersion:
        """A version of a document; its messages are in `shown`."""
        paragraphs = tuple(self.paragraph(each, version.language) for each in version.paragraphs)
        return msgspec.structs.replace(version, paragraphs=paragraphs)

    def shown(self, each: ShownMessage) -> ShownMessage:
        """A message of a document."""
        text, tag = self.of(each.message.text, each.version.language)
        replace = msgspec.structs.replace
        return replace(each, message=replace(each.message, text=text), version=replace(each.version, language=tag))

    def report(self, version: ReportVersion) -> ReportVersion:
        """A version of a report."""

        def section(each: PublishedSection) -> PublishedSection:
            heading, text = self.of(each.heading, version.language)[0], self.of(each.text, version.language)[0]
            return msgspec.structs.replace(each, heading=heading, text=text)

        def message(each: PublishedMessage) -> PublishedMessage:
            return msgspec.structs.replace(each, text=self.of(each.text, version.language)[0])

        return msgspec.structs.replace(
            version,
            title=self.of(version.title, version.language)[0],
            language=self.wanted.target,
            sections=tuple(map(section, version.sections)),
            messages=tuple(map(message, version.messages)),
        )


def placed_in_report(version: ReportVersion) -> Iterator[tuple[str, SourceText]]:
    """What of a report is translated, by its places (`TranslatedText`)."""
    yield TITLE, SourceText(version.title, version.language)
    for each in version.sections:
        yield f"heading.{each.id}", SourceText(each.heading, version.language)
        yield f"section.{each.id}", SourceText(each.text, version.language)
    for message in version.messages:
        yield f"message.{message.id}", SourceText(message.text, version.language)


def placed_in_document(
    title: SourceText, version: DocumentVersion, shown: Mapping[MessageReference, ShownMessage]
) -> Iterator[tuple[str, SourceText]]:
    """What of a document is translated, with the messages that it shows, by its places."""
    yield TITLE, title
    for each in version.paragraphs:
        if each.message is None:
            yield f"paragraph.{each.n}", SourceText(each.text, each.language or version.language)
        elif (found := shown.get(each.message)) is not None:
            yield f"paragraph.{each.n}", SourceText(found.message.text, found.version.language)


def vouched(
    wanted: VersionTranslation, entered: VouchedTranslation, placed: Iterable[tuple[str, SourceText]]
) -> TranslatedVersion:
    """A person's translation, to be shown in place of a machine's."""
    texts = {each.place: each.text for each in entered.texts}
    return TranslatedVersion(wanted=wanted, texts={source: texts[at] for at, source in placed if at in texts})


def texts_quoted(cited: Iterable[CitedWords]) -> Iterable[SourceText]:
    """The words that a report quotes."""
    return (SourceText(line.was, line.language) for each in cited for line in each.lines if line.was)


class TranslationBusy(Exception):
    """The translation is being made, or waits for its turn: ask again soon."""


@dataclass(eq=False, repr=False)
class MachineTranslations:
    """Makes translations, one after the other. Keep `run` running, and call `observe` with each publication."""

    translation: TextTranslation

    def __post_init__(self) -> None:
        # Bound: KEPT.
        self._made: OrderedDict[VersionTranslation, TranslatedVersion] = OrderedDict()
        # Bound: WAITING.
        self._jobs: OrderedDict[VersionTranslation, tuple[frozenset[SourceText], asyncio.Future[TranslatedVersion]]] = (
            OrderedDict()
        )
        self._came = asyncio.Event()
        self._patient = 0
        self._generation = 0

    def languages(self, texts: Iterable[SourceText], *, here: bool) -> tuple[str, ...]:
        """The languages (primary tags) into which all of these texts can be translated now."""
        sources = {primary(each.language) for each in texts if each.text.strip()}
        if not sources:
            return ()
        found = [{*self.translation.reachable(source, here=here), source} for source in sources]
        only = sources if len(sources) == 1 else set()
        return tuple(sorted(set.intersection(*found) - only))

    async def made(
        self,
        wanted: VersionTranslation,
        texts: Iterable[SourceText],
        quoted: Iterable[SourceText] = (),
        said: Iterable[SourceText] = (),
    ) -> TranslatedVersion:
        """A version's translation, made now where none is kept; `quoted`: the words that it quotes; `said`: what
        stands beside it, objections, replies and comments. What of these has come since it was made is translated for
        whoever asks next: nobody waits for it. Raises TranslationBusy.
        """
        some = frozenset((*_needed(texts, wanted), *islice(_needed(quoted, wanted), MOST_QUOTED)))
        beside = frozenset(islice(_needed(said, wanted), MOST_SAID))
        kept = self._made.get(wanted)
        if wanted not in self._jobs and len(self._jobs) < WAITING and not (kept and some | beside <= kept.asked):
            self._jobs[wanted] = some | beside, asyncio.get_running_loop().create_future()
            self._came.set()
        if kept is not None and some <= kept.asked:
            self._made.move_to_end(wanted)
            return kept
        if wanted not in self._jobs or self._patient >= MOST_PATIENT:
            raise TranslationBusy
        job = self._jobs[wanted][1]
        self._patient += 1
        try:
            await asyncio.wait((job,), timeout=PATIENCE_S)
        finally:
            self._patient -= 1
        if not job.done() or job.cancelled():
            raise TranslationBusy
        made = job.result()
        if not some <= made.asked:  # It was made for somebody who sees fewer quotations.
            raise TranslationBusy
        return made

    def observe(self, _: ReadSession, publication: Publication) -> None:
        """Drop all translations where something was removed or hidden, also those that wait: one may have its words,
        and the next text may go to a service outside. For `Sessions.observe`.
        """
        if any(map(_takes_back, publication.events)):
            self._made.clear()
            self._generation += 1
            for waiting in self._jobs.values():
                waiting[1].cancel()

    async def run(self) -> None:
        """Translate what is wanted, until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._jobs:
                wanted, (texts, job) = next(iter(self._jobs.items()))
                try:
                    made = None if job.cancelled() else await self._translated(wanted, texts)
                    if made is not None:  # Else the page asks again.
                        self._keep(made)
                        job.set_result(made)
                finally:
                    self._jobs.pop(wanted)
                    job.cancel()

    async def _translated(self, wanted: VersionTranslation, texts: frozenset[SourceText]) -> TranslatedVersion | None:
        """The translation with these texts; None where something was removed or hidden meanwhile."""
        kept, generation = self._made.get(wanted, TranslatedVersion(wanted=wanted, texts={})), self._generation
        found, ways = {**kept.texts}, {**kept.ways}
        for each in sorted(texts - kept.asked):
            with suppress(TimeoutError):
                async with asyncio.timeout(_ONE_S):
                    made = await self.translation.text(each.text, each.language, wanted.target, here=wanted.here)
                    if not isinstance(made, Refusal):
                        found[each], ways[made.route.name] = made.text, made.route.rough
            if generation != self._generation:
                return None
        return TranslatedVersion(wanted=wanted, texts=found, asked=kept.asked | texts, ways=ways)

    def _keep(self, made: TranslatedVersion) -> None:
        self._made[made.wanted] = made
        if len(self._made) > KEPT:
            self._made.popitem(last=False)


_ONE_S = 120.0
"""Time limit of one text, which has up to 10,000 characters."""


def _needed(texts: Iterable[SourceText], wanted: VersionTranslation) -> Iterable[SourceText]:
    """Those that aren't in the language already, each once, in order."""
    some = (each for each in texts if each.text.strip() and primary(each.language) != wanted.target)
    return dict.fromkeys(some)


def _takes_back(event: AnyEvent) -> bool:
    """Whether words are gone, or for the staff alone now."""
    return isinstance(event, BodyRemoved) or (isinstance(event, SessionArranged) and event.access is Access.STAFF)
