from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.translation.inflection import Inflection
from moothall.core.translation.phrases import Phrase
from moothall.core.translation.routes import RouteScore
from moothall.services.translation.text_translation import (
    KEPT,
    LONGEST,
    MOST,
    Made,
    Reach,
    Terms,
    TextTranslation,
    parts_of,
    together,
)
from moothall.services.translation.translators import NoTranslator, TranslationFailed, Translators
from moothall.testing.loop import run
from moothall.testing.translator_link import DIRECTIONS, EchoEnd
from moothall.wire import translation as wire

PHRASES: tuple[Phrase, ...] = (
    {"en": ("the motion carries",), "es": ("se aprueba la moción",), "pt": ("a moção é aprovada",)},
)


@asynccontextmanager
async def texts_of(
    echo: EchoEnd, kept: int = KEPT, translators: Translators | None = None
) -> AsyncIterator[TextTranslation]:
    async with asyncio.TaskGroup() as group:
        translators = translators or Translators()
        texts = TextTranslation(translators, PHRASES, kept=kept)
        group.create_task(translators.serve(echo.server))
        group.create_task(echo.run())
        for _ in range(20):
            await asyncio.sleep(0)
        yield texts
        echo.cut()


def test_a_text_goes_its_way_hop_by_hop_with_formulas_and_terms_kept() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with texts_of(echo) as texts:
            assert texts.reachable("en") == ("es", "pt")
            made = await texts.translate("Good.", "en", "es")
            assert (made.text, made.route.name) == ("[es] [pt] Good.", "echo 1 en>pt, echo 1 pt>es")
            formula = await texts.translate("I think the motion carries today.", "en", "es")
            assert "se aprueba la moción" in formula.text
            assert echo.asked[-1].startswith("[pt] I think XQ1X")
            term = await texts.translate("Moothall opens.", "en", "pt", Terms(forced={"Moothall": "a Moothall"}))
            assert "Moothall opens" in term.text.replace("a Moothall", "Moothall")
            assert term.wording != made.wording

    run(story())


def test_a_term_whose_forms_are_known_is_written_in_the_one_that_is_asked_for() -> None:
    async def story() -> None:
        async with texts_of(EchoEnd([msgspec.structs.replace(DIRECTIONS[0], target="ru")])) as texts:
            forms = {"Ассамблея": Inflection(nom="Ассамблея", gen="Ассамблеи")}
            assembly = Terms(forced={"Assembly": "Ассамблея"}, forms=forms)
            inflected = await texts.translate("Для Assembly!", "en", "ru", assembly)
            assert inflected.text == "[ru] Для Ассамблеи!"
            bare = await texts.translate("Для Assembly!", "en", "ru", Terms(forced=assembly.forced))
            assert bare.text == "[ru] Для Ассамблея!"
            assert bare.wording != inflected.wording

    run(story())


def test_a_long_text_goes_part_by_part_and_comes_back_whole() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with texts_of(echo) as texts:
            said = " ".join(f"The secretariat has sent document {number} to the members." for number in range(40))
            made = await texts.translate(said, "en", "pt")
            assert len(echo.asked) > 3
            assert max(map(len, echo.asked)) <= 600, "so that no engine takes long, and other lines come in between"
            assert made.text.replace("[pt] ", "") == said

    run(story())


def test_what_is_removed_on_its_way_is_kept_at_no_hop() -> None:
    async def story() -> None:
        echo, translators = EchoEnd(), Translators()
        async with texts_of(echo, translators=translators) as texts:
            echo.silent = True
            asked = asyncio.ensure_future(texts.translate("A secret.", "en", "es"))
            for _ in range(20):
                await asyncio.sleep(0)
            translators.forget()
            echo.silent = False
            await echo.tell(wire.Translated(id=1, text="Um segredo."))
            assert (await asked).text == "[es] Um segredo."
            assert (await texts.translate("Um segredo.", "pt", "es")).text == "[es] Um segredo."
            assert echo.asked == ["A secret.", "Um segredo.", "Um segredo."], "the second hop is not kept either"

    run(story())


def test_it_tells_how_far_it_reaches_at_the_moment() -> None:
    async def story() -> None:
        echo = EchoEnd(missing=("Install something.",))
        async with texts_of(echo) as texts:
            ways = {"en": ("es", "pt"), "es": ("en", "pt"), "pt": ("en", "es")}
            assert texts.reach == Reach(connected=True, ways=ways, missing=("Install something.",))
            echo.cut()
            for _ in range(20):
                await asyncio.sleep(0)
            assert texts.reach == Reach()
            assert texts.reachable("en") == ()

    run(story())


def test_a_formula_alone_needs_no_engine() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with texts_of(echo) as texts:
            assert (await texts.translate("The motion carries.", "en", "es")).text == "Se aprueba la moción."
            assert echo.asked == []

    run(story())


def test_what_an_engine_loses_is_translated_with_another_mark_and_then_without_protection() -> None:
    async def story() -> None:
        echo = EchoEnd()
        echo.loses = ("XQ1X",)
        async with texts_of(echo) as texts:
            made = await texts.translate("I think the motion carries today.", "en", "pt")
            assert made.text == "[pt] I think a moção é aprovada today."
            echo.loses = ("XQ1X", "Xqz1")
            made = await texts.translate("We see that the motion carries.", "en", "pt")
            assert made.text == "[pt] We see that the motion carries."

    run(story())


def test_nothing_is_no_translation() -> None:
    async def story() -> None:
        echo = EchoEnd()
        echo.loses = "[pt] Hm."
        async with texts_of(echo) as texts:
            with pytest.raises(TranslationFailed, match="en to pt"):
                await texts.translate("Hm.", "en", "pt")
            assert (await texts.translate(" ", "en", "pt")).text == ""

    run(story())


