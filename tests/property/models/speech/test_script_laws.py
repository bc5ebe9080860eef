"""Laws of the script of Chinese: words keep their number and times, none is empty, and what is simplified stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall_models.ports import ChineseScript, HeardWord, Hypothesis
from moothall_models.recognizers.chinese import load_scripts
from moothall_models.speech.listening.scripts import WrittenScripts
from support.sound.speech_strategies import VOCABULARY

TAGS = st.sampled_from(["zh", "zh-Hans", "zh-TW", "zh-HK", "yue", "ja", "en"])
CHARACTERS = "大数據数据分析能力可以帮幫助人们們进進行决決策發发髮头頭着著显顯后後里裡面干乾台臺湾灣,。 a2"
TEXTS = st.text(CHARACTERS, min_size=1, max_size=4) | st.sampled_from(VOCABULARY) | st.text(min_size=1, max_size=3)
OPENCC = load_scripts()


class Odd:
    """A converter that makes texts shorter or longer."""

    def convert(self, text: str, script: ChineseScript) -> str:
        return text.replace("的", "").replace("数", "數據" if script is ChineseScript.TRADITIONAL else "數")


@st.composite
def hypotheses(
    draw: st.DrawFn, texts: st.SearchStrategy[str] = TEXTS, tags: st.SearchStrategy[str] = TAGS
) -> Hypothesis:
    times, odds = st.integers(0, 3_000), st.floats(0, 1)
    others = st.lists(texts, max_size=3).map(tuple)
    words = draw(st.lists(st.builds(HeardWord, texts, times, times, odds, others), max_size=12))
    return Hypothesis(language=draw(tags), words=tuple(words))


@given(hypotheses(), st.sampled_from([OPENCC, WrittenScripts(Odd())]))
def test_words_keep_their_number_times_and_odds_and_none_is_empty(heard: Hypothesis, scripts: WrittenScripts) -> None:
    written = scripts.hypothesis(heard)
    assert [(word.t0, word.t1, word.p) for word in written.words] == [
        (word.t0, word.t1, word.p) for word in heard.words
    ]
    assert all(word.text for word in written.words)
    assert all(len(word.others) <= len(before.others) for word, before in zip(written.words, heard.words, strict=True))


# Not of traditional ones: 里 of 数里 stays by its phrase, and isn't known beside 數 any more.
@given(hypotheses(st.text(CHARACTERS, min_size=1, max_size=4), st.sampled_from(["zh", "zh-Hans", "cmn", "yue", "ja"])))
def test_a_text_in_simplified_characters_stays(heard: Hypothesis) -> None:
    written = OPENCC.hypothesis(heard)
    texts = [word.text for word in written.words]
    assert [word.text for word in OPENCC.hypothesis(written).words] == texts
