"""The interface's words: all of them translated, all of them used, none of them the developers' own."""

from __future__ import annotations

import posixpath
import re
import tomllib

import pytest

from moothall.adapters.admin import texts as admin_texts
from moothall.adapters.desks import desk_texts, microphone_texts, moderating_texts
from moothall.adapters.hubs import removed_view as hub_removed_view
from moothall.adapters.hubs import texts as hub_texts
from moothall.adapters.pages import door_texts, presence_texts
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.texts import (
    FORMAT_TEXTS,
    GAPS,
    INTERPRETER_STANDING,
    NEW_LINES,
    NOTICES,
    ON_DEMAND,
    ORIGINS,
    REHEARSAL,
    SCRIPT_TEXTS,
    SEALS,
    SHORT,
    SHORT_ON_DEMAND,
    SOUND,
    STANDING,
    STATES,
    YOUNG_PEOPLE,
    ErrorText,
)
from moothall.adapters.questions import about_texts, asking_texts, page_hands, typing_texts
from moothall.adapters.reading.page_choices import OFFERED
from moothall.adapters.reading.page_menu import GROUPS, SINCE, WAYS
from moothall.adapters.record.texts import ASKED_TEXTS, RecordErrorText
from moothall.adapters.record.texts import NOTICE as RECORD_NOTICE
from moothall.adapters.record.texts import TEXTS as RECORD_TEXTS
from moothall_hub.pages import desk_texts as hub_desk_texts
from moothall_hub.pages import missed_door, setup_door
from moothall_hub.pairing.pairing import PROBLEMS as UNPAIRED
from moothall_hub.uplink import strip

