"""What was made by others and is served from here: it is what its makers published."""

from __future__ import annotations

import re
from hashlib import sha256

from moothall.adapters.pages.static_files import find_web_folder

VENDOR = find_web_folder() / "vendor"


def test_each_file_has_its_row_and_its_digest() -> None:
    rows = dict(
        re.findall(
            r"^\| `([^`]+)` \|.*\| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text("utf-8"), re.MULTILINE
        )
    )
    scripts = sorted(path.name for path in VENDOR.glob("*.js"))
    assert scripts == sorted(rows)
    assert {name: sha256((VENDOR / name).read_bytes()).hexdigest() for name in scripts} == rows


def test_nothing_in_it_needs_what_the_policy_forbids() -> None:
    for path in VENDOR.glob("*.js"):
        assert not re.search(r"\beval\(|new Function\b", path.read_text("utf-8"))
