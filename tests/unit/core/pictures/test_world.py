"""The map of the world."""

from __future__ import annotations

import pytest

from moothall.core.pictures.world import HEIGHT, MOST_DOTS, WIDTH, Dot, EarthPoint, projected, world_map


def test_the_middle_of_the_map_is_where_equator_and_first_meridian_meet() -> None:
    assert projected(EarthPoint(0, 0)) == (WIDTH / 2, HEIGHT / 2)


@pytest.mark.parametrize(
    ("place", "at"),
    # d3's geoNaturalEarth1, scaled to this width, has the same to a tenth.
    [
        (EarthPoint(0, 180), (720, 188)),
        (EarthPoint(0, -180), (0, 188)),
        (EarthPoint(90, 0), (360, 0.8)),
        (EarthPoint(-90, 0), (360, 375.2)),
    ],
)
def test_edges_of_the_earth(place: EarthPoint, at: tuple[float, float]) -> None:
    assert projected(place) == pytest.approx(at, abs=0.1)


def test_the_map_has_its_land_once_and_a_dot_for_each_place() -> None:
    made = world_map(
        [Dot(EarthPoint(-0.1, 34.8), "Kisumu & <Library>"), Dot(EarthPoint(200, 999), "")], "/static/1/land.svg#land"
    )
    assert made.count("<use ") == 1
    assert made.count("<circle") == 2
    assert "Kisumu &amp; &lt;Library&gt;" in made
    assert world_map([], "/land") == ""
    assert world_map([Dot(EarthPoint(0, 0), "")] * (MOST_DOTS + 1), "/land").count("<circle") == MOST_DOTS
