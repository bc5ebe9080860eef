"""The interface's texts: all translated, all used, and none with developers' terms."""

from __future__ import annotations

import ast
import posixpath
import re
import tomllib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import moothall_hub
from moothall import adapters
from moothall.adapters.admin.plan_form import VoiceChoice
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.attendance.texts import AttendanceText
from moothall.adapters.desks import desk_door, microphone_door
from moothall.adapters.desks.own_words_door import OwnWordsText
from moothall.adapters.desks.speakers_form import SpeakersText
from moothall.adapters.hubs import removed_view as hub_removed_view
from moothall.adapters.hubs import texts as hub_texts
from moothall.adapters.outcomes import bodies_desk_door, document_texts
from moothall.adapters.outcomes.documents_desk_door import DocumentsDeskText, TranslationsDeskText
from moothall.adapters.outcomes.machine_made import MachineText
from moothall.adapters.outcomes.outcome_door import OutcomeText
from moothall.adapters.outcomes.room_door import RoomText
from moothall.adapters.pages import people_in_words
from moothall.adapters.pages.catalogues import LANGUAGES, Catalogues, read_names
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.texts import HUB_LINE, DoorText, ErrorText
from moothall.adapters.policy import policy_rows
from moothall.adapters.programme import desk_door as agenda_desk
from moothall.adapters.programme import needs_door
from moothall.adapters.programme.news_door import NewsText
from moothall.adapters.proof.texts import ProofText
from moothall.adapters.questions import asking_texts, opinion_rows, page_hands
from moothall.adapters.reading.page_address import FORMATS
from moothall.adapters.reading.page_choices import OFFERED
from moothall.adapters.reading.page_menu import WAYS
from moothall.adapters.record.texts import NOTICE as RECORD_NOTICE
from moothall.adapters.record.texts import RecordErrorText
from moothall.adapters.reports.reminder_letters import ReminderText
from moothall.adapters.retention import removed_door, retention_door
from moothall.adapters.retention.retention_door import RetentionText
from moothall.adapters.search.search_door import SearchText
from moothall.adapters.tokens.tokens_door import TokenText
from moothall.adapters.webhooks.hooks_door import HookText
from moothall.core.attendance.recommendations import Figure
from moothall.core.events import question_parts as questions
from moothall.core.events.lines import Origin
from moothall.core.events.notes_and_tags import Tag
from moothall.core.events.outcome_parts import MessageKind, ReportStage
from moothall.core.events.types import Access, ChannelKind, GapReason, SealVersion, SoundKept
from moothall.core.kernel.errors import FirstKnow, RefusalCode
from moothall.core.programme.agenda import AgendaPart
from moothall.core.programme.changes import AgendaChangeKind, ChangeKind
from moothall.core.programme.look import Theme
from moothall.core.questions.blocked_words import BLOCKED_WORD
from moothall.core.questions.order import Why
from moothall.core.questions.statements import Dimension
from moothall.core.reports.templates import CountedUnit
from moothall.core.rules.authority import STAFF_ROLES
from moothall.core.rules.questions import ABUSE, REPORTED
from moothall.core.sessions.state import Status
from moothall.core.streams.watching import StreamFault
from moothall.core.views.reading_order import BREAK, BREAK_SET_BACK, NOT_RECORDED
from moothall.services.capture.pulling import PullState
from moothall.services.control.standing import Standing
from moothall.services.outcomes.publishing import Obstacle
from moothall.services.sessions import reports
from moothall.services.sessions.role_links import ROLES as LINK_ROLES
from moothall_hub.node import preflight
from moothall_hub.pages import desk_texts as hub_desk_texts
from moothall_hub.pages import missed_door, setup_door
from moothall_hub.pairing.pairing import PROBLEMS as UNPAIRED
from moothall_hub.room import ports as hub_room
from moothall_hub.uplink import status_bar

WEB = find_web_folder()
CATALOGUES = Catalogues(WEB / "locales")
KEYS = CATALOGUES["en"].keys
NAMES = read_names(WEB / "locales")
with (WEB / "locales" / "labels.toml").open("rb") as file:
    LABELS = tomllib.load(file)
