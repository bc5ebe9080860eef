"""Where the machine continues after a person: no word of the overlap twice, none after it lost."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moothall.core.captioning.control_tokens import USUAL_LAG_MS, Join
from moothall.core.captioning.seam import continued
from moothall.core.events.lines import Word

WORDS = [
    *("mountain", "river", "council", "budget", "harvest", "window", "silver", "garden"),
    *("market", "thunder", "village", "captain", "journey", "painter", "orchard", "bishop"),
    *("lantern", "fabric", "copper", "whistle", "meadow", "blanket", "pepper", "station"),
    *("dragon", "velvet", "kitchen", "poetry", "jungle"),
]
said = st.lists(st.sampled_from(WORDS), unique=True, min_size=6, max_size=len(WORDS))


@st.composite
def told(draw: st.DrawFn) -> tuple[list[str], list[str], list[str]]:
    """Words that were typed alone, typed and heard, and heard alone."""
    words = draw(said)
    first = draw(st.integers(0, len(words) - 3))
    last = draw(st.integers(first + 3, len(words)))
    return words[:first], words[first:last], words[last:]


EACH_MS, PAUSE_MS = 300, 600


def spoken(words: list[str]) -> list[Word]:
    """Words as they are recognised, one behind the other, with a pause behind each sentence."""
    found, t = list[Word](), 0
    for word in words:
        found.append(Word(f" {word}", t, t + EACH_MS))
        t += EACH_MS + (PAUSE_MS if word.endswith((".", "?")) else 0)
    return found


def where(typed: str, covered: list[str], after: list[str], late_ms: int = 0) -> int | None:
    """Where the machine continues, if the writer was `late_ms` later than usual with what is `covered`."""
    heard = spoken([*covered, *after])
    return continued(join(typed, heard[: len(covered)], late_ms), heard)


def join(typed: str, covered: list[Word], late_ms: int = 0) -> Join:
    """What was written, sent `late_ms` later than usual behind what is `covered`."""
    return Join(typed, (covered[-1].t1 if covered else 0) + USUAL_LAG_MS + late_ms)


late = st.integers(-3_000, 3_000)


@given(told(), late)
def test_no_word_of_the_overlap_comes_twice_and_none_after_it_is_lost(parts: tuple[list[str], ...], ms: int) -> None:
    alone, both, after = parts
    assert where(" ".join([*alone, *both]), both, after, ms) == len(both)


@given(told(), st.sampled_from([str.upper, str.title]), st.sampled_from([",", ".", "?", " -"]), late)
def test_case_and_punctuation_change_nothing(parts: tuple[list[str], ...], written: object, mark: str, ms: int) -> None:
    alone, both, after = parts
    assert callable(written)
    typed = (mark + " ").join(written(word) for word in [*alone, *both]) + "."
    assert where(typed, both, after, ms) == len(both)


@given(told(), st.data())
def test_a_letter_that_was_heard_wrong_changes_nothing(parts: tuple[list[str], ...], data: st.DataObject) -> None:
    alone, both, after = parts
    which = data.draw(st.integers(0, len(both) - 1))
    wrong = [word[0] + "q" + word[2:] if n == which else word for n, word in enumerate(both)]
    assert where(" ".join([*alone, *both]), wrong, after) == len(both)


@given(told(), st.data())
def test_words_that_come_one_by_one_are_joined_as_all_of_them(
    parts: tuple[list[str], ...], data: st.DataObject
) -> None:
    alone, both, after = parts
    which = data.draw(st.integers(0, len(both)))
    wrong = [word[0] + "q" + word[2:] if n == which else word for n, word in enumerate(both)]
    heard = spoken([*wrong, *after])
    typed = join(" ".join([*alone, *both]), heard[: len(both)])
    told_first = (continued(typed, heard[:n], more=n < len(heard)) for n in range(1, len(heard) + 1))
    assert next(each for each in told_first if each is not None) == len(both)


heard_words = st.lists(
    st.builds(Word, st.text(max_size=12), st.integers(0, 30_000), st.integers(0, 30_000)), max_size=20
)


@given(st.text(max_size=80), heard_words, st.integers(-9_000, 30_000))
def test_anything_can_be_told(typed: str, heard: list[Word], said: int) -> None:
    count = continued(Join(typed, said), heard)
    assert count is not None
    assert 0 <= count <= len(heard)
    assert continued(Join(typed, said), heard, more=True) in (count, None)


@pytest.mark.parametrize(
    ("typed", "covered", "after"),
    [
        ("We thank the delegation of Kenya.", "the delegation of kenya", "and now to"),
        ("Yes.", "Yes.", "And"),
        ("Good morning, everybody here.", "Good morning - everybody here.", "and"),
        ("我们感谢肯尼亚代表团的发言", "感谢 肯尼亚 代表 团的 发言", "下面"),
        ("Any more questions? Thank you.", "questions thank you", "thank you"),
        # The recogniser has not heard the last word, and took one for another.
        ("everybody can see that it was corrected. Why does this matter?",
         "can see that it was corrected. Why does this", "In our survey of March"),
        # It hears no more of what was written than its last words.
        ("They correct names, numbers and acronyms,", "and acronyms,", "because those are the words"),
    ],
)  # fmt: skip
def test_what_people_say(typed: str, covered: str, after: str) -> None:
    assert where(typed, covered.split(), after.split()) == len(covered.split())


@pytest.mark.parametrize(
    ("typed", "heard"),
    [
        ("and that is the question.", "Question number two, please"),
        ("We now break. The meeting goes on at two", "The meeting goes on in room B"),
        ("我们休息以后讨论网络的问题", "问题 是 谁 付钱"),
        ("سنناقش الآن السؤال", "السؤال الثاني من كينيا"),
    ],
)
def test_what_was_said_after_the_last_line_was_sent_is_said_again_and_not_lost(typed: str, heard: str) -> None:
    words = [
        msgspec.structs.replace(each, t0=each.t0 + 600_000, t1=each.t1 + 600_000) for each in spoken(heard.split())
    ]
    assert continued(Join(typed, 600_000), words) == 0, "a break, of which nothing was heard, lies in between"


@pytest.mark.parametrize(
    ("typed", "heard", "after", "count"),
    [("यह का", "यह की", "बात", 1), ("जल की", "यह जल का", "मूल्य", 0), ("ไม่", "ไม้", "ดี", 0)],
)
def test_words_that_differ_in_a_vowel_sign_or_a_tone_are_different_ones(
    typed: str, heard: str, after: str, count: int
) -> None:
    assert where(typed, heard.split(), after.split()) == count


def test_half_of_a_word_decides_to_whom_it_belongs() -> None:
    assert where("the harvest festival begins", ["the", "harvest", "festival", "beginsnow"], ["and"]) == 4
    assert where("the harvest festival", ["the", "harvest"], ["festivaloftheyears", "and"]) == 2


PARAPHRASES = [
    ("while i persons sound goes to computer next to persons writes", "to a computer next to the stage. It writes",
     "down what it hears"),
    ("kilobytes so school persons weak connection", "So a school with a weak connection", "can still be part"),
    ("once line persons stays", "Once a line is complete, it stays", "as it is, unless"),
    # A sentence that was written stands for one that was said, whatever it ends with.
    ("I'm Helen Marsh, chairing for 90 minutes.", "I will be your chair for the next ninety minutes.", "There are"),
    ("A note first.", "Before we start, one short note.", "Everything that is said here"),
    ("A finished line stays, unless it is corrected, which is visible to all.",
     "unless a person corrects it, and then all can see that.", "Why does this matter?"),
    ("They sat in loud offices or it wasn't their mother tongue.",
     "or they were listening in their second or third language.", "Text also needs very little data:"),
    ("Lisbon asks if there are translations, and in what languages.",
     "is the text translated, and into which languages?", "Two good questions. Daniel?"),
    ("村里没有网络所以学校也上不了网。", "乡村 没有 网络 学校 也 连不上。", "下 一个 问题"),
    ("2026年我们在日内瓦讨论网络问题。", "2026年 我们 要 在 日内瓦 开会 讨论 网络 问题。", "下面 请 肯尼亚 发言"),
    ("They sat in loud offices or it wasn't their own “mother tongue.”",
     "or they were listening in their “second or third language.”", "Text also needs very little data:"),
    # Of a sentence that was written the other way round nothing is said again.
    ("Two gigabytes cost a family 9 % of monthly income.",
     "A family pays something like nine per cent of its income for two gigabytes a month.", "The target of the"),
    ("Donc c'est une question de justice, pas de technique seulement.",
     "Ce n'est donc pas seulement un problème technique, c'est un problème de justice.", "Nous proposons trois"),
    ("सब लोग सहमत हैं।", "तो सब लोग इस पर सहमत ही रहे।", "अब अगला सवाल"),
]  # fmt: skip


@pytest.mark.parametrize(("typed", "covered", "after"), PARAPHRASES)
@pytest.mark.parametrize("ms", [-1_500, 0, 1_500])
def test_a_text_in_other_words_is_followed_by_what_comes_after_it(
    typed: str, covered: str, after: str, ms: int
) -> None:
    assert where(typed, covered.split(), after.split(), ms) == len(covered.split())


def test_a_last_word_that_was_written_otherwise_is_said_again_and_none_is_lost() -> None:
    covered = ["The", "river", "flooded", "the", "lower", "market", "hall"]
    assert where("the river flooded the lower market persons", covered, ["on", "Monday"]) == len(covered) - 1


def test_where_nothing_is_in_common_words_are_said_again_and_not_lost() -> None:
    words = ["something", "else", "altogether", "was", "being", "said", "by", "them", "here"]
    count = where("Quite other things stand written.", words, ["and", "now"])
    assert count is not None
    assert count < len(words)


@pytest.mark.parametrize(
    ("typed", "covered", "after"),
    [
        ("So please plan energy along with connectivity.",
         "So please, when you plan for connectivity, plan for energy too.", "I fully agree with that, and we"),
        ("Good morning from Fiji. Do you hear me?", "Good morning from Fiji, can you hear me?", "Great. So in the"),
        ("He went to the fair.", "so he went to the fair by", "Geneva."),
        ("They asked us to pay.", "and they asked whether we'd pay", "12 million."),
        ("sentences that the machine talks", "sentences that the machine", "finished before it takes a"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("ms", [-1_500, 0, 1_500])
def test_what_nobody_wrote_of_is_not_left_out_with_what_came_before_it(
    typed: str, covered: str, after: str, ms: int
) -> None:
    count = where(typed, covered.split(), after.split(), ms)
    assert count is not None
    assert count <= len(covered.split())


def test_a_sentence_that_is_longer_than_what_is_aligned_is_followed_by_what_comes_after_it() -> None:
    covered = WORDS[:25]
    assert where(" ".join([*covered[:-2], "lost", *covered[-2:]]) + ".", covered, ["and"]) == len(covered)


def test_of_two_places_that_are_nearly_as_good_the_first_is_taken() -> None:
    covered = ["they", "repaired", "the", "bridge"]
    assert where("they mended the bridge", covered, ["a", "the", "bridge", "of", "wood"], 800) == len(covered)


@pytest.mark.parametrize("word", ["question", "Questions", "questioned"])
def test_forms_of_a_word_are_the_same_word(word: str) -> None:
    covered = ["They", "raised", "a", word]
    assert where("they raised questions", covered, ["from", "Lisbon", "tomorrow"]) == len(covered)


@given(told(), st.data())
def test_words_that_the_person_left_out_cost_no_word_behind_them(
    parts: tuple[list[str], ...], data: st.DataObject
) -> None:
    alone, both, after = parts
    left = data.draw(st.integers(0, len(both) - 2))
    typed = [word for n, word in enumerate(both) if n != left]
    assert where(" ".join([*alone, *typed]), both, after) == len(both)
