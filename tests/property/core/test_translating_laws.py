"""Laws of translating: a route is the cheapest one, and protected parts can be put back."""

# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import itertools

from hypothesis import example, given
from hypothesis import strategies as st

from moothall.core.translation.inflection import Inflection, inflected
from moothall.core.translation.protecting import MARK, protect, restore, search_for
from moothall.core.translation.routes import LONGEST, Direction, best_route
from moothall.core.translation.wording import finished, prepared, wording

TAGS = ("ar", "en", "es", "fr", "pt", "ru", "zh")
directions = st.lists(
    st.builds(
        Direction,
        engine=st.sampled_from(("a", "b")),
        version=st.just("1"),
        source=st.sampled_from(TAGS),
        target=st.sampled_from(TAGS),
        cost=st.integers(1, 60).map(float),
    ),
    max_size=9,
)


@given(directions, st.sampled_from(TAGS), st.sampled_from(TAGS))
def test_no_other_way_is_cheaper(given_ones: list[Direction], source: str, target: str) -> None:
    ways = [
        way
        for length in range(1, LONGEST + 1)
        for way in itertools.permutations(given_ones, length)
        if way[0].source == source
        and way[-1].target == target
        and all(one.target == other.source for one, other in itertools.pairwise(way))
        and len({source, *(hop.target for hop in way)}) == length + 1
    ]
    found = best_route(given_ones, source, target)
    if found is None:
        assert not ways
        return
    assert found.hops in ways
    assert found.cost == min(sum(hop.cost for hop in way) for way in ways)


@given(st.text(max_size=80), st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=4))
def test_what_is_taken_out_can_be_put_in_again(text: str, terms: dict[str, str]) -> None:
    taken = protect(text, search_for(terms))
    back = restore(taken.text, taken.put_in)
    if taken.put_in:
        assert back is not None
        assert all(written.lower() in back.lower() for written in taken.put_in)
    else:
        assert taken.text == text


TEXTS = st.text(
    alphabet=st.characters() | st.sampled_from("aeé .?!,\u2028XQ1¿\ue010её三票。，？」الأ٧وُـ،؟"), max_size=60
)
TERMS = st.dictionaries(
    st.text(min_size=1, max_size=6)
    | st.sampled_from(("a", "e a", "a?", "ё", "三 {number}", "三？", "الا", "ا لـ", "ا {alone}")),
    TEXTS,
    max_size=4,
)


@given(TEXTS, TERMS, st.sampled_from(TAGS), st.sampled_from(TAGS))
def test_an_engine_that_says_what_it_hears_loses_nothing(
    text: str, terms: dict[str, str], source: str, target: str
) -> None:
    by = wording((), terms, source, target)
    if len({term.lower() for term in terms}) == len(terms):
        assert wording((), dict(reversed(terms.items())), source, target).version == by.version
    given_text = prepared(text, source, by)
    done = finished(given_text.texts, given_text, target)
    assert done is not None
    assert "\ue010" not in done
    assert all(each and each == " ".join(each.split()) for each in given_text.texts)
    if not any(piece.put_in for piece in given_text.pieces):
        assert given_text.pieces == given_text.unprotected.pieces


@example("", {"0": "\ud800"}, [], "ar")
@given(TEXTS, TERMS, st.lists(TEXTS, max_size=3), st.sampled_from(TAGS))
def test_whatever_an_engine_says_a_text_comes_of_it(
    text: str, terms: dict[str, str], said: list[str], target: str
) -> None:
    bare = prepared(text, "en", wording((), terms, "en", target)).unprotected
    said = (said * len(bare.texts))[: len(bare.texts)]
    said += [""] * (len(bare.texts) - len(said))
    done = finished(said, bare, target)
    assert done is not None
    assert not any(char in done for char in "\u2028\n\ue010")


FORMS = st.builds(
    Inflection,
    gen=st.sampled_from(("", "А", "йод XQ")),
    acc=TEXTS,
    article=st.sampled_from(("", "la", "l'")),
    gender=st.sampled_from(("", "m", "f", "n", "pl")),
)
SAID = st.lists(
    st.sampled_from(
        ("XQ1X", "XQ2X", "XQ9X", "доклад", "этого", "в", "«", ",", "и", "решил", "هذا", "و", "ـ", "الذي", "del", "NASA")
    ),
    max_size=9,
)


@example(["ـ", "XQ1X"], ["a", "b"], Inflection(gender="f"), "ar")
@example(["NASA", "XQ1X"], ["a", "b"], Inflection(gender="f"), "ru")
@example(["этого"] * 2_000 + ["XQ1X"], ["a", "b"], Inflection(gender="f"), "ru")
@given(SAID, st.lists(TEXTS, min_size=2, max_size=2), FORMS, st.sampled_from((*TAGS, "ru", "ar", "es")))
def test_forms_lose_and_double_no_placeholder(
    said: list[str], put_in: list[str], forms: Inflection, target: str
) -> None:
    made, written = inflected(" ".join(said), put_in, {put_in[0]: forms}, target)
    assert MARK.findall(made) == MARK.findall(" ".join(said))
    assert made.split().count("NASA") == said.count("NASA")
    assert len(written) == 2
    assert put_in[1] == written[1] or put_in[0] == put_in[1]
    assert any(written[0].endswith(form) for form in (*forms.texts, put_in[0]))


@given(st.lists(st.sampled_from(("", "َ", "ُ", "ّ", "ـ", "ِّ")), min_size=6, max_size=6), st.sampled_from("اأإآ"))
def test_an_arabic_term_is_found_with_any_vowels(vowels: list[str], alef: str) -> None:
    said = "".join(itertools.chain.from_iterable(zip(f"{alef}عتماد", vowels, strict=True)))
    for before, left in (("", ""), ("و", "و "), ("ب", "ب "), ("قال ", "قال ")):
        assert protect(f"{before}{said} اليوم", search_for({"اعتماد": "x"})).text == f"{left}XQ1X اليوم"
    assert protect(f"{said}ات", search_for({"اعتماد": "x"})).put_in == ()


@given(st.text(alphabet="еёЕЁ", min_size=1, max_size=6), st.text(alphabet="её", min_size=1, max_size=6))
def test_a_russian_term_is_found_with_either_letter(said: str, term: str) -> None:
    found = protect(f"Да, {said}.", search_for({term: "x"}))
    assert found.put_in == (("x",) if len(said) == len(term) else ())


@given(st.lists(st.sampled_from(("会议", "IGF", " ", "，", "XQ1X")), max_size=8), st.sampled_from(("动议", "IGF")))
def test_in_chinese_no_space_stands_beside_a_chinese_letter_of_a_term(said: list[str], written: str) -> None:
    given_text = prepared("Then the motion is ready.", "en", wording((), {"the motion": written}, "en", "zh"))
    done = finished(["".join(said)], given_text, "zh")
    if said.count("XQ1X") != 1:
        assert done is None
    else:
        assert done is not None
        assert written != "动议" or " 动议" not in done
        assert "动议 " not in done