TEMPLATES = {path.name: path.read_text(encoding="utf-8") for path in sorted((WEB / "pages").rglob("*.html"))}
JS = WEB / "js"
SCRIPTS = {path.relative_to(JS).as_posix(): path.read_text(encoding="utf-8") for path in sorted(JS.rglob("*.js"))}
CALLS = re.compile(r"""ui\.text\((["'])(.+?)\1(?: if \w+ else "(.+?)")?""")
IN_TEMPLATES = {key for text in TEMPLATES.values() for _, *keys in CALLS.findall(text) for key in keys if key}


@cache
def calls_in_code() -> list[ast.Call]:
    """All calls in the code that makes pages: found when a test asks, since every worker collects this file."""
    return [
        call
        for package in (adapters, moothall_hub)
        for path in sorted(Path(package.__path__[0]).rglob("*.py"))
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
    ]


def first_arguments(*methods: str) -> Iterator[str]:
    """What the methods of a catalogue are called with in Python: literals, with `*` for the places of f-strings."""
    for call in calls_in_code():
        match call.func:
            case ast.Attribute(value=ast.Name("ui") | ast.Attribute(attr="ui"), attr=method) if method in methods:
                for each in call.args if method in ("group", "script") else call.args[:1]:
                    yield from literals(each)


def literals(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.JoinedStr(parts):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in parts)
        case ast.IfExp(_, one, other):
            yield from literals(one)
            yield from literals(other)


def constants(*parts: object) -> Iterator[str]:
    """The texts that are constants of a module or class: strings, and the values of mappings."""
    for value in (value for part in parts for name, value in vars(part).items() if name.isupper()):
        yield from (each for each in (value.values() if isinstance(value, dict) else [value]) if isinstance(each, str))


TEXTS_IN_CODE = {
    *constants(opinion_rows),
    *constants(
        ErrorText, AdminText, RecordErrorText, ProofText, DoorText, NewsText, SearchText, TokenText, HookText,
        RetentionText, AttendanceText,
        hub_texts.HubText,
        hub_removed_view.RemovedText, OwnWordsText, SpeakersText,
        asking_texts, page_hands, hub_desk_texts, people_in_words,
        hub_removed_view.RemovedText, OwnWordsText, SpeakersText, RoomText, OutcomeText,
        asking_texts, page_hands, hub_desk_texts,
        document_texts, document_texts.DocumentText, DocumentsDeskText, MachineText,
        TranslationsDeskText,
        bodies_desk_door.BodiesDeskText, ReminderText,
    ),
    *retention_door.KINDS.values(), *removed_door.REASONS.values(),
    removed_door.OTHER_REASON, removed_door.SOUND_REASON,
    *hub_texts.UNPAIRED.values(), *UNPAIRED.values(), *HUB_LINE.values(), status_bar.MISSED, missed_door.SPAN,
    setup_door.SPEAKS, setup_door.TAKEN, setup_door.NO_TITLE, setup_door.WORDS_FOR,
    microphone_door.NO_MEETING, microphone_door.NOT_ADDED, microphone_door.STRANGER,
    agenda_desk.PART_LONG, agenda_desk.STATEMENT_LONG, needs_door.SLOW, *needs_door.REJECTED.values(),
    *bodies_desk_door.WAYS.values(), *bodies_desk_door.STATES.values(), bodies_desk_door.ANSWERED,
    *policy_rows.FATES.values(),
    *desk_door.REASONS, RECORD_NOTICE, *WAYS.values(),
    *(key for label, values in OFFERED.values() for key in (label, *values.values())),
}  # fmt: skip
IN_NAMES = {key for names in NAMES.values() for key in names.values()}


def forms(language: str, key: str) -> list[str]:
    catalogue = CATALOGUES[language]
    try:
        return [catalogue.text(key)]
    except KeyError:  # it is counted
        return list(catalogue.forms(key).values())


def is_counted(key: str) -> bool:
    return len(forms("ar", key)) > 1


def test_every_text_that_is_used_is_there_and_every_text_is_used() -> None:
    in_code = TEXTS_IN_CODE.union(first_arguments("text", "counted", "forms"))
    used = IN_TEMPLATES | in_code | IN_NAMES | set(LABELS["labels"].values())
    assert used - KEYS == set()
    assert KEYS - used == set()


