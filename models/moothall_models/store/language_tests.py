"""Tests what this machine translates, and keeps the scores.

The engines and models are those of this machine alone: nothing is sent to a service.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

from moothall.core.translation.routes import Route
from moothall_models.store.model_choice import better_ms, is_light
from moothall_models.store.scores import KeptScores, way_of
from moothall_models.translators.port import Translator
from moothall_models.translators.scored_ways import ScoredWay, score_ways, ways_between
from moothall_models.translators.sentence_set import SentenceSet, read_sentences

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

    def better_ms(self) -> float | None:
        """How long a sentence would take a better model on this machine at the 95th percentile, ms; None: unknown.

        What was tested before counts; otherwise a light model that is here is tested now, which takes a second.
        """
        known = better_ms(self._kept.read())
        if known is not None:
            return known
        translators = self._find(())
        try:
            directions = [each for translator in translators for each in translator.directions]
            sentences = read_sentences()
            light = ways_between(
                [each for each in directions if is_light(each.engine, each.version)], sentences.languages
            )
            for each in score_ways(light[:1], sentences, translators, self._seconds):
                return better_ms({way_of(each.route.hops): each.route.score} if each.route.score is not None else {})
        finally:
            for translator in translators:
                translator.close()
        return None

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
