"""Which table of locations a server's map uses, and the errors of a wrong table."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.app.hubs import hub_map
from moothall.core.hubs.entry import Details, Hub
from moothall.core.kernel.errors import ConfigurationError
from moothall.settings.sections import Conference

PAGES = Pages(find_web_folder())
KISUMU = Hub(name="k", title="Kisumu", link="l", details=Details(city="Kisumu", country="Kenya"))


def drawn(conference: Conference) -> bool:
    world = hub_map(conference, PAGES)
    assert world is not None
    return bool(world.svg([KISUMU], PAGES.catalogues["en"]))


def test_the_table_is_that_of_this_release_or_a_file(tmp_path: Path) -> None:
    assert drawn(Conference())
    own = tmp_path / "own.toml"
    own.write_text("[countries]\nPE = {at = [-12, -77]}\n", encoding="utf-8")
    assert not drawn(Conference(places=str(own)))


def test_without_a_map_no_table_is_read(tmp_path: Path) -> None:
    assert hub_map(Conference(map=False, places=str(tmp_path / "none.toml")), PAGES) is None


@pytest.mark.parametrize(
    ("body", "said"), [(b"\xff", "not UTF-8"), (b"x" * (1 << 20 | 1), "at most 1048576"), (b"[", "no table of places")]
)
def test_what_is_no_table_is_said_in_a_sentence(tmp_path: Path, body: bytes, said: str) -> None:
    (tmp_path / "own.toml").write_bytes(body)
    with pytest.raises(ConfigurationError, match=said):
        hub_map(Conference(places=str(tmp_path / "own.toml")), PAGES)
