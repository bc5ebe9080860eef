from __future__ import annotations

import numpy as np
import pytest

from moothall.wire.engine import TermHeard
from moothall_models.ports import VAD_FRAME, HeardWord, Hypothesis
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.speech.glossary import (
    HEARD_HALF_MS,
    MOST_SIGNS,
    MOST_TERMS,
    REMEMBERED,
    RESEMBLED_HALF_MS,
    ChannelGlossary,
    parroted,
)
from moothall_models.speech.utterance import FRAME_MS, SpeechFrame, Utterance

NAMES = ("Moothall", "AfriNIC", "Adaobi Nwankwo", "Kisumu")


def utterance(speech: int = 40, *, t: int = 0, number: int = 1, quiet: int = 0) -> Utterance:
    """`speech` frames of speech from media ms `t`, and `quiet` of silence behind them."""
    heard = [
        SpeechFrame(t + n * FRAME_MS, np.zeros(VAD_FRAME, np.float32), 1.0 if n < speech else 0.0)
        for n in range(speech + quiet)
    ]
    one = Utterance(number, heard[:1], 0.35)
    for frame in heard[1:]:
        one.add(frame)
    return one


def heard(*words: str, p: float = 0.9) -> Hypothesis:
    """A pass that heard these, one in 300 ms."""
    return Hypothesis(
        language="en", words=tuple(HeardWord(word, 300 * n, 300 * (n + 1), p) for n, word in enumerate(words))
    )


def test_at_first_only_what_is_near_is_given() -> None:
    assert ChannelGlossary(NAMES, near=2).choose(utterance(), 1_280) == NAMES[:2]
    assert ChannelGlossary(NAMES).choose(utterance(), 1_280) == ()
    assert ChannelGlossary().choose(utterance(), 1_280) == ()


def test_a_window_without_speech_gets_none() -> None:
    glossary = ChannelGlossary(NAMES, near=4)
    click = utterance(9, quiet=30)
    assert glossary.choose(click, click.heard) == ()
    over = utterance(40, quiet=60)
    over.trim(1_280)  # what was said has been trimmed away
    assert glossary.choose(over, over.heard) == ()
    assert glossary.choose(utterance(10), 320) == NAMES


def test_what_was_heard_is_given_until_it_is_long_ago() -> None:
    glossary = ChannelGlossary(NAMES)
    assert glossary.heard(utterance(), (), said := heard(" the", " people", " of", " Kisumu,")) is said
    assert glossary.choose(utterance(t=2_000), 3_280) == ("Kisumu",)
    assert glossary.choose(utterance(t=HEARD_HALF_MS), HEARD_HALF_MS + 1_280) == ("Kisumu",)
    assert glossary.choose(utterance(t=2 * HEARD_HALF_MS), 2 * HEARD_HALF_MS + 1_280) == ()


def test_what_sounds_like_something_unsure_is_given_to_the_next_pass() -> None:
    glossary = ChannelGlossary(NAMES)
    glossary.heard(utterance(), (), heard(" welcome", " to", " mood", " hall", p=0.4))
    assert glossary.choose(utterance(), 1_280) == ("Moothall",)
    later = 5 * RESEMBLED_HALF_MS
    assert glossary.choose(utterance(t=later), later + 1_280) == ()


def test_one_word_of_a_name_is_enough() -> None:
    glossary = ChannelGlossary(NAMES)
    glossary.heard(utterance(), (), heard(" and", " Mrs.", " Nuanco", p=0.4))
    assert glossary.choose(utterance(), 1_280) == ("Adaobi Nwankwo",)


def test_what_is_sure_resembles_nothing() -> None:
    glossary = ChannelGlossary(NAMES)
    glossary.heard(utterance(), (), heard(" mood", " hall", p=0.95))
    assert glossary.choose(utterance(), 1_280) == ()
    glossary.heard(utterance(), (), heard(" ah", p=0.1))  # too short to be like anything
    assert glossary.choose(utterance(), 1_280) == ()


