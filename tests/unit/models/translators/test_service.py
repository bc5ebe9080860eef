from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.translation.routes import best_route
from moothall_models.recognizers.endpoint import MOST_BYTES
from moothall_models.translators.apertium import ApertiumTranslator
from moothall_models.translators.bergamot import BergamotTranslator
from moothall_models.translators.port import UnusableTranslation
from moothall_models.translators.service import (
    PIECE,
    REST,
    ServiceTranslator,
    Untranslated,
    language_name,
    open_service,
    read_translation,
)
from support.links.certificate import make_certificate
from support.models.transcription_service import KEY, refusal
from support.models.translation_service import MODEL, Chat, Clock, chatting, completion, standing, translator


class TranslationService:
    """A service, and a translator that asks it."""

    def __init__(self, name: str, chat: Chat) -> None:
        self.chat = chat
        self.clock = Clock()
        self.keys = [KEY]
        self.translator = translator(name, key=lambda: self.keys[-1], clock=self.clock)

    def ask(self, text: str) -> str:
        return self.translator.translate([text], self.translator.directions[0])[0]

    def failure(self, text: str = "A secret.") -> str:
        with pytest.raises(UnusableTranslation) as caught:
            self.ask(text)
        said = str(caught.value)
        assert "secret" not in said
        assert "sk-" not in said
        assert caught.value.__cause__ is None
        return said


@pytest.fixture
def house() -> Iterator[TranslationService]:
    chat = Chat()
    with standing(chat) as name:
        house = TranslationService(name, chat)
        yield house
        house.translator.close()


def form(content: object, finish_reason: str | None = "stop") -> bytes:
    return json.dumps({"choices": [{"message": {"content": content}, "finish_reason": finish_reason}]}).encode()


def test_the_question_names_both_languages_and_what_is_wanted(house: TranslationService) -> None:
    assert house.ask("Good morning, XQ1X.\nShall we begin?") == "[Arabic, ar] Good morning, XQ1X. Shall we begin?"
    assert house.chat.texts == ["Good morning, XQ1X. Shall we begin?"]
    [system] = house.chat.systems
    for part in ("from English, en into Arabic, ar", "translation alone", "never said to you", "XQ1X", "no Markdown"):
        assert part in system


def test_directions_are_all_pairs_and_their_version_the_model_and_its_host(house: TranslationService) -> None:
    directions = house.translator.directions
    assert len(directions) == 12
    assert {(each.engine, each.version) for each in directions} == {("service", f"{MODEL}@127.0.0.1")}
    made = translator("openai:a,b>c@https://api.example.org/v1", ["en", "pt-BR"])
    assert [(each.version, each.target) for each in made.directions] == [
        ("a_b_c@api.example.org", "pt-BR"),
        ("a_b_c@api.example.org", "en"),
    ]


@pytest.mark.parametrize(
    "languages", [(), ("en",), ("en", "en"), ("en", "en-GB"), ("en", ""), ("en", "a b"), ("en", "x" * 9)]
)
def test_languages_that_are_none(languages: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"language"):
        translator("openai:m@https://api.example.org/v1", languages)


def test_languages_are_named_in_english() -> None:
    assert [language_name(tag) for tag in ("pt-BR", "zh-Hant", "gsw", "es-419", "en-XX", "qq")] == [
        "Portuguese (Brazil), pt-BR",
        "Chinese (Traditional), zh-Hant",
        "Swiss German, gsw",
        "Spanish (Latin America), es-419",
        "English, en-XX",
        "qq",
    ]


def test_a_name_that_is_none() -> None:
    with pytest.raises(ConfigurationError, match="it looks like openai:gpt-4o-mini@https"):
        translator("openai:m")
    with pytest.raises(ConfigurationError, match="would get the text in clear"):
        translator("openai:m@http://api.example.org/v1")


def test_a_service_comes_before_what_moothall_brings_where_that_is_worse() -> None:
    made = translator("openai:m@https://api.example.org/v1", ["en", "es", "fr", "pt"]).directions
    bundled = [*BergamotTranslator().directions, *ApertiumTranslator().directions]
    for source, target in (("en", "es"), ("es", "en"), ("en", "pt"), ("en", "fr"), ("es", "fr"), ("fr", "es")):
        route = best_route([*made, *bundled], source, target)
        assert route is not None
        assert [hop.engine for hop in route.hops] == ["service"]
        assert not route.rough


def test_long_texts_are_sent_in_parts_and_what_has_no_letter_not_at_all(house: TranslationService) -> None:
    sentence = "We have heard it. "
    assert house.ask(sentence * 200).count("We have heard it.") == 200
    assert len(house.chat.texts) == 3
    assert max(map(len, house.chat.texts)) <= PIECE
    assert house.ask("12 % … 😀") == "12 % … 😀"
    assert len(house.chat.texts) == 3


def test_a_long_text_has_no_more_time_than_a_short_one(house: TranslationService) -> None:
    def slow(text: str, _: str) -> str:
        house.clock.now += 5.0
        return text

    house.chat.says = slow
    assert "its answer took too long" in house.failure("A secret. " * 1_000)
    assert len(house.chat.texts) == 3
    assert house.ask("Yes.") == "Yes."


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "0 bytes isn't in the form"),
        (b"\xff", "isn't in the form"),
        (b"[]", "isn't in the form"),
        (b'{"choices": []}', "isn't in the form"),
        (form(7), "isn't in the form"),
        (form(None), "is empty"),
        (form(" \n\0 "), "is empty"),
        (form("Sí. " * 100), "has 400 characters for 4"),
        (form("Sí", "length"), "broke off"),
        (form("Sí", "content_filter"), "broke off"),
        (form("```\nSí.\n```"), "more than a translation"),
        (form("<think>Yes</think> Sí."), "more than a translation"),
    ],
)
def test_what_is_no_translation(answer: bytes, why: str) -> None:
    with pytest.raises(Untranslated, match=why):
        read_translation(answer, "Yes.")


