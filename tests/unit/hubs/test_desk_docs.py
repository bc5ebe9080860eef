"""The page for coordinators says what there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DOORS = (
    *(f"hubs/moothall_hub/pages/{name}.py" for name in ("asking_door", "questions_door", "desk_door", "local_wall")),
    "server/moothall/adapters/questions/hands_door.py",
)


def test_every_address_is_on_the_page() -> None:
    code = "".join((ROOT / name).read_text(encoding="utf-8") for name in DOORS)
    routes = {(method.upper(), path) for method, path in re.findall(r"web\.(get|post)\(\"([^\"]+)\"", code)}
    page = (ROOT / "docs/how-to/coordinate-a-hub.md").read_text(encoding="utf-8").split("## Addresses")[1]
    assert ("GET", "/desk") in routes
    assert set(re.findall(r"`(GET|POST) ([^`]+)`", page)) == routes
