from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl

import msgspec
import pytest

from moothall.adapters.pages.catalogues import Catalogues, own_name
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.adapters.reading.page_address import TextAddresses
from moothall.adapters.reading.page_choices import Choices
from moothall.adapters.reading.page_menu import (
    Lacking,
    by_language,
    in_own_language,
    menu,
    not_here,
    text_for,
    to_ask_for,
    ways,
)
from moothall.adapters.reading.session_page import OwnPace, PageParts, SessionPage, SessionState
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import ChannelId, Epoch, SessionId
from moothall.core.kernel.lanes import Feed
from moothall.core.kernel.times import UTC_ZONE
from moothall.core.sessions.state import Status
from moothall.core.views.captions import CaptionsView, ReaderChannel, Session

CATALOGUES = Catalogues(find_web_folder() / "locales")
UI = CATALOGUES["en"]
PAGES = Pages(find_web_folder())
FLOOR = ReaderChannel(kind=ChannelKind.FLOOR, languages=("en", "fr"))
FLOOR_IN_ENGLISH = ReaderChannel(kind=ChannelKind.FLOOR, languages=("en",))
CHANNELS = {
    ChannelId("mt-ar"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("ar",), requested=1_764_000_000_000),
    ChannelId("mt-fr"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("fr",), of_record=True),
    ChannelId("mt-pt-br"): ReaderChannel(kind=ChannelKind.TRANSLATION, languages=("pt-BR",), of_record=True),
    ChannelId("floor"): FLOOR,
    ChannelId("booth"): ReaderChannel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
}
SESSION = Session(id=SessionId("plenary"), channels=CHANNELS)


def address(channel: str, choices: Choices | None = None) -> TextAddresses:
    return TextAddresses(SESSION.id, channel=ChannelId(channel), choices=choices)


@pytest.mark.parametrize(
    ("heard", "tag", "text"),
    [
        (FLOOR, "fr", "booth"), (FLOOR, "pt", "mt-pt-br"), (FLOOR, "pt-BR", "mt-pt-br"), (FLOOR, "ar", "mt-ar"),
        (FLOOR, "en", "floor"), (FLOOR_IN_ENGLISH, "en-GB", "floor"), (FLOOR, "ru", None), (FLOOR, "<no tag>", None),
        (ReaderChannel(kind=ChannelKind.FLOOR, languages=("fr", "fr-CA")), "fr", "floor"), (None, "en", None),
    ],
)  # fmt: skip
def test_who_wants_one_language_gets_the_text_that_is_all_in_it(
    heard: ReaderChannel | None, tag: str, text: str | None
) -> None:
    others = {name: channel for name, channel in CHANNELS.items() if channel is not FLOOR}
    channels = others if heard is None else {**others, ChannelId("floor"): heard}
    assert text_for(msgspec.structs.replace(SESSION, channels=channels), tag) == text


@pytest.mark.parametrize(
    ("tag", "name"),
    [
        ("es", "Español"), ("ar", "العربية"), ("pt-BR", "Português (Brasil)"), ("zh-Hant", "中文 (繁體)"),
        ("ru", "Русский"), ("tlh", ""), ("", ""), ("no tag at all", ""),
    ],
)  # fmt: skip
def test_a_language_has_a_name_of_its_own(tag: str, name: str) -> None:
    assert own_name(tag) == name


def test_what_is_spoken_comes_first_then_interpreters_and_what_is_of_record_before_what_was_asked_for() -> None:
    groups = menu(SESSION, address("mt-fr"), UI, UTC_ZONE)
    told = [(group["title"], [(text["name"], text["since"]) for text in group["texts"]]) for group in groups]  # type: ignore[attr-defined]
    assert told == [
        ("As spoken", [("As spoken", "")]),
        ("Interpreter", [("Français", "")]),
        (
            "Machine translation",
            [
                ("Français", ""),
                ("Português (Brasil)", ""),
                ("العربية", "Made on demand since November 24, 2025"),
            ],
        ),
    ]
    assert menu(Session(id=SESSION.id, channels={ChannelId("floor"): FLOOR}), address("floor"), UI, UTC_ZONE) == []


def test_of_a_language_an_interpreter_is_found_before_a_translation() -> None:
    assert dict(parse_qsl(by_language(SESSION))) == {
        "fr": "booth", "ar": "mt-ar", "pt-br": "mt-pt-br", "pt": "mt-pt-br"
    }  # fmt: skip


