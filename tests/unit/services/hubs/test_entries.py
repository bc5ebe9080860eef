from __future__ import annotations

import msgspec
import pytest

from moothall.core.hubs.entry import Hub
from moothall.core.kernel.actors import Role
from moothall.services.hubs.entries import SHELF, entry, label_for, unwritten
from moothall.services.sessions.role_links import HALL, LONGEST_LABEL, Staff, hub_of


def staff(label: str) -> Staff:
    return Staff(link="0a1b2c3d4e", role=Role.HUB, scope=HALL, label=label)


def test_a_link_alone_is_a_hub() -> None:
    assert unwritten(staff("Kisumu Library")) == Hub(name="kisumu-library", title="Kisumu Library", link="0a1b2c3d4e")
    assert unwritten(staff("")).title == "0a1b2c3d4e"


@pytest.mark.parametrize("title", ["Kisumu", "Kisumú", "基苏木", "Town library", "基" * LONGEST_LABEL])
def test_a_link_that_is_made_again_is_for_the_same_hub(title: str) -> None:
    label = label_for(Hub(name="kisumu", title=title, link="x"))
    assert hub_of(staff(label)) == "kisumu"
    assert len(label) <= LONGEST_LABEL


def test_the_book_has_all_of_it() -> None:
    hub = unwritten(staff("Kisumu"))
    kept = entry(hub)
    assert (kept.shelf, kept.key) == (SHELF, "kisumu")
    assert kept.body is not None
    assert msgspec.json.decode(kept.body, type=Hub) == hub
