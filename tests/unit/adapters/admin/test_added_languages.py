from __future__ import annotations

import msgspec

from moothall.adapters.admin.added_languages import WayRow, ways_from
from moothall.adapters.pages.static_files import find_web_folder
from moothall.adapters.pages.templates import Pages
from moothall.core.translation.routes import Direction, Route, RouteScore, best_route
from moothall.services.translation.text_translation import Reach
from moothall.testing.translator_link import DIRECTIONS
from moothall.wire.languages import LanguageOffer

EN = Pages(find_web_folder()).catalogues["en"]
SCORE = RouteScore(chrf2=64.3, ms=10.4, p95_ms=14.3, sentences=40)


def offer(language: str, *, here: bool = False, better: int = 0) -> LanguageOffer:
    return LanguageOffer(language=language, size=50_000_000, licence="MPL-2.0", here=here, better=better)


def rows(*offers: LanguageOffer, directions: tuple[Direction, ...] = DIRECTIONS) -> dict[tuple[str, str], WayRow]:
    def route(source: str, target: str) -> Route | None:
        found = best_route(directions, source, target)
        return None if found is None else msgspec.structs.replace(found, score=SCORE if target == "es" else None)

    reach = Reach(ways={"en": ("es", "pt"), "es": ("en",), "pt": ()})
    return {(each.source, row.target): row for each in ways_from(reach, route, offers, EN) for row in each.rows}


def test_each_pair_has_its_way_its_quality_and_whether_it_is_rough() -> None:
    found = rows()
    assert list(found) == [("English", "Portuguese"), ("English", "Spanish"), ("Spanish", "English")]
    spanish, direct = found["English", "Spanish"], found["English", "Portuguese"]
    assert (spanish.through, spanish.engines) == ("Portuguese", "echo 1, echo 1")
    assert (spanish.quality, spanish.rough, spanish.score) == ("64.3", True, SCORE)
    assert (direct.through, direct.quality, direct.rough, direct.score) == ("", "", False, None)


def test_what_would_be_better_is_known_once_there_is_a_list() -> None:
    assert all(row.to_add == row.to_better == "" for row in rows().values())
    found = rows(offer("es"), offer("pt"))
    assert found["English", "Spanish"].to_add == found["Spanish", "English"].to_add == "Spanish"
    assert found["English", "Portuguese"].to_add == "", "one model does it"
    found = rows(offer("pt", here=True, better=62_000_000), offer("es", here=True))
    assert found["English", "Portuguese"].to_better == "Portuguese"
    assert found["English", "Spanish"].to_add == found["English", "Spanish"].to_better == ""