def test_whoever_reads_what_is_spoken_in_other_languages_is_led_to_their_own() -> None:
    assert in_own_language(SESSION, address("floor"), CATALOGUES["pt"]) == {
        "address": "/s/plenary?channel=mt-pt-br", "name": "Português (Brasil)", "tag": "pt-BR"
    }  # fmt: skip
    english = msgspec.structs.replace(SESSION, channels={**CHANNELS, ChannelId("floor"): FLOOR_IN_ENGLISH})
    french = in_own_language(english, address("floor"), CATALOGUES["fr"])
    assert french is not None
    assert french["address"] == "/s/plenary?channel=booth", "an interpreter before a translation"
    for channel, language in (("floor", "fr"), ("floor", "en"), ("floor", "es"), ("mt-fr", "pt"), ("nowhere", "pt")):
        assert in_own_language(SESSION, address(channel), CATALOGUES[language]) is None


def test_a_translation_is_read_in_four_ways_and_no_other_text_is() -> None:
    choices = {"show": "both", "size": "150"}
    found = ways(SESSION, address("mt-fr", choices), UI)
    assert [(way["text"], way["here"]) for way in found] == [
        ("Original", False),
        ("Translation", False),
        ("Both", True),
        ("Side by side", False),
    ]
    assert found[0]["address"] == "/s/plenary?channel=floor&show=both&size=150"
    assert found[1]["address"] == "/s/plenary?channel=mt-fr&show=translation&size=150"
    at_own_pace = ways(SESSION, address("mt-fr"), UI, own_pace=41)
    assert at_own_pace[2]["address"] == "/s/plenary/read?channel=mt-fr&show=both&from=41"
    assert ways(SESSION, address("floor"), UI) == ways(SESSION, address("booth"), UI) == []


def test_what_is_translated_already_is_not_asked_for() -> None:
    assert [each["tag"] for each in to_ask_for(SESSION, ("ar", "es", "fr", "pt", "sw"), UI)] == ["es", "sw"]
    alone = Session(id=SESSION.id, channels={ChannelId("floor"): FLOOR})
    assert len(menu(alone, address("floor"), UI, UTC_ZONE, ("es",))) == 1


def page(lacking: Lacking, *, status: Status = Status.CLOSED, language: str = "en") -> str:
    feed = Feed(channel=ChannelId("floor"))
    snapshot = CaptionsView.empty(SESSION.id, Epoch("e1"), feed).snapshot()
    seen = msgspec.structs.replace(snapshot, session=msgspec.structs.replace(SESSION, status=status))
    parts = PageParts(address=address("floor"), ui=PAGES.catalogues[language], lacking=lacking)
    return SessionPage(PAGES).render_session(seen, parts, SessionState(), now=0)


def found(pattern: str, html: str) -> str:
    seen = re.search(pattern, html, re.DOTALL)
    assert seen is not None
    return seen[1]


def test_what_belongs_to_the_record_and_can_not_be_made_is_named_in_a_line() -> None:
    lacking = Lacking(missing=("pt-BR", "ar", "tlh"))
    said = found(r'<p class="missing">(.*?)</p>', page(lacking, language="es"))
    words = " ".join(re.sub("<[^>]*>", "", said).split())
    assert words == "Aquí no se traduce a: Português (Brasil) · العربية · klingon"
    assert re.findall(r'lang="([^"]*)"', said) == ["pt-BR", "ar", "es"]
    assert re.findall(r'data-tag="([^"]*)"', said) == ["pt-BR", "ar", "tlh"]
    assert not_here(Lacking(), UI) == []
    assert 'class="missing"' not in page(Lacking())
    seen = OwnPace(lines=(), start=0, following=0, total=0)
    parts = PageParts(address=address("floor"), ui=UI, offered=("es",), lacking=lacking)
    own_pace = SessionPage(PAGES).render_own_pace(SESSION, seen, parts)
    assert 'class="missing"' in own_pace
    assert 'action="/s/plenary/language?channel=floor"' in own_pace


def test_the_page_of_a_closed_meeting_says_whether_its_text_is_still_being_made() -> None:
    made, making = page(Lacking()), page(Lacking(making=True))
    assert "The machine is still translating this text." in found(r"<noscript>(.*?)</noscript>", making)
    assert "Load newer text" in making
    assert json.loads(found(r'id="Data">(.*?)</script>', making))["making"] is True
    assert "<noscript>" not in made
    assert json.loads(found(r'id="Data">(.*?)</script>', made))["making"] is False
    assert "still translating" not in page(Lacking(), status=Status.OPEN)