def test_whoever_asks_for_one_text_gets_an_answer_in_any_case() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with texts_of(echo) as texts:
            made = await texts.text("¿Cuándo?", "es", "en")
            assert isinstance(made, Made)
            assert made.text == "[en] [pt] Cuándo?"
            before = len(echo.asked)
            await texts.text("¿Cuándo?", "es", "en")
            assert len(echo.asked) == before + 2, "nothing of a question is kept"
            echo.fails = 1
            for text, target, code in (
                ("¿Cuándo?", "en", RefusalCode.UNAVAILABLE),
                ("¿Cuándo?", "ar", RefusalCode.UNKNOWN),
                (" ", "en", RefusalCode.INVALID),
                ("x" * (LONGEST + 1), "en", RefusalCode.INVALID),
            ):
                refused = await texts.text(text, "es", target)
                assert isinstance(refused, Refusal)
                assert refused.code is code
            echo.silent = True
            asked = asyncio.ensure_future(texts.text("¿Cuándo?", "es", "en"))
            for _ in range(20):
                await asyncio.sleep(0)
            echo.cut()
            lost = await asked
            assert isinstance(lost, Refusal)
            assert lost.code is RefusalCode.UNAVAILABLE, "it is installed here, and will be back"

    run(story())


def test_without_translators_there_is_no_way() -> None:
    async def story() -> None:
        texts = TextTranslation(Translators(), PHRASES)
        assert texts.route("en", "es") is None
        await texts.prepare("en", "es")
        with pytest.raises(NoTranslator, match="en to es"):
            await texts.translate("Good.", "en", "es")

    run(story())


def test_what_is_kept_of_routes_and_wordings_is_bounded() -> None:
    async def story() -> None:
        async with texts_of(EchoEnd(), kept=2) as texts:
            for target in ("pt", "es", "pt", "fr"):
                texts.route("en", target)
            for number in range(4):
                await texts.translate("Good.", "en", "pt", Terms(names=(f"Name {number}",)))

    run(story())


def test_what_must_stay_here_goes_no_way_that_leads_away() -> None:
    async def story() -> None:
        away = msgspec.structs.replace(DIRECTIONS[0], engine="service", cost=1.0, remote=True)
        async with texts_of(EchoEnd([*DIRECTIONS, away])) as texts:
            assert (await texts.translate("Good.", "en", "pt")).route.name == "service 1 en>pt"
            here = await texts.translate("Between us.", "en", "pt", keep=False, here=True)
            assert here.route.name == "echo 1 en>pt"
            assert texts.route("en", "pt", here=True) == here.route

    run(story())


TEXTS = st.text(alphabet=st.sampled_from("abcdé .?!。\n\r\t’"), max_size=120)  # noqa: RUF001


@given(TEXTS, st.integers(1, 30))
def test_parts_are_the_text_and_none_is_too_long_or_over_a_line(text: str, most: int) -> None:
    parts = parts_of(text, most)
    assert "".join(part + gap for part, gap in parts) == text.lstrip()
    for part, gap in parts:
        assert 0 < len(part) <= most
        assert part == part.strip()
        assert not set("\n\r") & set(part)
        assert not gap.strip()


@given(TEXTS)
def test_what_is_short_is_put_together_as_it_was(text: str) -> None:
    made = together(parts_of(text), "en")
    assert made.split() == text.split()
    assert made.count("\n") == text.strip().count("\n")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", []),
        (" \n ", []),
        ("One.", ["One."]),
        ("First sentence. Second one.", ["First sentence.", "Second one."]),
        ("A question? Mr. Okello said so.", ["A question?", "Mr. Okello said so."]),
        ("No end of a sentence at all here", ["No end of a sentence", "at all here"]),
        ("x" * 45, ["x" * 20, "x" * 20, "x" * 5]),
        ("第一句话在这里结束了。第二句话也在这里结束。", ["第一句话在这里结束了。", "第二句话也在这里结束。"]),
        ("Short.\n\nNext.", ["Short.", "Next."]),
    ],
)
def test_it_is_cut_behind_sentences_then_words(text: str, parts: list[str]) -> None:
    assert [part for part, _ in parts_of(text, 20)] == parts


def test_paragraphs_stay_and_sentences_are_joined_as_the_language_does_it() -> None:
    parts = [("Uno.", " "), ("Dos.", "\n\n"), ("Tres.", "\n")]
    assert together(parts, "es") == "Uno. Dos.\n\nTres."
    assert together(parts, "zh-Hans") == "Uno.Dos.\n\nTres."
    assert together([("A.", ""), ("B.", "")], "en") == "A. B."
    assert together([], "en") == ""
    assert len(parts_of("word " * 2_000)) == -(-10_000 // MOST)


def test_a_way_below_the_floor_is_rough_for_readers_and_for_the_operator() -> None:
    async def story() -> None:
        echo = EchoEnd()
        async with texts_of(echo) as texts:
            assert texts.reach.rough == {}
            score = RouteScore(chrf2=40.0, ms=10.2, p95_ms=14.3, sentences=40)
            await echo.tell(wire.Scores(scores=(wire.WayScore(directions=(0, 2), score=score),)))
            for _ in range(20):
                await asyncio.sleep(0)
            made = await texts.translate("Good.", "en", "es")
            assert (made.route.rough, made.route.score) == (True, score)
            assert not (await texts.translate("Good.", "en", "pt")).route.rough
            assert texts.reach.rough == {"en": ("es",)}

    run(story())
