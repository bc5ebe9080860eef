"""Words are folded in every script, and a word that was typed without its accents is found."""

from __future__ import annotations

import pytest

from moothall.adapters.search.stemming import stem
from moothall.core.search.folding import LONGEST, MOST_KEPT, Folding, Token

FOLDING = Folding(stem)


@pytest.mark.parametrize(
    ("text", "language", "tokens"),
    [
        ("Internet governance", "en", "internet govern"),
        ("Governing the Internet", "en-GB", "govern the internet"),
        ("l’information générale", "fr", "l inform general"),  # noqa: RUF001  # as it is written
        ("información de los niños", "es", "inform de los nin"),
        ("as informações", "pt-BR", "as inform"),
        ("Управление ёлками", "ru", "управлен елк"),
        ("الحوكمةُ", "ar", "حوكمه"),
        ("مـدرسـة مدرسه", "ar", "مدرس مدرس"),
        ("أحمد احمد إحمد", "ar", "احمد احمد احمد"),
        ("互联网治理论坛 IGF", "zh", "互 联 网 治 理 论 坛 igf"),
        ("臺灣的網際網路", "zh-TW", "台 湾 的 网 际 网 路"),
        ("頭髮，發展", "zh", "头 发 发 展"),  # noqa: RUF001  # a wide comma
        ("ガバナンス", "ja", "ガ バ ナ ン ス"),
        ("인터넷", "ko", "인 터 넷"),
        ("हिन्दी", "hi", "हिनदी"),
        ("Größe 2026 3(b)", "de", "grosse 2026 3 b"),
        ("ＩＧＦ", "en", "igf"),  # noqa: RUF001  # wide letters
        ("— … _ ·", "en", ""),
        ("\u0301", "en", ""),
        ("", "en", ""),
    ],
)
def test_words_are_folded(text: str, language: str, tokens: str) -> None:
    assert FOLDING.words(text, language) == tokens


def test_tokens_say_where_they_stand() -> None:
    text = " Une fête, 治理"
    found = tuple(FOLDING.tokens(text, "fr"))
    assert [text[token.start : token.end] for token in found] == ["Une", "fête", "治", "理"]
    assert found[1] == Token("fet", 5, 9)


def test_accents_that_were_not_typed_are_put_back_where_stems_depend_on_them() -> None:
    for typed, written, language in (
        ("informacion", "información", "es"),
        ("securite", "sécurité", "fr"),
        ("informacao", "informação", "pt"),
        ("tecnologia", "tecnología", "es"),
    ):
        assert FOLDING.token(written, language) in FOLDING.forms(typed, language)
    assert FOLDING.forms("sécurité", "fr") == (FOLDING.token("sécurité", "fr"),)
    assert FOLDING.forms("net", "en") == ("net",)


def test_a_word_without_end_is_cut() -> None:
    assert FOLDING.words("x" * 10_000, "de") == "x" * LONGEST


def test_what_is_kept_in_memory_is_bounded() -> None:
    asked: list[str] = []

    def count(_: str, word: str) -> str:
        asked.append(word)
        return word

    folding = Folding(count)
    for _ in range(2):
        assert folding.token("word", "en") == "word"
    assert asked == ["word"]
    for n in range(MOST_KEPT):
        folding.token(f"w{n}", "en")
    folding.token("word", "en")
    assert asked.count("word") == 2
