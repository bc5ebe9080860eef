"""Central lines are suggested, those of a question for it, and none that says what another one said."""

from __future__ import annotations

from moothall.adapters.search.stemming import stem
from moothall.core.kernel.ids import PolicyQuestionId, SegmentId
from moothall.core.reports.suggestions import (
    Boost,
    GivenVectors,
    PolicyQuestionText,
    SuggestedLines,
    SuggestibleLine,
    Suggestion,
    SuggestionReason,
    suggest,
)
from moothall.core.search.folding import Folding

FOLDING = Folding(stem)
ACCESS, SAFETY = PolicyQuestionId("access"), PolicyQuestionId("safety")
QUESTIONS = (
    PolicyQuestionText(ACCESS, "How can schools be connected?", "en"),
    PolicyQuestionText(SAFETY, "What protects children from harm?", "en"),
)
TEXTS = (
    "Good morning and thank you all for coming here today",
    "Community networks can connect schools in remote villages at low cost",
    "Community networks can connect schools in remote villages at low cost",
    "Funding for community networks should come from the universal service fund",
    "Children need protection online, and parents need training about harm",
    "Schools connected by community networks train parents as well",
    "Yes, schools",
    "The weather of the coast was mild in autumn when people arrived",
)


def lines(*texts: str, language: str = "en") -> tuple[SuggestibleLine, ...]:
    return tuple(SuggestibleLine(SegmentId(f"s{at}"), text, language) for at, text in enumerate(texts))


def segments(suggestions: tuple[Suggestion, ...]) -> list[str]:
    return [each.segment for each in suggestions]


def test_central_lines_come_first_and_repetitions_last() -> None:
    found = suggest(lines(*TEXTS), QUESTIONS, (), FOLDING, most=5)
    assert segments(found.session)[0] in {"s1", "s5"}
    assert not {"s1", "s2"} <= set(segments(found.session)[:3])
    assert "s6" not in segments(found.session)
    assert {"schools", "networks", "Community"} & set(found.session[0].words)
    assert found == suggest(lines(*TEXTS), QUESTIONS, (), FOLDING, most=5)


def test_a_question_has_lines_of_its_own() -> None:
    found = suggest(lines(*TEXTS), QUESTIONS, (), FOLDING)
    assert segments(found.questions[ACCESS])[0] in {"s1", "s5"}
    assert segments(found.questions[SAFETY]) == ["s4"]
    [only] = found.questions[SAFETY]
    assert only.reasons == (SuggestionReason.CENTRAL,)
    assert set(only.words) == {"Children", "protection", "harm"}


def test_what_was_marked_or_answers_counts_more() -> None:
    boosts = (
        Boost(SegmentId("s6"), SuggestionReason.MARKED, SAFETY),
        Boost(SegmentId("s7"), SuggestionReason.MARKED),
        Boost(SegmentId("s7"), SuggestionReason.ANSWER),
        Boost(SegmentId("s7"), SuggestionReason.ANSWER),
        Boost(SegmentId("gone"), SuggestionReason.MARKED, SAFETY),
    )
    found = suggest(lines(*TEXTS), QUESTIONS, boosts, FOLDING)
    [marked] = [each for each in found.questions[SAFETY] if each.segment == "s6"]
    assert marked.reasons == (SuggestionReason.CENTRAL, SuggestionReason.MARKED)
    [both] = [each for each in found.session[:3] if each.segment == "s7"]
    assert both.reasons == (SuggestionReason.CENTRAL, SuggestionReason.MARKED, SuggestionReason.ANSWER)
    assert "s7" not in segments(found.questions[SAFETY])
    nothing = Boost(SegmentId("s0"), SuggestionReason.MARKED)
    empty = suggest(lines("and so on", "one line of other words about schools"), (), (nothing,), FOLDING)
    assert empty.session[-1] == Suggestion(segment=SegmentId("s0"), score=0.2, reasons=(SuggestionReason.MARKED,))


def test_other_languages() -> None:
    chinese = (
        "社区网络可以连接偏远村庄的学校",
        "今天天气很好大家早上好谢谢各位",
        "学校需要社区网络和资金支持才行",
        "好",
    )
    found = suggest(lines(*chinese, language="zh"), (), (), FOLDING)
    assert segments(found.session)[0] in {"s0", "s2"}
    assert "s3" not in segments(found.session)
    assert all(len(word) == 2 for each in found.session for word in each.words)
    french = ("Les réseaux communautaires relient les écoles", "Les écoles et les réseaux des villages")
    assert "écoles" in suggest(lines(*french, language="fr"), (), (), FOLDING).session[0].words


def test_words_that_everybody_says_say_nothing() -> None:
    many = [f"the forum debates topic{at % 7} number{at} in this chamber now" for at in range(40)]
    found = suggest(lines(*many), (), (), FOLDING)
    assert not any("forum" in each.words or "debates" in each.words for each in found.session)


def test_vectors_may_be_given() -> None:
    vectors = GivenVectors(
        [(1, 2, 0), (1, 2.1, 0), (1, 0, 2), (1, -1, -1), (1, 0, 0.1), (1, 0.1, 0), (9, 9, 9), (0, 0, 0)],
        [(1, 3, 0), (1, 0, 3)],
    )
    found = suggest(lines(*TEXTS), QUESTIONS, (), FOLDING, vectors=vectors)
    assert set(segments(found.questions[ACCESS])[:2]) <= {"s0", "s1", "s5"}
    assert segments(found.questions[SAFETY])[0] == "s2"
    assert "s6" not in segments(found.session)
    assert found.session[0].words == ()


def test_without_lines_nothing_is_suggested() -> None:
    assert suggest((), QUESTIONS, (), FOLDING) == SuggestedLines(questions={ACCESS: (), SAFETY: ()})