WEB = find_web_folder()
CATALOGUES = Catalogues(WEB / "locales")
KEYS = CATALOGUES["en"].keys
with (WEB / "locales" / "labels.toml").open("rb") as file:
    LABELS = tomllib.load(file)
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((WEB / "pages").glob("*.html"))}
JS = WEB / "js"
SCRIPTS = {path.relative_to(JS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(JS.rglob("*.js"))}
CALLS = re.compile(r"""ui\.text\((["'])(.+?)\1(?: if \w+ else "(.+?)")?""")
IN_TEMPLATES = {key for text in TEMPLATES.values() for _, *keys in CALLS.findall(text) for key in keys if key}
IN_CODE = {
    *ORIGINS.values(), *GAPS.values(), *SEALS.values(), *STATES.values(), *STANDING.values(), *SCRIPT_TEXTS.values(),
    *(value for name, value in vars(ErrorText).items() if name.isupper()),
    *RECORD_TEXTS.values(), RECORD_NOTICE, *ASKED_TEXTS.values(),
    *microphone_texts.SCRIPT_TEXTS.values(), *microphone_texts.SOUND_KEPT.values(),
    *(value for name, value in vars(microphone_texts.Sentence).items() if name.isupper()),
    *admin_texts.ROLES.values(), *admin_texts.ACCESS.values(), *admin_texts.SOUND.values(),
    *admin_texts.CHANGES.values(),
    *(value for name, value in vars(admin_texts.AdminText).items() if name.isupper()),
    *(value for name, value in vars(RecordErrorText).items() if name.isupper()),
    *door_texts.KINDS.values(), *door_texts.ANSWERS.values(),
    *(value for name, value in vars(door_texts.DoorText).items() if name.isupper()),
    *(key for name, texts in vars(hub_desk_texts).items() if name.isupper()
      for key in (texts.values() if isinstance(texts, dict) else [texts]) if isinstance(key, str)),
    *asking_texts.KINDS.values(), *asking_texts.YOURS.values(), *asking_texts.UNASKED.values(),
    *asking_texts.STANDS.values(), *asking_texts.NUMBERED.values(), *asking_texts.WHYS.values(),
    *asking_texts.WHERE.values(), *asking_texts.ACTS.values(),
    *(value for name, value in vars(asking_texts).items() if name.isupper() and isinstance(value, str)),
    page_hands.BEGUN, page_hands.OVER,
    *(value for name, value in vars(hub_texts.HubText).items() if name.isupper()), *hub_texts.UNPAIRED.values(),
    *(value for name, value in vars(hub_removed_view.RemovedText).items() if name.isupper()),
    *(value for name, value in vars(typing_texts).items() if name.isupper() and isinstance(value, str)),
    *FORMAT_TEXTS.values(), *INTERPRETER_STANDING.values(), *NOTICES.values(), *SOUND.values(), YOUNG_PEOPLE, REHEARSAL,
    *(key for label, values in OFFERED.values() for key in (label, *values.values())),
    "Text size", "Lines {first} to {last} of {total}", "Next lines ({n} more)",
    *desk_texts.DESK_TEXTS.values(), *desk_texts.CONTROL_TEXTS.values(),
    *about_texts.ASKS.values(),
    *moderating_texts.MODERATING_TEXTS.values(), *moderating_texts.REASONS,
    *presence_texts.PRESENCE_TEXTS.values(), *presence_texts.WITH_US.values(), presence_texts.PEOPLE,
    presence_texts.TAKE_PART,
    *desk_texts.REFINEMENT_TEXTS.values(), desk_texts.ACCEPTING,
    desk_texts.PICKED, desk_texts.CONCERNED, desk_texts.ACCEPTED_LINES,
 desk_texts.STRANGER, desk_texts.NO_SESSION,
    *GROUPS.values(), *WAYS.values(), SINCE, ON_DEMAND, SHORT_ON_DEMAND, *SHORT.values(),
    "Times are UTC.", "Times are {place} time, {difference}.",
    *strip.TEXTS.values(), strip.MISSED, *UNPAIRED.values(), missed_door.SPAN,
    setup_door.SPEAKS, setup_door.TAKEN, setup_door.NO_TITLE, setup_door.WORDS_FOR,
    NEW_LINES, "As spoken", "Interpreter: {language}", "Translation: {language}", "Meeting without a title",
}  # fmt: skip


def forms(language: str, key: str) -> list[str]:
    catalogue = CATALOGUES[language]
    try:
        return [catalogue.text(key)]
    except KeyError:  # it is counted
        return list(catalogue.forms(key).values())


def is_counted(key: str) -> bool:
    return len(forms("ar", key)) > 1


def test_every_text_that_is_used_is_there_and_every_text_is_used() -> None:
    used = IN_TEMPLATES | IN_CODE | set(LABELS["labels"].values())
    assert used - KEYS == set()
    assert KEYS - used == set()


def imports(script: str) -> list[str]:
    """The scripts that a script imports, at once or later."""
    named = re.findall(r"(?:from |import |import\()'(\.[^']+)'", SCRIPTS[script])
    return [posixpath.normpath(posixpath.join(posixpath.dirname(script), each)) for each in named]


def test_scripts_import_scripts_of_their_own_folder_or_of_a_lower_one() -> None:
    order = ["hub", "display", "moderation", "microphone", "desk", "reader", "questions", "lib"]
    edges = [(name, each) for name in SCRIPTS for each in imports(name)]
    assert {each for _, each in edges} - SCRIPTS.keys() == {"../vendor/socket.io.esm.min.js"}
    folders = {(name.partition("/")[0], each.partition("/")[0]) for name, each in edges if each in SCRIPTS}
    assert {folder for edge in folders for folder in edge} == set(order)
    assert [edge for edge in sorted(folders) if order.index(edge[0]) > order.index(edge[1])] == []


def with_its_parts(script: str) -> set[str]:
    """A script of a page and all that it imports."""
    found, to_read = set(), [script]
    while to_read:
        name = to_read.pop()
        if name not in found:
            found.add(name)
            to_read += (imported for imported in imports(name) if imported in SCRIPTS)
    return found


def test_the_scripts_name_only_texts_that_they_are_given() -> None:
    told = re.compile(r"(?:words\.text|this\.#say)\('([\w.-]+)'")
    named = {name for script in with_its_parts("reader/page.js") for name in told.findall(SCRIPTS[script])}
    assert len(named) > 5
    assert named - SCRIPT_TEXTS.keys() == set()
    kinds = set(re.findall(r"kind: (?:online \? )?'([\w-]+)'", SCRIPTS["lib/standing.js"]))
    assert kinds | {"offline", "live-min"} == STANDING.keys()


@pytest.mark.parametrize(
    ("script", "texts"),
    [
        ("desk/page.js", desk_texts.DESK_TEXTS),
        ("desk/control.js", desk_texts.CONTROL_TEXTS),
        ("desk/refinements.js", desk_texts.REFINEMENT_TEXTS),
        ("moderation/page.js", moderating_texts.MODERATING_TEXTS),
        ("moderation/podium.js", moderating_texts.MODERATING_TEXTS),
    ],
)
def test_so_do_the_scripts_of_the_staff(script: str, texts: dict[str, str]) -> None:
    told = re.compile(r"(?:words\.text|button)\('([\w.-]+)'")
    named = {name for part in with_its_parts(script) for name in told.findall(SCRIPTS[part])}
    assert len(named) > 15
    assert named - texts.keys() - {"button"} == set()


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_hold_no_words_of_their_own(name: str) -> None:
    bare = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", TEMPLATES[name], flags=re.DOTALL)
    assert re.sub(r"<[^>]*>", "", bare).translate({0x2013: "", 0xB7: ""}).strip() == ""
    assert not re.search(r'(?:aria-label|alt|title|placeholder)="[^"{]*[a-z]', bare)


def faults(form: str, key: str, *, counted: bool) -> list[str]:
    """What is amiss in the form of a translation; one that is `counted` may say its number in a word."""
    places, expected = (set(re.findall(r"\{\w+\}", text)) for text in (form, key))
    found = {
        "other places": places != expected and not (counted and places == set()),
        "nothing": not form,
        "a space at an end": form != form.strip(),
        "two spaces": "  " in form,
        "another end": (form[-1:] in (".", "。")) != (key[-1] == "."),
    }
    return [name for name, is_so in found.items() if is_so]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_places_of_its_key_and_no_stray_space(language: str) -> None:
    wrong = [
        (key, form, found)
        for key in sorted(KEYS)
        for form in forms(language, key)
        if (found := faults(form, key, counted=is_counted(key)))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("form", "key", "found"),
    [
        ("{n} línea.", "{n} line.", []),
        ("{m} línea.", "{n} line.", ["other places"]),
        ("línea.", "{n} line.", ["other places"]),
        (" línea", "line", ["a space at an end"]),
        ("una  línea", "a line", ["two spaces"]),
        ("línea.", "line", ["another end"]),
        ("一行", "A line.", ["another end"]),
        ("一行。", "A line.", []),
        ("", "line", ["nothing"]),
    ],
)
def test_each_fault_of_a_translation_is_named(form: str, key: str, found: list[str]) -> None:
    assert faults(form, key, counted=False) == found


def test_a_text_of_one_may_have_no_number() -> None:
    assert faults("una línea", "{n} lines", counted=True) == []
    assert faults("{m} líneas", "{n} lines", counted=True) == ["other places"]


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_translations_differ_from_the_english(language: str) -> None:
    same = {key for key in KEYS if forms(language, key) == [key]}
    assert same <= {"Pause", "Final", "Normal", "{n} new line"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_developers_words_are_not_on_the_screen(language: str) -> None:
    words = LABELS["forbidden"][language]
    assert len(words) > 10
    bound = "" if language in ("ar", "zh") else r"\b"
    pattern = re.compile("|".join(f"{bound}{re.escape(word)}{bound}" for word in words), re.IGNORECASE)
    quoted = re.compile(r"[«“][^»”]*[»”]")  # the name of a parameter that somebody typed
    said = {key: quoted.sub("", " ".join(forms(language, key))) for key in KEYS}
    assert {key: match[0] for key, text in said.items() if (match := pattern.search(text))} == {}


STUMBLED_OVER = {
    "en": ("words of the speaker count", "nearly full"),
    "es": ("valen las palabras", "casi llenos"),
    "fr": ("font foi", "presque saturés"),
    "pt": ("valem as palavras", "quase cheios"),
    "ru": ("верны слова", "почти заняты"),
    "ar": ("شبه ممتلئة",),
    "zh": ("近满",),
}
"""Of engines that take more texts, but all of them late, the alarm said that they are nearly full."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_people_stumbled_over_is_not_said_again(language: str) -> None:
    said = [form for key in KEYS for form in forms(language, key)]
    assert [text for text in said for words in STUMBLED_OVER[language] if words in text] == []


def test_every_label_of_the_design_has_its_word() -> None:
    assert LABELS["labels"]["floor channel"] == "As spoken"
    assert set(LABELS["labels"].values()) <= KEYS
    assert LABELS["forbidden"].keys() == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_button_that_a_sentence_names_is_called_so_on_the_page(language: str) -> None:
    ui = CATALOGUES[language]
    for key in KEYS:
        for named in re.findall("“([^”{}]+)”", key):
            if named in KEYS:
                assert ui.text(named).casefold() in ui.text(key).casefold(), key