def imports(script: str) -> list[str]:
    """The scripts that a script imports, at once or later."""
    named = re.findall(r"(?:from |import |import\()'(\.[^']+)'", SCRIPTS[script])
    return [posixpath.normpath(posixpath.join(posixpath.dirname(script), each)) for each in named]


def test_scripts_import_scripts_of_their_own_folder_or_of_a_lower_one() -> None:
    drawn = re.search(
        r"^ web/js/ +((?:.|\n {3,})*)", (JS.parents[1] / "docs/why/architecture.md").read_text("utf-8"), re.M
    )
    assert drawn is not None
    order = drawn[1].split()
    edges = [(name, each) for name in SCRIPTS for each in imports(name)]
    assert {each for _, each in edges} - SCRIPTS.keys() == {"../vendor/socket.io.esm.min.js"}
    folders = {(name.partition("/")[0], each.partition("/")[0]) for name, each in edges if each in SCRIPTS}
    assert {name.partition("/")[0] for name in SCRIPTS} == set(order)
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


OF_DESKS = ("staff", "standing", "lines", "desk")
GROUPS = {
    "reader/page.js": ("standing", "lines", "reader"),
    "desk/page.js": OF_DESKS,
    "proposals/refinements.js": (*OF_DESKS, "refinements"),
    "moderation/page.js": (*OF_DESKS, "moderation"),
    "moderation/podium.js": (*OF_DESKS, "moderation"),
    "caption/page.js": (*OF_DESKS, "caption"),
    "control/control.js": ("staff", "control"),
    "control/style.js": ("staff", "control"),
    "microphone/page.js": ("microphone",),
    "display/screen.js": ("standing", "display", "wall"),
    "display/overlay.js": ("standing", "display", "wall"),
    "display/embed.js": ("standing", "display"),
}
"""The groups of texts that the page of a script gives it, `Catalogue.script`."""
OTHER_GROUPS = {
    "bundle",
    "interpreter",
    "page",
    "admin",
    "attendance",
    "agenda",
    "asking",
    "hub",
    "hub-todo",
    "links",
    "outcomes",
    "own-words",
    "proceedings",
    "record",
    "record-asked",
    "record-state",
    "outcome",
    "report",
    "tokens",
    "webhooks",
    "stream",
}


@pytest.mark.parametrize("script", GROUPS)
def test_the_scripts_name_only_texts_that_they_are_given(script: str) -> None:
    """A box in a page has the script of walls too, which says nothing there."""
    told = re.compile(r"(?:words\.text|words\.counted|\bsay|button)\('([\w.-]+)'")
    named = {name for part in with_its_parts(script) for name in told.findall(SCRIPTS[part])}
    assert len(named) > (1 if script.startswith(("display/", "microphone/")) else 10)
    wall = ["wall"] if script.startswith("display/") else []
    given = {name for group in (*GROUPS[script], *wall) for name in NAMES[group]}
    assert named - given - {"button"} == set()


def test_the_states_of_a_page_are_those_that_its_script_finds() -> None:
    kinds = set(re.findall(r"kind: (?:online \? )?'([\w-]+)'", SCRIPTS["lib/standing.js"]))
    names = {f"standing.{kind}" for kind in kinds | {"offline", "live-min", "silence-since"}}
    assert names | {"stands-in"} == NAMES["standing"].keys()
    assert NAMES["interpreter"].keys() < NAMES["standing"].keys()


def says(script: str, name: str) -> bool:
    """Whether a script asks for the text, by its name or by the beginning of it: a template literal's."""
    begins = (name[: place.end()] for place in re.finditer(r"[.-]", name))
    return f"'{name}'" in script or any(f"`{begin}${{" in script for begin in begins)


