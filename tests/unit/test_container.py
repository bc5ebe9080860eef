"""The image that the Containerfile makes; building it takes minutes and a package index, so the
file is only read here.
"""

from __future__ import annotations

import re
from pathlib import Path

from moothall.settings.loading import load

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/how-to/production.md").read_text(encoding="utf-8")


def test_it_runs_as_nobody_in_particular() -> None:
    last = TEXT.rpartition("\nFROM ")[2]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["10001:10001"]
    assert re.findall(r"^VOLUME (.+)$", last, re.MULTILINE) == ["/data"]


def test_its_variables_are_settings() -> None:
    variables = dict(re.findall(r"(MOOTHALL_\w+__\w+)=(\S+)", TEXT))
    settings = load(None, variables)
    assert settings.server.data == "/data/server"
    assert settings.server.host == "0.0.0.0"  # noqa: S104  # the network of the container


def test_what_it_copies_is_there() -> None:
    for name in ("demo", "documents"):
        assert (ROOT / f"requirements/{name}.txt").exists()
    assert "--require-hashes" in TEXT


def test_the_page_runs_it_with_a_root_that_cannot_be_written() -> None:
    assert "--read-only" in PAGE
    assert "--cap-drop=ALL" in PAGE
    assert re.findall(r"serve --config (\S+)`", PAGE) == ["/data/moothall.toml"]


def test_the_page_builds_it_in_the_format_that_keeps_its_health_check() -> None:
    assert "\nHEALTHCHECK " in TEXT
    builds = re.findall(r"^(?:podman|buildah) build .*-f Containerfile .*$", PAGE, re.MULTILINE)
    assert len(builds) == 2
    assert all("--format docker" in build for build in builds)
