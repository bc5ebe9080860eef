"""Tests what this machine translates, and keeps the scores.

The engines and models are those of this machine alone: nothing is sent to a service.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from moothall.core.translation.routes import Route
from moothall_models.store.scores import KeptScores, way_of
from moothall_models.translators.port import Translator
from moothall_models.translators.scored_ways import ScoredWay, score_ways, ways_between
from moothall_models.translators.sentence_set import SentenceSet

FindTranslators = Callable[[Sequence[str]], Sequence[Translator]]


class LanguageTests:
    """The tests of this machine's translators."""

    def __init__(self, scores: Path, find: FindTranslators, seconds: Callable[[], float]) -> None:
        """`scores`: the folder of the scores; `find`: makes the translators of some names, or of all usual ones;
        `seconds`: the time, for durations.
        """
        self._kept = KeptScores(scores)
        self._find = find
        self._seconds = seconds

    def test(
        self,
        languages: Collection[str],
        sentences: SentenceSet,
        only: Sequence[str] = (),
        told: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[ScoredWay]:
        """Test all ways from or to these languages (primary tags), or all where none is named, and keep the scores at
        the end. `told` receives how many ways of how many are done. Raises MoothallError.
        """
        translators = self._find(only)
        try:
            directions = [each for translator in translators for each in translator.directions]
            ways = ways_between(directions, sentences.languages, languages)
            told(0, len(ways))
            done: list[Route] = []
            for each in score_ways(ways, sentences, translators, self._seconds):
                done.append(each.route)
                told(len(done), len(ways))
                yield each
            if done:
                self._kept.keep(done)
        finally:
            for translator in translators:
                translator.close()

    def kept(self) -> list[str]:
        """Lines of what was tested so far, for translators and models that are here."""
        translators = self._find(())
        try:
            here = {way_of([each])[0]: each for translator in translators for each in translator.directions}
        finally:
            for translator in translators:
                translator.close()
        known = ((way, score) for way, score in self._kept.read().items() if here.keys() >= set(way))
        routes = [Route(hops=tuple(here[name] for name in way), score=score) for way, score in known]
        return [said_of(ScoredWay(route=each)) for each in sorted(routes, key=lambda each: (len(each.hops), each.name))]


def said_of(tested: ScoredWay) -> str:
    """The line of a way that was tested."""
    hops = tested.route.hops
    way = " > ".join((hops[0].source, *(hop.target for hop in hops)))
    named = f"{way} ({', '.join(hop.engine for hop in hops)})"
    score = tested.route.score
    if score is None:
        return f"{named}: {tested.trouble}"
    speed = f"{score.ms:.0f} ms a sentence ({1000 / max(score.ms, 0.1):.0f} a second)"
    more = (", own sentences" if score.own else "") + (", rough: the gist only" if tested.route.rough else "")
    return f"{named}: chrF2 {score.chrf2:.1f}, {speed}{more}"
