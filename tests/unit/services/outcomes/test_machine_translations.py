from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace

from moothall.core.events import types as ev
from moothall.core.events.outcome_parts import (
    Citation,
    MessageKind,
    NumberedParagraph,
    ParagraphStyle,
    PublishedMessage,
    PublishedSection,
    TranslatedText,
)
from moothall.core.kernel.ids import CitationId, MessageId, SessionId
from moothall.core.outcomes.document import DocumentVersion
from moothall.core.outcomes.report import ReportVersion
from moothall.core.outcomes.translations import VouchedTranslation
from moothall.services.log.publication import Publication
from moothall.services.outcomes.cited_words import CitedFate, CitedLine, CitedWords
from moothall.services.outcomes.machine_translations import (
    MOST_PATIENT,
    MOST_QUOTED,
    MOST_SAID,
    WAITING,
    MachineTranslations,
    SourceText,
    TranslationBusy,
    VersionTranslation,
    placed_in_document,
    placed_in_report,
    texts_quoted,
    vouched,
)
from moothall.services.translation.text_translation import TextTranslation
from moothall.services.translation.translators import Translators
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from support.memory.hall import memory_hall
from support.sessions.recorder import Recorder

REPORT = ReportVersion(
    n=2,
    at=0,
    session=SessionId("hall"),
    title="Water",
    language="en",
    template="session",
    sections=(PublishedSection(id="issues", heading="Issues", text="All spoke.\n\nOf water."),),
    messages=(PublishedMessage(id=MessageId("m1"), kind=MessageKind.AGREED, text="All want it."),),
)
CITED = Citation(id=CitationId("c1"), session=SessionId("hall"), offset=1)
WANTED = VersionTranslation(SessionId("report.hall"), 2, "pt", here=False)


def texts_of_report(version: ReportVersion) -> list[SourceText]:
    return [text for _, text in placed_in_report(version)]


@asynccontextmanager
async def translations(echo: EchoEnd) -> AsyncIterator[MachineTranslations]:
    async with asyncio.TaskGroup() as group:
        translators = Translators()
        made = MachineTranslations(TextTranslation(translators, ()))
        tasks = [group.create_task(each) for each in (translators.serve(echo.server), echo.run(), made.run())]
        while not translators.connected:  # noqa: ASYNC110  # its hello comes first
            await asyncio.sleep(0)
        yield made
        echo.cut()
        tasks[-1].cancel()


def test_a_report_is_translated_once_and_says_of_which_version() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with translations(echo) as made:
            texts = texts_of_report(REPORT)
            assert made.languages(texts, here=False) == ("es", "pt")
            one = await made.made(WANTED, texts)
            assert one.wanted == WANTED
            asked = len(echo.asked)
            assert await made.made(WANTED, texts) is one
            assert len(echo.asked) == asked == 5
            report = one.report(REPORT)
            assert (report.n, report.language, report.title) == (2, "pt", "[pt] Water")
            assert report.sections[0].text == "[pt] All spoke.\n\n[pt] Of water."
            assert report.messages == (replace(REPORT.messages[0], text="[pt] All want it."),)
            assert one.ways == {"echo 1 en>pt": False}

    run(story())


def test_texts_in_other_languages_are_translated_too_and_those_in_the_language_stay() -> None:
    async def story() -> None:
        async with translations(EchoEnd()) as made:
            paragraphs = (
                NumberedParagraph(n=1, style=ParagraphStyle.HEADING, text="Quién.", level=1, language="es"),
                NumberedParagraph(n=2, style=ParagraphStyle.TEXT, text="Ninguém.", language="pt-BR"),
                NumberedParagraph(n=3, style=ParagraphStyle.MESSAGE),
            )
            version = DocumentVersion(n=1, at=0, language="en", paragraphs=paragraphs)
            texts = [text for _, text in placed_in_document(SourceText("Outcomes", "en"), version, {})]
            assert made.languages(texts, here=False) == ("en", "es", "pt")
            one = await made.made(WANTED, texts)
            found = [(each.n, each.text, each.language) for each in one.document(version).paragraphs]
            assert one.ways == {"echo 1 en>pt": False, "echo 1 es>pt": False}
            assert found == [(1, "[pt] Quién.", "pt"), (2, "Ninguém.", "pt-BR"), (3, "", "")]
            assert made.languages([SourceText(" ", "en")], here=False) == ()

    run(story())


def test_what_must_stay_in_the_house_goes_to_no_service_outside() -> None:
    async def story() -> None:
        remote: Sequence[object] = [replace(each, remote=True) for each in DIRECTIONS]
        echo = EchoEnd(remote)  # type: ignore[arg-type]  # directions
        async with translations(echo) as made:
            texts = texts_of_report(REPORT)
            assert made.languages(texts, here=False) == ("es", "pt")
            assert made.languages(texts, here=True) == ()
            one = await made.made(WANTED._replace(here=True), texts)
            assert one.of("Water", "en") == ("Water", "en"), "it stands as it was written"
            assert echo.asked == []

    run(story())