def test_every_name_of_a_text_is_used() -> None:
    scripts = {script: "".join(SCRIPTS[part] for part in with_its_parts(script)) for script in GROUPS}
    templates = [f"{begin}*" for text in TEMPLATES.values() for begin in re.findall(r'ui\.named\("(.+?)" ~ ', text)]
    patterns = [each.replace("*", "[^/]*") for each in (*first_arguments("named"), *templates)]
    patterns += [f"{group}/.*" for group in first_arguments("group")]
    in_python = re.compile("|".join(patterns))
    unused = [
        f"{group}/{name}"
        for group, names in NAMES.items()
        for name in names
        if not in_python.fullmatch(f"{group}/{name}")
        and not any(group in groups and says(scripts[script], name) for script, groups in GROUPS.items())
        and group != "interpreter"
    ]
    assert unused == []
    assert NAMES.keys() == {group for groups in GROUPS.values() for group in groups} | OTHER_GROUPS


def test_every_name_that_python_asks_for_is_there() -> None:
    names = {f"{group}/{name}" for group in NAMES for name in NAMES[group]}
    asked = set(first_arguments("named"))
    assert len(asked) > 50
    patterns = {each: re.compile(re.escape(each).replace(r"\*", "[^/]+")) for each in asked}
    assert [each for each, pattern in patterns.items() if not any(map(pattern.fullmatch, names))] == []
    assert {*first_arguments("group"), *first_arguments("script")} <= NAMES.keys()


def test_a_name_stands_for_one_text() -> None:
    lines = [path.read_text(encoding="utf-8") for path in (WEB / "locales/en/LC_MESSAGES").glob("*.po")]
    listed = [name for text in lines for row in re.findall("^#: (.*)$", text, re.MULTILINE) for name in row.split()]
    assert len(listed) == len(set(listed)) == sum(map(len, NAMES.values()))


FAMILIES: dict[str, Iterable[str]] = {
    "staff/role": STAFF_ROLES,
    "staff/report": reports.ReportKind,
    "staff/kind": ChannelKind,
    "lines/origin": Origin,
    "lines/gap": [*GapReason, NOT_RECORDED, BREAK, BREAK_SET_BACK],
    "reader/seal": SealVersion,
    "record-state/of": Origin,
    "reader/menu": [*ChannelKind, "since"],
    "display/seal": SealVersion,
    "display/gap": [BREAK, BREAK_SET_BACK],
    "control/stands": Standing,
    "desk/stands": questions.InterventionStatus,
    "desk/refused": RefusalCode,
    "desk/first": [*get_args(get_type_hints(FirstKnow)["kind"]), "nobody"],
    "desk/tag": [*Tag, "none", "other", "asked"],
    "moderation/wants": questions.InterventionKind,
    "moderation/why": Why,
    "moderation/flag": [BLOCKED_WORD, REPORTED, ABUSE],
    "moderation/order": questions.QueueOrder,
    "moderation/means": questions.QueueOrder,
    "admin/role": LINK_ROLES,
    "links/does": LINK_ROLES,
    "links/theme": Theme,
    "agenda/part": AgendaPart,
    "agenda/change": AgendaChangeKind,
    "admin/access": Access,
    "admin/sound": SoundKept,
    "admin/voices": VoiceChoice,
    "admin/change": ChangeKind,
    "stream/state": PullState,
    "stream/trouble": StreamFault,
    "page/state": [*Status, "cancelled"],
    "page/sound": SoundKept,
    "page/kept": SoundKept,
    "page/notice": [*ChannelKind, "on-demand"],
    "page/short": [*ChannelKind, "on-demand"],
    "page/format": FORMATS,
    "page/answer": reports.ReportOutcome,
    "asking/about": Dimension,
    "report/kind": MessageKind,
    "report/stage": ReportStage,
    "report/count": CountedUnit,
    "report/obstacle": Obstacle,
    "outcomes/kind": MessageKind,
    "hub/check": preflight.Check,
    "hub/verdict": preflight.CheckResult,
    "hub/line": hub_room.UplinkHealthState,
    "hub/saving": hub_room.Saving,
    "attendance/figure": Figure,
}
"""Names of texts that end with each value of an enumeration."""


@pytest.mark.parametrize("family", FAMILIES)
def test_each_value_has_its_text(family: str) -> None:
    group, _, first = family.partition("/")
    assert {name for name in NAMES[group] if name.startswith(f"{first}.")} == {
        f"{first}.{each}" for each in FAMILIES[family]
    }


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
