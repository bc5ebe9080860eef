"""The page of a hub's doors says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from moothall.wire.hub.messages import PATH

ROOT = Path(__file__).resolve().parents[3]


SHARED = ("asking", "typing", "abuse", "questions")
"""Doors of questions, which the centre has too."""


def test_every_door_of_a_hub_is_on_its_page() -> None:
    doors = "".join(
        path.read_text(encoding="utf-8")
        for pattern in (
            *("hubs/moothall_hub/pages/*_door.py", "hubs/moothall_hub/pages/local_wall.py"),
            "hubs/moothall_hub/node/node_below.py",
            *(f"server/moothall/adapters/questions/{shared}_door.py" for shared in SHARED),
        )
        for path in sorted(ROOT.glob(pattern))
    )
    routes = set(re.findall(r"web\.(get|post|put|patch|delete)\(\s*\"([^\"]+)\"", doors))
    page = (ROOT / "docs/reference/hub-doors.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([A-Z]+) ([^`?]+)[^`]*` \|", page, re.MULTILINE))
    assert named == {(method.upper(), path) for method, path in routes} | {("GET", PATH)}
