"""Takes words that were removed from a record out of the texts of reports and documents that repeat them.

A citation has no words, but what a rapporteur typed may have them: in quotation marks, or word for word without. The
version keeps its number, its paragraphs and its date; where the words stood it has a mark.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache

import msgspec

from moothall.core.events import outcomes as oe
from moothall.core.events.codec import UnknownEvent
from moothall.core.events.types import AnyEvent
from moothall.core.kernel.decoding import made_of
from moothall.core.kernel.ids import ChannelId, SegmentId
from moothall.core.outcomes.outcomes import Outcomes
from moothall.core.outcomes.report import Report
from moothall.core.reports.normal_words import normal_words
from moothall.core.reports.quotable import QuotableLine
from moothall.core.reports.quotation_marks import AROUND, quoted_spans
from moothall.core.reports.quoting import QuotableRecord, QuotationClaim, QuotationVerdict

RUN = 5
"""So many words in the order of a removed text are taken out without quotation marks too; of a shorter text all of it.
"""
MOST_ROWS = 10_000
"""Rows of texts, and runs of words, of which it is kept what was found: the wordings of a draft have most of them in
common. Overflow: those used longest ago are looked at again.
"""
Redact = Callable[[str, str], str]
"""Returns a text of a language (BCP-47 tag; empty: unknown) with a mark in the place of removed words; the same text
where it has none."""


class RecordText(msgspec.Struct, frozen=True):
    """A text of a record."""

    text: str
    language: str
    """BCP-47 tag."""


class RemovedTexts:
    """Finds removed texts in others. Words that stand in a text that stays too are none of them."""

    def __init__(self, removed: Sequence[RecordText], stays: Sequence[RecordText] = (), *, run: int = RUN) -> None:
        """`run`: how many words count without quotation marks."""
        self._removed = QuotableRecord([_line(n, each) for n, each in enumerate(removed)])
        self._runs: dict[str, dict[int, set[tuple[str, ...]]]] = {each.language: {} for each in removed}
        """Runs of words, by language and length."""
        for each in removed:
            forms = _forms(each.text, each.language)
            many = min(run, len(forms))
            if many:
                self._runs[each.language].setdefault(many, set()).update(_runs_of(forms, many))
        self._stays = stays
        self._words = lru_cache(MOST_ROWS)(normal_words)
        self._quoted = lru_cache(MOST_ROWS)(self._quoted_in)
        self._stand = lru_cache(MOST_ROWS)(self._stand_in)

    @cached_property
    def _staying(self) -> dict[str, str]:
        """The words of the texts that stay, as each language of a removed one writes them, a row a text."""
        return {
            language: "\n".join(f" {' '.join(_forms(each.text, language))} " for each in self._stays)
            for language in self._runs
        }

    def _stand_in(self, forms: tuple[str, ...], language: str) -> bool:
        """Whether a text that stays has these words."""
        return f" {' '.join(forms)} " in self._staying[language]

    def without(self, text: str, mark: str) -> str:
        """A text with `mark` in the place of each passage that repeats removed words."""
        parts, at = list[str](), 0
        runs = [*self._word_for_word(text)]
        edges = sorted(edge for start, end, _ in quoted_spans(text) for edge in (start, end)) if runs else []
        apart = (part for run in runs for part in _beside_marks(text, run, edges))
        for start, end in _joined(sorted({*self._in_marks(text), *apart})):
            parts += [text[at:start], mark]
            at = end
        return "".join((*parts, text[at:]))

    def _in_marks(self, text: str) -> Iterator[tuple[int, int]]:
        return ((begun + start, begun + end) for begun, row in _rows(text) for start, end in self._quoted(row))

    def _quoted_in(self, row: str) -> tuple[tuple[int, int], ...]:
        return tuple((start, end) for start, end, _ in quoted_spans(row) if self._was_said(row[start:end]))

    def _was_said(self, words: str) -> bool:
        """Whether a removed text, and none that stays, has quoted words."""
        claim = QuotationClaim(text=words, first=SegmentId(""), last=SegmentId(""))
        return self._removed.check(claim).verdict is not QuotationVerdict.NOT_FOUND and not any(
            self._stand(_forms(words, language), language) for language in self._runs
        )

    def _word_for_word(self, text: str) -> Iterator[tuple[int, int]]:
        for language, by_length in self._runs.items():
            rows = [(begun, self._words(row, language)) for begun, row in _rows(text)]
            forms = tuple(word.form for _, words in rows for word in words)
            found = [
                (at, at + many - 1)
                for many, runs in by_length.items()
                for at, run in enumerate(_runs_of(forms, many))
                if run in runs and not self._stand(run, language)
            ]
            if found:
                places = [(begun + word.start, begun + word.end) for begun, words in rows for word in words]
                yield from ((places[first][0], places[last][1]) for first, last in found)


def _line(n: int, removed: RecordText) -> QuotableLine:
    """A removed text, in a channel of its own: a quotation isn't put together of several."""
    name = f"t{n}"
    return QuotableLine(segment=SegmentId(name), text=removed.text, language=removed.language, channel=ChannelId(name))


