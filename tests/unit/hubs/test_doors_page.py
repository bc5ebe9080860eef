"""The page of a hub's doors says what is there."""

from __future__ import annotations

import re
from pathlib import Path

from moothall.wire.hub.messages import PATH

ROOT = Path(__file__).resolve().parents[3]


def test_every_door_of_a_hub_is_on_its_page() -> None:
    doors = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("pages/*_door.py", "pages/local_wall.py", "node/node_below.py")
        for path in sorted((ROOT / "hubs/moothall_hub").glob(pattern))
    )
    routes = set(re.findall(r"web\.(get|post|put|patch|delete)\(\s*\"([^\"]+)\"", doors))
    page = (ROOT / "docs/reference/hub-doors.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([A-Z]+) ([^`?]+)[^`]*` \|", page, re.MULTILINE))
    assert named == {(method.upper(), path) for method, path in routes} | {("GET", PATH)}
