from __future__ import annotations

import pytest

from moothall_models.ports import ChineseScript, HeardWord, Hypothesis, StreamHypothesis
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts, script_of


class Table:
    """A converter of a few phrases and characters, one of which gets longer and one of which goes."""

    def convert(self, text: str, script: ChineseScript) -> str:
        if script is ChineseScript.SIMPLIFIED:
            return text.replace("數", "数").replace("據", "据").replace("的", "").replace("廿", "二十")
        return text.replace("头发", "頭髮").replace("发", "發").replace("头", "頭")


SCRIPTS = WrittenScripts(Table())


def heard(*texts: str, language: str = "zh", others: tuple[str, ...] = ()) -> Hypothesis:
    words = tuple(HeardWord(text, 100 * n, 100 * n + 90, 0.9, others) for n, text in enumerate(texts))
    return Hypothesis(language=language, words=words, likeliest="zh")


def texts(hypothesis: Hypothesis) -> list[str]:
    return [word.text for word in hypothesis.words]


@pytest.mark.parametrize(
    ("script", "tags"),
    [
        (ChineseScript.SIMPLIFIED, "zh ZH zh-Hans zh-CN zh-SG zh-Hans-HK zh_CN cmn cmn-Hans yue-Hans zh-Hans-CN"),
        (ChineseScript.TRADITIONAL, "zh-Hant zh-TW zh-Hant-TW zh-Hant-CN cmn-Hant cmn-TW yue-Hant"),
        (ChineseScript.HONG_KONG, "zh-HK zh-MO zh-Hant-HK zh-Hant-MO yue-Hant-HK"),
        (None, "yue yue-HK ja ja-JP ko en en-HK wuu vi-Hani-TW"),
    ],
)
def test_the_tag_says_the_script(script: ChineseScript | None, tags: str) -> None:
    assert {tag: script_of(tag) for tag in tags.split()} == dict.fromkeys(tags.split(), script)


def test_words_are_written_in_the_script_of_their_language() -> None:
    mixed = heard("大", "數据", "分析", "。")
    assert texts(SCRIPTS.hypothesis(mixed)) == ["大", "数据", "分析", "。"]
    assert SCRIPTS.hypothesis(mixed).likeliest == "zh"
    for language in ("ja", "yue", "en"):
        other = heard("數", "據", language=language)
        assert SCRIPTS.hypothesis(other) is other


def test_what_is_in_the_script_already_stays() -> None:
    for same in (heard("大", "数据"), heard(" GDP"), heard()):
        assert SCRIPTS.hypothesis(same) is same
        assert AS_HEARD.hypothesis(same) is same
    assert AS_HEARD.text("數據", "zh") == "數據"


def test_phrases_decide_over_the_borders_of_words() -> None:
    assert texts(SCRIPTS.hypothesis(heard("头", "发", "发", language="zh-Hant"))) == ["頭", "髮", "發"]


def test_where_the_length_changes_each_word_is_converted_and_none_becomes_empty() -> None:
    longer, shorter = SCRIPTS.hypothesis(heard("數", "廿", "據")), SCRIPTS.hypothesis(heard("數", "的", "據"))
    assert (texts(longer), texts(shorter)) == (["数", "二十", "据"], ["数", "的", "据"])
    assert [(word.t0, word.t1) for word in longer.words] == [(0, 90), (100, 190), (200, 290)]


def test_other_readings_are_converted_and_those_that_are_the_same_word_go() -> None:
    (word,) = SCRIPTS.hypothesis(heard("數", others=("数", "據", "据", "樹"))).words
    assert (word.text, word.others) == ("数", ("据", "樹"))


def test_an_answer_of_a_stream_stays_one() -> None:
    answer = StreamHypothesis(language="zh", words=heard("數").words, final=1)
    written = SCRIPTS.hypothesis(answer)
    assert (texts(written), written.final) == (["数"], 1)