def _rows(text: str) -> Iterator[tuple[int, str]]:
    """The rows of a text, each with where it begins. No word and no quotation goes over the end of one."""
    begun = 0
    for row in text.split("\n"):
        yield begun, row
        begun += len(row) + 1


def _forms(text: str, language: str) -> tuple[str, ...]:
    return tuple(word.form for word in normal_words(text, language))


def _runs_of(forms: tuple[str, ...], many: int) -> Iterator[tuple[str, ...]]:
    return (forms[at : at + many] for at in range(len(forms) - many + 1))


def _beside_marks(text: str, run: tuple[int, int], edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The parts of a run of words that quotation marks part from each other: these stay. `edges`: where quotations
    begin and end, in order.
    """
    at, end = run
    for edge in edges[bisect_right(edges, at) : bisect_left(edges, end)]:
        before = text[at:edge].rstrip(AROUND)
        if before:
            yield at, at + len(before)
        at = edge + len(text[edge:end]) - len(text[edge:end].lstrip(AROUND))
    yield at, end


def _joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def redacted(event: AnyEvent | UnknownEvent | None, redact: Redact) -> AnyEvent | None:
    """An event of a report or document without removed words; None where it has none of them."""
    replace = msgspec.structs.replace
    changed: AnyEvent
    match event:
        case oe.SectionWritten() | oe.MessageWritten():
            changed = replace(event, text=redact(event.text, ""))
        case oe.MessageObjected():
            changed = replace(event, text=redact(event.text, event.language))
        case oe.ReportPublished():
            tag = event.language
            changed = replace(
                event,
                title=redact(event.title, tag),
                sections=tuple(replace(each, text=redact(each.text, tag)) for each in event.sections),
                messages=tuple(replace(each, text=redact(each.text, tag)) for each in event.messages),
            )
        case oe.DocumentPublished():
            paragraphs = (
                replace(each, text=redact(each.text, each.language or event.language)) for each in event.paragraphs
            )
            changed = replace(event, paragraphs=tuple(paragraphs))
        case oe.TranslationEntered():
            texts = tuple(replace(each, text=redact(each.text, event.language)) for each in event.texts)
            changed = replace(event, texts=texts)
        case _:
            return None
    return None if changed == event else changed


def said_again(found: Sequence[tuple[AnyEvent, int]], outcomes: Outcomes, redact: Redact) -> tuple[AnyEvent, ...]:
    """The events that take the place of those that are erased. `found`: these without the removed words, each with when
    it was written (Unix ms); `outcomes`: what the log holds.
    """
    report = outcomes.report
    again = [*_draft_again([each for each, _ in found], report, redact)]
    for event, at in found:
        match event:
            case oe.ReportPublished() | oe.DocumentPublished() | oe.MessageObjected():
                first = at if event.first_at is None else event.first_at
                again.append(msgspec.structs.replace(event, first_at=first))
            case oe.TranslationEntered():
                again.append(event)
            case _:
                pass  # a wording of the draft
    if any(isinstance(each, oe.SectionWritten | oe.MessageWritten | oe.ReportPublished) for each in again):
        # What is written or published moves a report on. It is as far as it was.
        again.append(oe.ReportMoved(stage=report.stage, note=report.note))
    return tuple(again)


def _draft_again(events: Sequence[AnyEvent], report: Report, redact: Redact) -> Iterator[AnyEvent]:
    """The draft as it is now, as far as some wording of it is erased. Its revisions are new: whoever has an earlier one
    open, with the words, must not store it unasked.
    """
    sections = {each.section for each in events if isinstance(each, oe.SectionWritten)}
    for name, section in report.sections.items():
        if name in sections:
            yield oe.SectionWritten(section=name, text=redact(section.text, ""), revision=section.revision + 1)
    names = {each.message for each in events if isinstance(each, oe.MessageWritten)}
    messages = [each for each in report.messages.values() if each.id in names]
    for each in messages:
        yield made_of(oe.MessageWritten, each, message=each.id, text=redact(each.text, ""), revision=each.revision + 1)
        for cited in each.citations:
            if (check := each.check_of(cited)) is not None:
                yield oe.CitationChecked(
                    message=each.id, citation=cited.id, seen=check.seen, doubts=tuple(sorted(check.doubts))
                )
    if messages:
        yield oe.MessagesOrdered(messages=tuple(report.messages))
