from __future__ import annotations

import msgspec

from moothall.core import commands as do
from moothall.core.events.types import ChannelKind
from moothall.core.glossary.files import GlossaryPart, read_glossary
from moothall.core.glossary.fixed_wording import InTranslation
from moothall.core.glossary.translating import MOST, translated_into, translation_forms, translation_terms
from moothall.core.kernel.ids import ChannelId
from moothall.core.programme.plan import Room, RoomId
from moothall.core.sessions.state import State
from support.sessions.deciding import CAPTIONER, carry_out, opened

PARTS = read_glossary(
    """
    terms = ["ICANN", {term = "Moothall", keep = true}, {term = "Digital Compact", in = {es = "Pacto", pt = "PD"}}]
    [[part]]
    languages = ["en", "sw"]
    terms = [{term = "access", in = {es = "acceso abierto"}}]
    [[part]]
    rooms = ["Hall"]
    terms = [{term = "digital compact", in = {es = "Convenio"}}]
    [[part]]
    rooms = ["Elsewhere"]
    terms = [{term = "Kisumu", keep = true}]
    """,
    "g.toml",
)
HALL = Room(id=RoomId("hall"), title="Hall")


def chosen(state: State, **said: object) -> State:
    return carry_out(state, do.ChooseTerm(**{"term": "Moothall", "wanted": True, **said}), actor=CAPTIONER)  # type: ignore[arg-type]


def test_files_say_what_is_kept_and_what_is_forced() -> None:
    assert translation_terms(opened(), PARTS, None, "en", "es-MX") == {
        "Moothall": "Moothall",
        "Digital Compact": "Pacto",
        "access": "acceso abierto",
    }
    assert translation_terms(opened(), PARTS, None, "en", "fr") == {"Moothall": "Moothall"}
    assert translation_terms(opened(), (), None, "en", "fr") == {}


def test_what_is_forced_in_two_languages_is_known_from_one_to_the_other() -> None:
    terms = translation_terms(opened(), PARTS, None, "es", "pt")
    assert terms == {"Moothall": "Moothall", "Digital Compact": "PD", "Pacto": "PD"}
    assert translation_terms(opened(), PARTS, None, "es", "en") == {"Moothall": "Moothall", "acceso abierto": "access"}


def test_parts_of_the_room_go_before_the_others() -> None:
    assert translation_terms(opened(), PARTS, HALL, "en", "es")["digital compact"] == "Convenio"
    assert "Digital Compact" not in translation_terms(opened(), PARTS, HALL, "en", "es")


def test_a_desk_goes_before_the_files() -> None:
    state = chosen(opened(), term="moothall", written={"es": "Sala"})
    assert translation_terms(state, PARTS, None, "en", "es")["moothall"] == "Sala"
    assert "Moothall" not in translation_terms(state, PARTS, None, "en", "fr")
    assert "Moothall" not in translation_terms(chosen(opened(), keep=False), PARTS, None, "en", "fr")
    assert "Moothall" in translation_terms(chosen(opened()), PARTS, None, "en", "fr")  # nothing was said of it
    assert translation_terms(chosen(opened(), wanted=False), PARTS, None, "en", "fr") == {}


ASSEMBLY = """
    [[part]]
    languages = ["en"]
    [[part.terms]]
    term = "General Assembly"
    in.ru = { nom = "Ассамблея", gen = "Ассамблеи", dat = "Пакт" }
    in.es = { nom = "Asamblea", article = "la" }
    [[part.terms]]
    term = "Pact"
    in.ru = "Пакт"
    [[part]]
    languages = ["ru"]
    terms = [{ term = "Женева", forms = { gen = "Женевы" }, in = { en = "Geneva" } }]
"""


def test_each_form_of_a_term_is_known_where_it_is_said_and_none_goes_before_a_wording() -> None:
    parts = read_glossary(ASSEMBLY, "g.toml")
    there = translation_terms(opened(), parts, None, "ru", "en")
    assert there == {
        "Ассамблея": "General Assembly",
        "Ассамблеи": "General Assembly",
        "Пакт": "Pact",
        "Женева": "Geneva",
        "Женевы": "Geneva",
    }
    assert translation_terms(opened(), parts, None, "en", "ru") == {
        "General Assembly": "Ассамблея",
        "Pact": "Пакт",
        "Geneva": "Женева",
    }


def test_what_a_desk_writes_has_the_forms_that_the_files_give() -> None:
    parts = read_glossary(ASSEMBLY, "g.toml")
    state = chosen(opened(), term="UNGA", written={"ru": "Ассамблея"})
    assert translation_terms(state, parts, None, "ru", "fr") == {}
    assert translation_terms(state, parts, None, "ru", "en")["Ассамблеи"] == "General Assembly"
    forms = translation_forms(state, parts, None, "ru")
    assert {wording: each.gen for wording, each in forms.items()} == {"Ассамблея": "Ассамблеи", "Женева": "Женевы"}
    assert translation_forms(state, parts, None, "es-MX")["Asamblea"].article == "la"
    assert translation_forms(state, parts, None, "en") == {}


def test_forms_of_a_desk_go_before_those_of_the_files_and_unknown_ones_of_a_later_release_are_left_out() -> None:
    parts = read_glossary(ASSEMBLY, "g.toml")
    state = chosen(opened(), term="UNGA", written={"ru": "Ассамблея"}, forms={"ru": {"gen": "Ассамблеи мира"}})
    assert translation_forms(state, parts, None, "ru")["Ассамблея"].gen == "Ассамблеи мира"
    assert translation_terms(state, parts, None, "ru", "en")["Ассамблеи мира"] == "General Assembly"
    later = msgspec.structs.replace(state.terms["unga"], forms={"ru": {"locative": "Ассамблее"}})
    state = msgspec.structs.replace(state, terms={"unga": later})
    assert translation_forms(state, parts, None, "ru")["Ассамблея"].gen == "Ассамблеи"


def test_they_have_an_end() -> None:
    many = GlossaryPart(
        terms=(), in_translation=tuple(InTranslation(term=f"t {n}", keep=True) for n in range(MOST + 1))
    )
    assert len(translation_terms(opened(), (many,), None, "en", "fr")) == MOST


def test_what_a_session_is_translated_into_are_the_languages_of_its_translations() -> None:
    into = [
        do.AddChannel(channel=ChannelId(name), kind=kind, languages=languages)
        for name, kind, languages in (
            ("es", ChannelKind.TRANSLATION, ("es",)),
            ("fr", ChannelKind.INTERPRETATION, ("fr",)),
            ("pt", ChannelKind.TRANSLATION, ("pt", "es")),
        )
    ]
    assert translated_into(carry_out(opened(), *into)) == ("es", "pt")
