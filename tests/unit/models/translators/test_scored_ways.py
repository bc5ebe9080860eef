from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from moothall.core.translation.routes import Direction, Route
from moothall_models.translators.echo import DIRECTIONS, EchoTranslator
from moothall_models.translators.port import UnusableTranslation
from moothall_models.translators.scored_ways import ScoredWay, score_ways, ways_between
from moothall_models.translators.sentence_set import SentenceSet

SENTENCES = SentenceSet(
    sentences=({"en": "Good.", "pt": "[pt] Good.", "es": "[es] [pt] Good."}, {"en": "Bad.", "es": "Malo."}), own=False
)
EN_PT, PT_EN, PT_ES, ES_PT = DIRECTIONS


class Watched(EchoTranslator):
    """An echo whose calls are noted, and whose clock goes on with each of them."""

    def __init__(self, directions: Sequence[Direction] = DIRECTIONS, broken: str = "") -> None:
        super().__init__(directions)
        self.broken, self.now = broken, 0.0
        self.acts: list[str] = []

    def translate(self, texts: Sequence[str], direction: Direction) -> list[str]:
        self.now += 0.01 if len(texts[0]) < 6 else 0.03
        self.acts.append(f"{direction.source}>{direction.target} {texts[0]}")
        if direction.target == self.broken:
            raise ValueError(texts[0])
        if texts[0] == "Bad.":
            raise UnusableTranslation("It fails.")
        return super().translate(texts, direction)

    def rest(self, direction: Direction) -> None:
        self.acts.append(f"{direction.source}>{direction.target} rests")

    def score(self, *pairs: str) -> list[ScoredWay]:
        ways = [each for each in ways_between(self.directions, ["en", "es", "pt"]) if named(each) in pairs]
        return list(score_ways(ways, SENTENCES, [self], lambda: self.now))


def named(route: Route) -> str:
    return ">".join((route.hops[0].source, *(hop.target for hop in route.hops)))


def test_ways_are_all_directions_and_what_is_best_through_others_the_short_ones_first() -> None:
    direct = Direction(engine="poor", version="1", source="en", target="es", cost=60.0)
    remote = Direction(engine="afar", version="1", source="en", target="es", cost=1.0, remote=True)
    ways = ways_between((*DIRECTIONS, direct), ["en", "es"])
    assert [named(each) for each in ways] == ["en>es", "es>pt>en", "en>pt>es"]
    assert [named(each) for each in ways_between(DIRECTIONS, ["en", "pt", "es"], ["es"])] == [
        *("es>pt", "pt>es"),
        *("es>pt>en", "en>pt>es"),
    ]
    assert ways_between([EN_PT], ["en", "ar"]) == ()
    assert ways_between([remote], ["en", "es"]) == ()
    traditional = Direction(engine="echo", version="1", source="en", target="zh-Hant", cost=1.0)
    assert ways_between([traditional], ["en", "zh"]) == ()
    simplified = msgspec.structs.replace(traditional, target="zh", cost=2.0)
    assert [each.hops for each in ways_between([traditional, simplified], ["en", "zh"], ["zh-CN"])] == [(simplified,)]


def test_a_way_has_its_score_over_the_sentences_that_both_languages_have_and_the_time_of_all_hops() -> None:
    both, through = Watched().score("en>pt", "en>pt>es")
    assert both.route.score is not None
    assert (both.route.score.chrf2, both.route.score.sentences, both.route.score.ms) == (100.0, 1, 10.0)
    assert through.route.score is not None
    assert through.route.score.sentences == 2
    assert 50 < through.route.score.chrf2 < 100, "one of the two fails, and counts as empty"
    assert (through.route.score.ms, through.route.score.p95_ms) == (30.0, 40.0)


def test_a_sentence_goes_through_a_direction_once_and_one_model_is_loaded_at_a_time() -> None:
    echo = Watched()
    echo.score("en>pt", "en>pt>es")
    assert echo.acts == [
        *("en>pt Good.", "en>pt Good.", "en>pt Bad."),
        *("en>pt rests", "pt>es [pt] Good.", "pt>es [pt] Good.", "pt>es ", "pt>es rests"),
    ]


def test_what_cannot_be_loaded_is_said_without_the_text() -> None:
    first, second = Watched(broken="es").score("pt>es", "en>pt")
    assert {named(each.route): each.trouble for each in (first, second)} == {
        "en>pt": "",
        "pt>es": "echo from pt to es can't be loaded (ValueError).",
    }
    assert [each.route.score for each in (first, second) if each.trouble] == [None]
    with pytest.raises(StopIteration):
        next(score_ways((), SENTENCES, (), lambda: 0.0))