def test_quoted_words_have_their_translation_beside_them_and_only_what_is_new_is_asked_for() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with translations(echo) as made:
            texts = texts_of_report(REPORT)
            await made.made(WANTED, texts)
            asked = len(echo.asked)
            line = CitedLine(segment="l1", language="en", was="Who said so?", now="Who said so!")
            cited = CitedWords(citation=CITED, fate=CitedFate.CHANGED, lines=(line, replace(line, was="")))
            texts += texts_quoted([cited])
            one = await made.made(WANTED, texts)
            assert len(echo.asked) == asked + 1
            assert one.quoted("Who said so?", "en") == "[pt] Who said so?"
            assert one.quoted("Who said so!", "en") == one.quoted("Quem?", "pt") == ""
            assert one.report(REPORT).title == "[pt] Water"
            assert await made.made(WANTED, texts_of_report(REPORT)) is one, "whoever sees fewer quotations gets it too"

    run(story())


def test_whoever_sees_more_quotations_than_are_being_translated_is_told_to_come_again() -> None:
    async def story() -> None:
        async with translations(EchoEnd()) as made:
            texts = texts_of_report(REPORT)
            first = asyncio.ensure_future(made.made(WANTED, texts))
            await asyncio.sleep(0)
            more = [*texts, SourceText("Who said so?", "en")]
            with pytest.raises(TranslationBusy):
                await made.made(WANTED, more)
            await first
            assert (await made.made(WANTED, more)).quoted("Who said so?", "en")

    run(story())


def test_a_persons_translation_takes_the_machines_place() -> None:
    texts = (
        TranslatedText("title", "Água"),
        TranslatedText("message.m1", "Todos querem."),
        TranslatedText("gone", "?"),
    )
    entered = VouchedTranslation(n=2, language="pt", name="Ana", texts=texts)
    report = vouched(WANTED, entered, placed_in_report(REPORT)).report(REPORT)
    assert (report.title, report.messages[0].text, report.sections) == ("Água", "Todos querem.", REPORT.sections)


def test_too_many_are_refused_for_now() -> None:
    async def story() -> None:
        made = MachineTranslations(TextTranslation(Translators(), ()))
        waiting = [asyncio.ensure_future(made.made(WANTED._replace(n=n), ())) for n in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TranslationBusy):
            await made.made(WANTED._replace(n=WAITING), ())
        for each in waiting:
            each.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)

    run(story())


@pytest.mark.parametrize(
    "event",
    [
        ev.BodyRemoved(offsets=(1,), reason="request", by="s"),
        ev.SessionArranged(access=ev.Access.STAFF, sound=ev.SoundKept.NONE),
    ],
)
def test_what_is_removed_or_hidden_is_not_sent_to_be_translated_any_more(event: ev.AnyEvent) -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with memory_hall() as hall, translations(echo) as made:
            live, texts = await hall.session(), texts_of_report(REPORT)
            wanted = [asyncio.ensure_future(made.made(WANTED._replace(n=n), texts)) for n in (2, 3)]
            while not echo.asked:  # noqa: ASYNC110  # the first text is being translated
                await asyncio.sleep(0)
            told = Publication(session=live.id, records=(Recorder().record(event),), events=(event,))
            made.observe(live, told)
            for each in wanted:
                with pytest.raises(TranslationBusy):
                    await each
            other = WANTED._replace(n=4)
            assert (await made.made(other, texts)).of("Water", "en") == ("[pt] Water", "pt")
            assert echo.asked.count("Water") == 1, "of what waited nothing more was sent"
            made.observe(live, Publication(session=live.id))
            await made.made(other, texts)
            assert echo.asked.count("Water") == 1

    run(story())


def test_so_many_quoted_words_are_translated() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with translations(echo) as made:
            quoted = [SourceText(f"No. {n}", "en") for n in range(MOST_QUOTED + 1)]
            one = await made.made(WANTED, texts_of_report(REPORT), quoted)
            assert one.quoted(f"No. {MOST_QUOTED - 1}", "en") == f"[pt] No. {MOST_QUOTED - 1}"
            assert one.quoted(f"No. {MOST_QUOTED}", "en") == ""
            assert await made.made(WANTED, texts_of_report(REPORT), quoted) is one

    run(story())


def test_what_is_said_beside_a_version_later_is_translated_and_nobody_waits_for_it() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with translations(echo) as made:
            texts, comment = texts_of_report(REPORT), SourceText("No todos.", "es")
            first = await made.made(WANTED, texts)
            again = await made.made(WANTED, texts, said=[comment])
            assert again is first, "as it was, while the comment is translated"
            while (one := await made.made(WANTED, texts, said=[comment])) is first:  # noqa: ASYNC110  # nobody is told
                await asyncio.sleep(0)
            assert one.quoted("No todos.", "es") == "[pt] No todos."
            assert one.report(REPORT).title == "[pt] Water"
            many = [comment, *(SourceText(f"No. {n}", "en") for n in range(MOST_SAID))]
            one = await made.made(WANTED, texts, said=many)
            while not one.quoted("No. 0", "en"):
                await asyncio.sleep(0)
                one = await made.made(WANTED, texts, said=many)
            assert one.quoted(f"No. {MOST_SAID - 2}", "en")
            assert not one.quoted(f"No. {MOST_SAID - 1}", "en")

    run(story())


def test_so_many_requests_wait_and_the_next_is_told_at_once_to_come_again() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with translations(echo) as made:
            texts = texts_of_report(REPORT)
            waiting = [asyncio.ensure_future(made.made(WANTED, texts)) for _ in range(MOST_PATIENT)]
            await asyncio.sleep(0)
            with pytest.raises(TranslationBusy):
                await made.made(WANTED, texts)
            assert len({id(each) for each in await asyncio.gather(*waiting)}) == 1
            assert await made.made(WANTED, texts)

    run(story())