def test_a_fainter_likeness_does_not_go_over_a_fresh_strong_one() -> None:
    glossary = ChannelGlossary(("Moothall",))
    glossary.heard(utterance(), (), heard(" mood", " hall", p=0.4))
    glossary.heard(utterance(t=500), (), heard(" mood", " haw", p=0.4))
    assert [known.much for known in glossary.memory] == [1.0]
    glossary.heard(utterance(t=20_000), (), heard(" mood", " haw", p=0.4))
    assert [known.much < 1.0 for known in glossary.memory] == [True]


def test_few_terms_are_given_in_the_order_of_their_standing() -> None:
    many = [f"Term{chr(97 + n)}{'x' * n}" for n in range(30)]
    chosen = ChannelGlossary(many, near=30).choose(utterance(), 1_280)
    assert chosen == tuple(many[:MOST_TERMS])
    long = ["x" * 60 + str(n) for n in range(5)]
    assert ChannelGlossary(long, near=5).choose(utterance(), 1_280) == tuple(long[:2])
    assert sum(map(len, long[:2])) <= MOST_SIGNS
    glossary = ChannelGlossary([*many, "Kisumu"], near=30)
    glossary.heard(utterance(), (), heard(" Kisumu"))
    assert glossary.choose(utterance(), 1_280) == (*many[: MOST_TERMS - 1], "Kisumu")


def test_a_text_of_nothing_but_given_terms_is_not_believed_unless_it_is_sure() -> None:
    glossary, one = ChannelGlossary(NAMES, near=4), utterance()
    given = glossary.choose(one, 1_280)
    sure = heard(" AfriNIC", p=0.85)
    assert glossary.heard(one, given, sure) is sure
    dropped = glossary.heard(one, given, heard(" AfriNIC,", " Kisumu.", p=0.2))
    assert (dropped.words, dropped.language) == ((), "en")
    assert glossary.choose(one, 1_280) == ()  # nor is it tried again in this utterance
    assert glossary.choose(utterance(number=2), 1_280) == NAMES


@pytest.mark.parametrize(
    ("words", "so"),
    [
        ((" Moothall.",), True),
        ((" Moot", "hall", " AfriNIC"), True),
        ((" Nwankwo",), True),
        ((" Moothall", " is"), False),
        ((" Mooth",), False),
        ((), False),
        ((" …",), True),
    ],
)
def test_terms_are_found_however_they_are_cut(words: tuple[str, ...], so: bool) -> None:
    assert parroted(heard(*words, p=0.4).words, NAMES, begun=False) is so
    assert parroted(heard(*words, p=0.4).words, NAMES, begun=True) is so
    assert not parroted(heard(*words, p=0.4).words, (), begun=False)


def test_a_term_that_begins_an_utterance_needs_other_words_that_speak_for_it() -> None:
    babble = (HeardWord(" LACNIC,", 0, 300, 0.73), HeardWord(" and", 300, 600, 0.03), HeardWord(" the", 600, 900, 0.11))
    assert parroted(babble, ("LACNIC",), begun=False)
    assert not parroted(babble, ("LACNIC",), begun=True)
    assert not parroted(babble, ("and",), begun=False)
    said = (HeardWord(" LACNIC", 0, 300, 0.4), HeardWord(" could", 300, 600, 0.9))
    assert not parroted(said, ("LACNIC",), begun=False)


def test_the_terms_can_change_while_people_speak() -> None:
    glossary = ChannelGlossary(NAMES)
    glossary.heard(utterance(), (), heard(" Kisumu"))
    glossary.heard(utterance(), (), heard(" mood", " hall", p=0.4))
    glossary.prefer(("Kisumu", "…", "Kisumu", "Lilongwe"), near=0)
    assert glossary.choose(utterance(), 1_280) == ("Kisumu",)
    assert [known.term for known in glossary.memory] == ["Kisumu"]
    glossary.prefer(("Lilongwe",), near=1)
    assert (glossary.choose(utterance(), 1_280), glossary.memory) == (("Lilongwe",), ())


