"""The documentation says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import conformance
import data_protection
import event_reference
import licences
import metrics_reference
import record_reference
import settings_reference
from moothall.adapters.tokens import programme_acts_door, session_acts_door, stream_acts_door
from moothall.wire.close_codes import MEANINGS
from moothall.wire.cluster import node_link
from moothall.wire.hubs.messages import PATH

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_conformance_report_is_what_the_page_on_accessibility_says() -> None:
    assert text(conformance.PAGE) == conformance.render()
    assert len(conformance.criteria()) == 55
    assert text(conformance.PAGE).count("| Supports") == 55 + len(conformance.rows("EN 301 549, live text")) - 2


def test_the_data_protection_sheet_is_what_the_page_on_privacy_says() -> None:
    assert text(data_protection.PAGE) == data_protection.render()
    assert len(data_protection.kept()) == len(data_protection.WHO)


def test_the_event_reference_is_what_the_events_say() -> None:
    assert text(event_reference.PAGE) == event_reference.render()


def test_the_event_reference_describes_every_value_that_a_field_names_and_no_other() -> None:
    page = text(event_reference.PAGE)
    types = re.findall(r"^\| `\w+` \| `([^`]+)` \|", page, re.MULTILINE)
    named = {name for each in types for name in re.findall(r"\b[A-Z]\w+", each.partition(" = ")[0])}
    described = re.findall(r"^### (\w+)$", page, re.MULTILINE)
    assert "InterventionStatus" in described
    assert {name for name in named if not name.endswith("Id")} - {"None", "UnsetType"} == set(described)


def test_the_records_page_and_schema_are_what_its_types_say() -> None:
    assert text(record_reference.PAGE) == record_reference.render_page()
    assert text(record_reference.SCHEMA) == record_reference.render_schema()
    assert text(record_reference.BUNDLE) == record_reference.render_bundle()


def test_the_settings_page_and_file_are_what_the_settings_say() -> None:
    assert text(settings_reference.PAGE) == settings_reference.render_page()
    assert text(settings_reference.FILE) == settings_reference.render_file()


def test_the_metrics_page_is_what_the_metrics_say() -> None:
    assert text(metrics_reference.PAGE) == metrics_reference.render()


def test_every_pinned_package_has_its_licence_on_the_page() -> None:
    named = set(re.findall(r"^\| ([a-z0-9._-]+) \| ", text(licences.PAGE), re.MULTILINE)) - {"package"}
    assert named == {each for file in ("demo", "meaning", "dev", "plover2cat") for each in licences.pinned(file)}


def test_every_door_is_on_its_page() -> None:
    doors = "".join(text(path) for path in sorted((ROOT / "server/moothall/adapters").rglob("*.py")))
    doors = doors.replace("web.get(wire.PATH", f'web.get("{PATH}"')
    doors = doors.replace("web.get(node_link.PATH", f'web.get("{node_link.PATH}"')
    routes = set(re.findall(r"web\.(get|post|put|patch|delete)\(\s*\"([^\"]+)\"", doors))
    assert ("get", "/s/{session}/events") in routes
    routes |= {
        (act.method.lower(), act.path)
        for act in (*session_acts_door.ACTS, *programme_acts_door.ACTS, *stream_acts_door.ACTS)
    }
    named = set(re.findall(r"^\| `([A-Z]+) ([^`?]+)[^`]*` \|", text(DOCS / "reference/doors.md"), re.MULTILINE))
    assert named == {(method.upper(), re.sub(r":[^}]*", "", path)) for method, path in routes}


def test_every_close_code_is_on_the_doors_page_with_its_reason() -> None:
    rows = re.findall(r"^\| (\d{4}) \| .+ \| (.+) \|$", text(DOCS / "reference/doors.md"), re.MULTILINE)
    assert rows == [(str(code.value), meaning.reason) for code, meaning in MEANINGS.items()]


def test_every_message_of_the_desks_is_on_their_page() -> None:
    server = ROOT / "server/moothall"
    files = [server / "adapters/desks/desk_socket.py", *sorted((server / "services/desks").glob("*.py"))]
    code = "".join(map(text, files))
    messages = set(re.findall(r'"([a-z-]+)": self\._(?:[a-z_]+\b(?!\()|seated\()', code))
    assert {"join", "act", "redo", "take-up", "translate"} <= messages
    sent = text(DOCS / "reference/desk-socket.md").split("## What comes")[0]
    rows = re.findall(r"^\| (`.+?) \|", sent, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([a-z-]+)`", row)} == messages


def decisions() -> list[Path]:
    return sorted((DOCS / "adr").glob("[0-9]*.md"))


def test_decisions_are_numbered_without_gaps_and_have_their_parts() -> None:
    assert len(decisions()) >= 8
    assert [int(path.name[:4]) for path in decisions()] == list(range(1, len(decisions()) + 1))
    for path in decisions():
        assert re.findall(r"^## (.*)", text(path), re.MULTILINE) == ["Context", "Decision", "Cost"], path.name
        assert len(text(path).splitlines()) <= 60, f"{path.name} is longer than a screen"


def test_every_decision_is_in_the_index() -> None:
    index = text(DOCS / "adr/README.md")
    assert re.findall(r"\]\((\d{4}-[a-z0-9-]+\.md)\)", index) == [path.name for path in decisions()]


def test_what_is_said_to_show_how_accessible_the_pages_are_exists() -> None:
    named = re.findall(r"`((?:tests|bench)/[\w/]+\.py)(?:::(\w+))?`", text(DOCS / "reference/accessibility.md"))
    assert len(named) > 40
    missing = [f"{path}::{test}" for path, test in named if not (ROOT / path).exists() or test not in text(ROOT / path)]
    assert missing == []


def vocabulary() -> list[list[list[str]]]:
    """The cells of each row of the vocabulary's tables of terms, table by table."""
    sections = text(DOCS / "reference/vocabulary.md").split("\n## ")[1:]
    tables = [[row.strip("| ").split(" | ") for row in re.findall(r"^\| .*", each, re.MULTILINE)] for each in sections]
    return [table[1:] for table in tables if table[0][0] == "term"]


