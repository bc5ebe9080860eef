from __future__ import annotations

from urllib.parse import parse_qsl

import pytest

from moothall.adapters.page_address import Address
from moothall.adapters.page_catalogues import Catalogues
from moothall.adapters.page_choices import Choices
from moothall.adapters.page_files import find_web_folder
from moothall.adapters.page_menu import by_language, menu, own_name, to_ask_for, ways
from moothall.core.events import ChannelKind
from moothall.core.ids import ChannelId, SessionId
from moothall.core.times import UTC_ZONE
from moothall.core.views.captions import Channel, Session

UI = Catalogues(find_web_folder() / "locales")["en"]
FLOOR = Channel(kind=ChannelKind.FLOOR, languages=("en", "fr"))
CHANNELS = {
    ChannelId("mt-ar"): Channel(kind=ChannelKind.TRANSLATION, languages=("ar",), asked=1_764_000_000_000),
    ChannelId("mt-fr"): Channel(kind=ChannelKind.TRANSLATION, languages=("fr",), of_record=True),
    ChannelId("mt-pt-br"): Channel(kind=ChannelKind.TRANSLATION, languages=("pt-BR",), of_record=True),
    ChannelId("floor"): FLOOR,
    ChannelId("booth"): Channel(kind=ChannelKind.INTERPRETATION, languages=("fr",)),
}
SESSION = Session(id=SessionId("plenary"), channels=CHANNELS)


def address(channel: str, choices: Choices | None = None) -> Address:
    return Address(SESSION.id, channel=ChannelId(channel), choices=choices)


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
    assert dict(parse_qsl(by_language(SESSION))) == {"fr": "booth", "ar": "mt-ar", "pt": "mt-pt-br"}


def test_a_translation_is_read_in_three_ways_and_no_other_text_is() -> None:
    choices = {"show": "both", "size": "150"}
    found = ways(SESSION, address("mt-fr", choices), UI)
    assert [(way["text"], way["here"]) for way in found] == [
        ("Original", False),
        ("Translation", False),
        ("Both", True),
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
