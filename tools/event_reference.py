"""Writes docs/reference/events.md from the docstrings of `moothall.core.events`."""

from __future__ import annotations

import ast
import re
from types import SimpleNamespace
from typing import Any

from field_docs import ROOT, Class, Field, classes, module_doc, one_line, publish
from moothall.core.events.codec import EVENT_TYPES

EVENTS = ROOT / "server/moothall/core/events"
SOURCE = EVENTS / "types.py"
SOURCES = (
    EVENTS / "base.py",
    SOURCE,
    EVENTS / "lines.py",
    EVENTS / "attendance.py",
    EVENTS / "hubs.py",
    EVENTS / "notes_and_tags.py",
    EVENTS / "questions.py",
    EVENTS / "question_parts.py",
    EVENTS / "outcomes.py",
    EVENTS / "outcome_parts.py",
    ROOT / "server/moothall/core/kernel/actors.py",
)
PAGE = ROOT / "docs/reference/events.md"

INTRODUCTION = """\
# Events

Generated from the modules of `server/moothall/core/events` by `make fix`; change the docstrings there.

{about}

An event reaches a reader as `{{"offset", "at", "by", "body"}}`: its position in the session's log, when it was written
(Unix ms), the role that caused it, and the body below as the bytes first written. `docs/reference/doors.md` shows
the frames around it. `v` is the body's version and 1 where nothing else is said. A body that was removed is `null`.
"""


def render() -> str:
    """Return the page's text."""
    known = {name: each for source in SOURCES for name, each in classes(source).items()}
    parts = [INTRODUCTION.format(about=_about())]
    parts.append(
        "| type | lane | what it says |\n|---|---|---|\n" + "".join(_summary(name, known) for name in EVENT_TYPES)
    )
    parts += [_event(name, known) for name in EVENT_TYPES]
    named = {word for kind in known.values() for field in kind.fields for word in re.findall(r"\w+", field.type)}
    parts.append("## Values\n\n" + "\n".join(_value(kind) for name, kind in known.items() if name in named))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def _about() -> str:
    """Return what the events' module says of all events: its docstring but for what it says of modules."""
    return "\n\n".join(module_doc(SOURCE).split("\n\n")[1:-1])


def _lane(type_name: str) -> str:
    """Return the lane's name, as the type itself gives it for a channel named CHANNEL and a hub named HUB."""
    named: Any = SimpleNamespace(channel="CHANNEL", hub="HUB")
    return EVENT_TYPES[type_name].lane(named)


def _summary(type_name: str, known: dict[str, Class]) -> str:
    doc = one_line(known[EVENT_TYPES[type_name].__name__].doc)
    return f"| [`{type_name}`](#{type_name.replace('.', '')}) | `{_lane(type_name)}` | {doc} |\n"


def _event(type_name: str, known: dict[str, Class]) -> str:
    kind = EVENT_TYPES[type_name]
    fields: list[Field] = []
    for ancestor in reversed(kind.__mro__):
        if ancestor.__name__ in known and ancestor.__name__ != "Event":
            fields += known[ancestor.__name__].fields
    version = f" Version {kind.VERSION}." if kind.VERSION > 1 else ""
    return f"## {type_name}\n\n{known[kind.__name__].doc}\n\nLane `{_lane(type_name)}`.{version}\n" + _table(fields)


def _table(fields: list[Field]) -> str:
    if not fields:
        return ""
    rows = "".join(f"| `{field.name}` | `{_type(field)}` | {one_line(field.doc)} |\n" for field in fields)
    return f"\n| field | type | meaning |\n|---|---|---|\n{rows}"


def _type(field: Field) -> str:
    default = field.default.replace("msgspec.field(default_factory=dict)", "{}") if field.default else field.default
    return one_line(field.type + (f" = {default}" if default is not None else ""))


def _value(kind: Class) -> str:
    members = ", ".join(f"`{ast.literal_eval(member.default or '')}`" for member in kind.members)
    one_of = f"\nOne of {members}.\n" if members else ""
    return f"### {kind.name}\n\n{kind.doc}\n{one_of}{_table(list(kind.fields))}"


if __name__ == "__main__":
    publish(PAGE, render())
