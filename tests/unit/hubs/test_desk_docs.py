"""The documentation for coordinators says what the pages have."""

from __future__ import annotations

import re
from pathlib import Path

from support.hubs.question_doors import SHARED

ROOT = Path(__file__).resolve().parents[3]
DOORS = ("questions_door", "desk_door", "local_wall")


def test_every_address_is_on_the_page() -> None:
    doors = [f"hubs/moothall_hub/pages/{name}" for name in DOORS]
    doors += [f"server/moothall/adapters/questions/{name}_door" for name in SHARED]
    doors.append("server/moothall/adapters/reading/reports_door")
    code = "".join((ROOT / f"{name}.py").read_text(encoding="utf-8") for name in doors)
    routes = {(method.upper(), path) for method, path in re.findall(r"web\.(get|post)\(\"([^\"]+)\"", code)}
    page = (ROOT / "docs/how-to/coordinate-a-hub.md").read_text(encoding="utf-8").split("## Addresses")[1]
    assert ("GET", "/desk") in routes
    assert set(re.findall(r"`(GET|POST) ([^`]+)`", page)) == routes
