"""Writes docs/reference/record.md and record.schema.json from the docstrings of `moothall.record.json` and of its
types, and bundle.md from those of `moothall.record.bundle`.
"""

from __future__ import annotations

import inspect
import json
from typing import Any

import msgspec

from field_docs import ROOT, Class, Field, classes, one_line, publish
from moothall.record.bundle import BundleManifest
from moothall.record.json import Document

SOURCES = [
    ROOT / f"server/moothall/{name}.py"
    for name in (
        "record/json",
        "record/bundle",
        "record/model",
        "core/events/types",
        "core/events/lines",
        "core/events/question_parts",
        "core/questions/listing",
        "core/kernel/ids",
        "core/views/quality",
        "core/sessions/state",
    )
]
PAGE = ROOT / "docs/reference/record.md"
BUNDLE = ROOT / "docs/reference/bundle.md"
SCHEMA = ROOT / "docs/reference/record.schema.json"

INTRODUCTION = """\
# The record as JSON

Generated from `server/moothall/record/json.py` by `make fix`; change the docstrings there.

`GET /s/{session}/record.json` gives one object, `Document` below. [record.schema.json](record.schema.json) is its JSON
Schema (2020-12). Times are media time: integer milliseconds since the session first opened, through breaks; `opened` +
`t0` is about when something was said. Fields are only ever added, so pass over those that you don't know; a changed
meaning is a higher `version`.

## Checking it

`position` names the state of the log that the file shows: the same address at the same position gives the same bytes.
`checkpoint` is what the server signed last: `signature` is an Ed25519 signature, by the key `key` of
`/.well-known/moothall.json`, over `moothall-checkpoint-1`, a line feed, and the JSON array
`[session, epoch, [[lane, offset, digest], …]]` without spaces, lanes in order of their names. `heads` says where the
chains of the lanes stand that the file was made from. They tie the file to the log, whose keeper can show the events;
the file by itself proves nothing ([Verify a record](../how-to/verify.md)).

## Many sessions at once

`GET /records.jsonl` gives the records of all public sessions that are closed, with `day=2026-11-24` of those of a day,
as JSON lines. Each session begins with a line of its own, and as many lines as its `texts` says follow, each a
`Document`:

```
{"format":"moothall.session","version":1,"id","title","languages","opened","address","texts","withdrawn","withdrawals","report"}
```

`withdrawn` lists what was removed before the file was made, `{"offset", "at", "reason"}` each; `withdrawals` is the
address that lists what was removed since. `report` is the newest published version of its report, as
`/s/{session}/outcome.json` gives it, with what it cites as that reads now; `null` where there is none. What is removed
from a session that it cites drops the file too.

Equal states give equal bytes: ask with `If-None-Match` to get 304, with `Range` and `If-Range` to go on after a break.
"""


IN_BUNDLES = """\
# The list of a bundle

Generated from `server/moothall/record/bundle.py` by `make fix`; change the docstrings there.

[A bundle](../how-to/take-the-record-home.md#several-meetings-in-one-file) has a list of what is in it for programs,
`manifest.json`: one object, `BundleManifest` below. Paths begin at the bundle's folder. Fields are only ever added, so
pass over those that you don't know; a changed meaning is a higher `version`.

`files` lists all other files but those that list files themselves: the BagIt lists, which have the same digests. So the
SHA-256 of this file stands for the whole bundle. It is logged, and stands as the comment at the end of the archive; how
to check it, its proof and all files is in [Prove a record](../how-to/prove.md#a-bundle).
"""


def render_page() -> str:
    """Return the page's text."""
    return _page(INTRODUCTION, Document)


def render_bundle() -> str:
    """Return the text of the page on bundles."""
    return _page(IN_BUNDLES, BundleManifest)


def _page(introduction: str, document: type) -> str:
    known = _known()
    parts = [introduction]
    parts += [_section(known[name]) for name in _names(document)]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts)


def render_schema() -> str:
    """Return the JSON schema's text."""
    schema = msgspec.json.schema(Document)
    known = _known()
    for name, definition in schema["$defs"].items():
        if "description" in definition:  # Before 3.13 Python keeps the indentation of docstrings.
            definition["description"] = inspect.cleandoc(definition["description"])
        for field in known[name].fields:
            if field.doc and field.name in definition.get("properties", {}):
                definition["properties"][field.name]["description"] = one_line(field.doc)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A Moothall record"}
    return json.dumps(head | schema, ensure_ascii=False, indent=2) + "\n"


def _known() -> dict[str, Class]:
    return {name: found for source in SOURCES for name, found in classes(source).items()}


def _names(document: type) -> list[str]:
    """Return the names of the structures and values in the file: the whole first, then in alphabetical order."""
    names: dict[str, Any] = msgspec.json.schema(document)["$defs"]
    return [document.__name__, *sorted(names.keys() - {document.__name__})]


def _section(kind: Class) -> str:
    members = ", ".join(f"`{member.default}`".replace("'", "") for member in kind.members)
    one_of = f"\nOne of {members}.\n" if members else ""
    rows = "".join(f"| `{field.name}` | `{_type(field)}` | {one_line(field.doc)} |\n" for field in kind.fields)
    table = f"\n| field | type | meaning |\n|---|---|---|\n{rows}" if rows else ""
    return f"## {kind.name}\n\n{kind.doc}\n{one_of}{table}"


def _type(field: Field) -> str:
    return one_line(field.type.replace(" | UnsetType", "").replace("ev.", ""))


if __name__ == "__main__":
    publish(PAGE, render_page())
    publish(SCHEMA, render_schema())
    publish(BUNDLE, render_bundle())
