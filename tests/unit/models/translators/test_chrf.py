from __future__ import annotations

import pytest

from moothall_models.translators.chrf import chrf2


def test_the_same_is_a_hundred_and_nothing_in_common_is_none() -> None:
    assert chrf2(["The meeting is open.", "é"], ["The meeting is open.", "é"]) == pytest.approx(100)
    assert chrf2(["abc"], ["xyz"]) == 0
    assert chrf2([""], ["xyz"]) == 0
    assert chrf2([], []) == 0


def test_it_is_worked_out_as_it_is_defined() -> None:
    # abc against abd: 2 of 3 single signs, 1 of 2 pairs, 0 of 1 triple are shared, on both sides alike.
    assert chrf2(["abc"], ["abd"]) == pytest.approx(100 * (2 / 3 + 1 / 2 + 0) / 3)
    # ab against abcd: precision 1 and 1; recall 2/4 and 1/3; orders 3 and 4 are left out.
    recall = (2 / 4 + 1 / 3) / 2
    assert chrf2(["ab"], ["abcd"]) == pytest.approx(100 * 5 * recall / (4 + recall))


def test_a_sign_that_comes_twice_is_shared_as_often_as_both_have_it() -> None:
    precision, recall = (2 / 3 + 1 / 2) / 2, (2 / 2 + 1 / 1) / 2
    assert chrf2(["aaa"], ["aa"]) == pytest.approx(100 * 5 * precision * recall / (4 * precision + recall))


def test_spaces_do_not_count_and_case_does() -> None:
    assert chrf2(["a b  c"], ["abc"]) == pytest.approx(100)
    assert chrf2(["ABC"], ["abc"]) == 0


def test_counts_are_added_over_all_texts() -> None:
    assert chrf2(["a", "b"], ["a", "c"]) == pytest.approx(50)
    with pytest.raises(ValueError, match="zip"):
        chrf2(["a"], [])


def test_it_is_what_sacrebleu_says() -> None:
    # sacrebleu 2.6.0, corpus_score of CHRF(), nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no
    made = ["The meeting is open.", "We vote on the text today."]
    assert chrf2(made, ["The session is open.", "Today we vote on the text."]) == pytest.approx(57.053295002211414)
    assert chrf2(["会议开始了。"], ["会议现在开始。"]) == pytest.approx(18.002476999292284)