def test_the_terms_of_the_vocabulary_are_in_order_and_each_is_there_once() -> None:
    names = [[row[0] for row in table] for table in vocabulary()]
    assert sum(map(len, names)) > 100
    assert [table for table in names if table != sorted(table)] == []
    assert sum(map(len, names)) == len({name for table in names for name in table})


def test_every_module_of_the_vocabulary_exists() -> None:
    roots = {"moothall_hub": "hubs", "moothall_models": "models"}
    rows = [row for table in vocabulary() for row in table]
    modules = [path for row in rows for path in re.findall(r"`([\w/]+\.py)`", f"{row[1]} {row[2]}")]
    assert len(modules) >= len(rows)
    there = [ROOT / roots.get(path.split("/")[0], "server/moothall") / path for path in modules]
    assert [str(path.relative_to(ROOT)) for path in there if not path.exists()] == []


SMALL_WORDS = {"a", "of"}
ENDING = re.compile("(?:ed|ing|ion|al|e|s)$")


def test_every_term_of_the_vocabulary_is_used_where_it_is_said_to_live() -> None:
    roots = {"moothall_hub": "hubs", "moothall_models": "models"}
    absent = []
    for term, _, where, *_ in (row for table in vocabulary() for row in table):
        stems = [
            ENDING.sub("", word) for word in re.findall("[a-z]+", term.replace("-", "")) if word not in SMALL_WORDS
        ]
        for path in re.findall(r"`([\w/]+\.py)`", where):
            module = text(ROOT / roots.get(path.split("/")[0], "server/moothall") / path)
            letters = re.sub("[^a-z]", "", f"{path} {module}".lower())
            absent += [f"{path}: {term}" for stem in stems if stem not in letters]
    assert absent == []


def test_the_vocabulary_says_what_the_pages_say() -> None:
    files = (ROOT / "web/locales/en/LC_MESSAGES").glob("*.po")
    said = {key for file in files for key in re.findall(r'^msgstr(?:\[\d\])? "(.*)"', text(file), re.MULTILINE)}
    named = {words for table in vocabulary() for row in table for words in re.findall(r"\*([^*]+)\*", row[3])}
    assert len(named) > 30
    assert named - said == set()


def test_no_link_leads_nowhere() -> None:
    pages = [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]
    links = [(page, target) for page in pages for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text(page))]
    assert len(links) > 20
    here = [(page, target) for page, target in links if "://" not in target]
    assert [f"{page.name}: {target}" for page, target in here if not (page.parent / target).exists()] == []


SOURCES = ("bench", "config", "docs", "hubs", "models", "server", "tests", "tools", "web")
PLACEHOLDER = re.compile("…|NAME|FEATURE|LANGUAGE")
ELSEWHERE = {
    "/etc/moothall/moothall.toml": "the settings where a package installs them",
    "../shared/bench/score_stream.py": "a scorer beside the checkout, which a person may have",
    "score_stream.py": "the same",
    "dist/socket.io.esm.min.js": "a file in a package of npm",
    "record.html": "a file of a session's record",
}
"""Files that the documentation names and the tree doesn't have, and what they are."""


def test_every_file_that_is_named_is_in_the_tree() -> None:
    tree = [f"/{path.name}" for path in ROOT.iterdir() if path.is_file()]
    tree += [f"/{path.relative_to(ROOT).as_posix()}" for folder in SOURCES for path in (ROOT / folder).rglob("*.*")]
    there = {path[at:] for path in tree for at, letter in enumerate(path) if letter == "/"}
    named = [
        (page.relative_to(ROOT).as_posix(), name)
        for page in [*ROOT.glob("*.md"), *(page for folder in SOURCES for page in (ROOT / folder).rglob("*.md"))]
        for name in re.findall(r"`([\w./…-]+\.(?:py|js|css|html|toml|po|md))(?:::\w+)?`", text(page))
        if not PLACEHOLDER.search(name)
    ]
    assert len(named) > 300
    missing = [(page, name) for page, name in named if f"/{name}" not in there]
    assert [f"{page}: {name}" for page, name in missing if name not in ELSEWHERE] == []
    assert {name for _, name in missing} == set(ELSEWHERE)


def test_every_page_of_the_documentation_can_be_found_from_its_index() -> None:
    linked: set[Path] = set()
    to_read = [DOCS / "README.md"]
    while to_read:
        page = to_read.pop()
        if page in linked:
            continue
        linked.add(page)
        targets = [(page.parent / target).resolve() for target in re.findall(r"\]\(([^)#:\s]+\.md)", text(page))]
        to_read += [target for target in targets if target.is_relative_to(DOCS) and target.exists()]
    assert set(DOCS.rglob("*.md")) - linked == set()
