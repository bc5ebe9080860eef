from __future__ import annotations

import re
from xml.etree import ElementTree

from moothall.core.pictures.outcome_map import MOST_POINTS, ROW, MapPoint, outcome_map


def point(n: int, session: str = "Hall <A>", *groups: str) -> MapPoint:
    return MapPoint(label=f"{n}. View", kind="view", address=f"/s/a/cite?n={n}&x", session=session, groups=groups)


def test_each_message_leads_to_where_it_was_said_and_is_joined() -> None:
    made = outcome_map([point(1, "Hall <A>", "Governments", "Youth"), point(2, "Room", "Youth"), point(3, "")])
    ElementTree.fromstring(made)  # noqa: S314  # our own picture
    assert re.findall(r'<a href="([^"]+)" tabindex="-1">', made) == [f"/s/a/cite?n={n}&amp;x" for n in (1, 2, 3)]
    assert made.count('class="joins"') == 2 + 3
    assert made.count("Hall &lt;A&gt;") == made.count(">Youth<") == 1
    assert f'viewBox="0 0 720 {3 * ROW}"' in made
    assert 'aria-hidden="true"' in made


def test_many_groups_have_their_rows() -> None:
    made = outcome_map([point(1, "Hall", *map(str, range(5)))], rtl=True)
    assert f'viewBox="0 0 720 {5 * ROW}"' in made
    assert 'direction="rtl"' in made


def test_without_messages_there_is_no_map_and_too_many_are_cut() -> None:
    assert outcome_map([]) == ""
    made = outcome_map([point(n) for n in range(MOST_POINTS + 1)])
    assert made.count("<a ") == MOST_POINTS