def test_another_engine_chooses_the_same() -> None:
    glossary = ChannelGlossary(NAMES)
    glossary.heard(utterance(), (), heard(" Kisumu"))
    glossary.heard(utterance(t=400), (), heard(" mood", " hall", p=0.4))
    assert glossary.memory == (
        TermHeard(term="Moothall", heard=None, resembled=1_000, much=1.0),
        TermHeard(term="Kisumu", heard=300, resembled=None, much=0.0),
    )
    other = ChannelGlossary(NAMES, heard=glossary.memory)
    assert other.memory == glossary.memory
    assert other.choose(utterance(t=2_000), 3_280) == glossary.choose(utterance(t=2_000), 3_280) != ()


def test_what_counts_least_is_forgotten_first() -> None:
    many = tuple(f"Place{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(REMEMBERED + 5))
    glossary = ChannelGlossary(many)
    for n, name in enumerate(many):
        glossary.heard(utterance(t=1_000 * n), (), heard(f" {name}"))
    assert [known.term for known in glossary.memory] == list(many[5:])


def test_a_text_loses_a_term_that_it_spells_less_often() -> None:
    glossary = ChannelGlossary(("Kisumu", "NETmundial"))
    assert glossary.loses("Kisumu asked.", "Key sumo asked.")
    assert glossary.loses("Kisumu, Kisumu", "Kisumu")
    assert not glossary.loses("Net Mundial in Nairobi", "NETmundial in Lagos")
    assert not glossary.loses("Key sumo asked.", "Kisumu asked.")


def test_letters_within_a_word_are_no_term_and_characters_of_chinese_are() -> None:
    glossary = ChannelGlossary(("UN", "\u6c14\u5019\u53d8\u5316"))
    assert not glossary.loses("We run under it.", "We ran above it.")
    assert glossary.loses("The UN's run", "The ones run")
    assert glossary.loses("The UN, again.", "The one, again.")
    assert glossary.loses("\u8c08\u6c14\u5019\u53d8\u5316\u5427", "\u8c08\u5176\u540e\u53d8\u5316\u5427")


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((" the", " NET", " Mundial", " Paper."), " the NETmundial Paper."),
        (("Net", " Mundial,", " and"), "NETmundial, and"),
        ((" Nuku", " Alofa."), " Nuku'alofa."),
        ((" Afri", " Nic", " signs"), " AfriNIC signs"),
        ((" Net.", " Mundial"), " Net. Mundial"),
        ((" adaobi", " nwankwo"), " adaobi nwankwo"),
        ((" netmundial", " it"), " netmundial it"),
        ((" महा", " सभा।"), " महासभा।"),
    ],
)
def test_a_term_of_one_word_is_not_parted(words: tuple[str, ...], text: str) -> None:
    glossary = ChannelGlossary(("NETmundial", "Nuku'alofa", "AfriNIC", "Adaobi Nwankwo", "महासभा"))
    found = glossary.heard(utterance(), (), heard(*words))
    assert "".join(word.text for word in found.words) == text
    assert len(found.words) == len(words)


def test_a_term_in_the_other_script_is_given_and_known_in_that_of_the_language() -> None:
    glossary = ChannelGlossary(("氣候變化", "數位時代"), 1, languages=("zh", "en"), scripts=load_scripts())
    assert glossary.choose(utterance(), 1_280, "zh") == ("气候变化",)
    assert glossary.choose(utterance(), 1_280, "en") == glossary.choose(utterance(), 1_280) == ("氣候變化",)
    said = Hypothesis(language="zh", words=tuple(HeardWord(part, 0, 300, 0.9) for part in ("谈", "数位", "时代")))
    assert glossary.heard(utterance(), ("气候变化",), said) == said
    assert [known.term for known in glossary.memory] == ["數位時代"]
    assert glossary.told(1_280, "zh") == ("气候变化", "数位时代")
    assert glossary.loses("谈气候变化吧", "谈其后变化吧")