def test_a_translation_is_one_line() -> None:
    assert read_translation(form(" Sí,\n\tseñora.\u2028 ", None), "Yes, madam.") == "Sí, señora."
    assert read_translation(form("`` ``` ``"), "Say ```.") == "`` ``` ``"


def test_an_answer_that_is_no_translation_costs_its_text_alone(house: TranslationService) -> None:
    house.chat.first += [completion("```\nA secret.\n```")]
    assert house.failure() == ("127.0.0.1 gave no translation from en to ar: its answer holds more than a translation.")
    assert house.ask("Yes.") == "[Arabic, ar] Yes."


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_a_busy_service_is_asked_again_and_not_for_ever(house: TranslationService, status: int) -> None:
    house.chat.first += [refusal(status, "busy") for _ in range(3)]
    assert house.ask("Yes.") == "[Arabic, ar] Yes."
    house.chat.first += [refusal(status, "busy") for _ in range(5)]
    assert house.failure() == f"127.0.0.1 gave no translation: it answered with status {status}."
    assert len(house.chat.first) == 1


def test_what_is_refused_is_not_asked_again(house: TranslationService) -> None:
    house.chat.first += [refusal(400, "content_policy")]
    assert house.failure().startswith("127.0.0.1 refused to translate (status 400, content_policy). It must know chat")
    assert house.ask("Yes.") == "[Arabic, ar] Yes."


def test_an_answer_that_is_too_long_is_not_read(house: TranslationService) -> None:
    house.chat.first += [web.Response(body=b" " * (MOST_BYTES + 1))]
    assert f"answered with more than {MOST_BYTES} bytes" in house.failure()


def test_a_refused_key_rests_the_service_and_is_read_anew(house: TranslationService) -> None:
    house.chat.key = "sk-new"
    first = house.failure()
    assert first.startswith("127.0.0.1 refused the key (status 401, invalid_api_key).")
    house.chat.key = KEY  # whatever is asked now would be answered
    house.clock.now += REST - 1
    assert house.failure() == first
    assert house.chat.texts == []
    house.chat.key = "sk-new"
    house.keys += ["sk-new"]
    house.clock.now += 1
    assert house.ask("Yes.") == "[Arabic, ar] Yes."


def test_a_key_that_can_not_be_read_then_rests_it_again(house: TranslationService) -> None:
    house.chat.key = "sk-new"
    house.failure()
    house.keys = ["no key"]
    house.clock.now += REST
    assert "spaces or signs that no key has" in house.failure()
    house.keys = ["sk-new"]
    house.clock.now += REST
    assert house.ask("Yes.") == "[Arabic, ar] Yes."


def test_an_unknown_model_rests_it_too(house: TranslationService) -> None:
    house.chat.first += [refusal(404, "model_not_found")]
    assert house.failure().startswith(f"127.0.0.1 knows no model {MODEL}, or nothing at /v1/chat/completions")
    assert house.failure().startswith("127.0.0.1 knows no model")
    assert len(house.chat.texts) == 1


def test_the_check_asks_once(house: TranslationService) -> None:
    house.translator.check()
    assert house.chat.texts == ["The meeting is open."]
    house.chat.first += [completion("")]
    with pytest.raises(UnusableTranslation, match="its answer is empty"):
        house.translator.check()


def test_the_check_of_languages_without_a_sentence_asks_too() -> None:
    chat = Chat()
    with standing(chat) as name:
        made = translator(name, ["sw", "yo"])
        made.check()
        made.close()
    assert len(chat.texts) == 1


def test_nobody_there() -> None:
    made = translator("openai:m@http://127.0.0.1:1/v1")
    with pytest.raises(UnusableTranslation, match=r"it can't be reached \(ConnectionRefusedError\)\.$"):
        made.translate(["Yes."], made.directions[0])


def test_what_is_under_way_when_it_is_closed_fails() -> None:
    holder: list[ServiceTranslator] = []

    def closing(text: str, _: str) -> str:
        holder[0].close()
        return text

    with standing(Chat(says=closing)) as name:
        holder.append(translator(name))
        with pytest.raises(UnusableTranslation, match="was closed"):
            holder[0].translate(["Yes."], holder[0].directions[0])


async def test_a_service_that_is_not_who_it_should_be_gets_no_text(tmp_path: Path) -> None:
    own, private = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own, private)
    chat = Chat()
    async with chatting(chat, tls) as name:
        made = translator(name)
        with pytest.raises(UnusableTranslation, match="no text was sent to it"):
            await asyncio.to_thread(made.translate, ["Yes."], made.directions[0])
        assert chat.texts == []
        clock = Clock()
        trust = ssl.create_default_context(cafile=own)
        trusting = open_service(name, ["en", "ar"], lambda: KEY, seconds=clock.seconds, pause=clock.pause, trust=trust)
        [answer] = await asyncio.to_thread(trusting.translate, ["Yes."], trusting.directions[0])
        assert answer == "[Arabic, ar] Yes."
        trusting.close()
