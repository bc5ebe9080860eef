"""Third-party files served from here are what their makers published."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from moothall.adapters.pages.static_files import find_web_folder

VENDOR = find_web_folder() / "vendor"


@pytest.mark.parametrize(
    ("folder", "files"), [("vendor", "*.js"), ("icons", "*.svg"), ("fonts", "*.woff2"), ("map", "*.svg")]
)
def test_each_file_has_its_row_and_its_digest(folder: str, files: str) -> None:
    shelf = find_web_folder() / folder
    row = re.compile(r"^\| `([^`]+)` \|.* `([0-9a-f]{64})` \|$", re.MULTILINE)
    rows = dict(row.findall((shelf / "README.md").read_text("utf-8")))
    names = sorted(path.name for path in shelf.glob(files))
    assert names == sorted(rows)
    assert {name: sha256((shelf / name).read_bytes()).hexdigest() for name in names} == rows


def test_each_icon_is_used() -> None:
    pages = "".join(path.read_text("utf-8") for path in (find_web_folder() / "pages").rglob("*.html"))
    icons = {path.stem for path in (find_web_folder() / "icons").glob("*.svg")}
    assert icons - set(re.findall(r'icon\("([\w-]+)"\)', pages)) == set()


def test_nothing_in_it_needs_what_the_policy_forbids() -> None:
    for path in VENDOR.glob("*.js"):
        assert not re.search(r"\beval\(|new Function\b", path.read_text("utf-8"))
