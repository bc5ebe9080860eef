"""The documentation of a hub's doors lists the existing ones."""

from __future__ import annotations

import re
from pathlib import Path

from moothall.wire.hubs.messages import PATH
from support.hubs.question_doors import SHARED

ROOT = Path(__file__).resolve().parents[3]
PAGES = ROOT / "hubs/moothall_hub/pages"
ADAPTERS = ROOT / "server/moothall/adapters"
DOORS = (
    *sorted(PAGES.glob("*_door.py")),
    PAGES / "local_wall.py",
    ROOT / "hubs/moothall_hub/node/below_door.py",
    *(ADAPTERS / f"questions/{shared}_door.py" for shared in SHARED),
    ADAPTERS / "questions/your_turn.py",
)


def test_a_hub_gives_captions_to_no_programs_and_takes_none() -> None:
    used = [path for path in (ROOT / "hubs").rglob("*.py") if "adapters.captioning" in path.read_text(encoding="utf-8")]
    assert used == []


def test_every_door_of_a_hub_is_on_its_page() -> None:
    doors = "".join(path.read_text(encoding="utf-8") for path in DOORS)
    routes = set(re.findall(r"web\.(get|post|put|patch|delete)\(\s*\"([^\"]+)\"", doors))
    page = (ROOT / "docs/reference/hub-doors.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([A-Z]+) ([^`?]+)[^`]*` \|", page, re.MULTILINE))
    assert named == {(method.upper(), path) for method, path in routes} | {("GET", PATH)}
