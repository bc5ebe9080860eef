"""Words are compared in their normal form, and each says where it stands."""

from __future__ import annotations

import pytest

from moothall.core.reports.normal_words import figures, normal_words


@pytest.mark.parametrize(
    ("text", "language", "forms"),
    [
        ("We AGREE — don\u2019t we?", "en", "we agree don't we"),
        ("Kenya's 'quoted' words", "en", "kenya s quoted words"),
        ("l\u2019information qu'il n'a pas, aujourd'hui", "fr", "l information qu il n a pas aujourd'hui"),
        ("El público publicó", "es", "el público publicó"),
        ("Ещё всё", "ru", "еще все"),
        ("أُحمد إحمـد احمد", "ar", "احمد احمد احمد"),
        ("مدرسة مدرسه على علي", "ar", "مدرسة مدرسه على علي"),
        ("و5 وخمسة", "ar", "و 5 وخمسة"),
        ("互联网IGF会议", "zh", "互 联 网 igf 会 议"),
        ("ＩＧＦ co\u00adoperate a\u200bb", "en", "igf cooperate ab"),
        ("5km IPv6 3G", "en", "5 km ipv 6 3 g"),
        ("−5 and -7, but 10-15", "en", "- 5 and - 7 but 10 15"),
        ("50% ٥٪ ％ $5 C+", "en", "50 % 5 % % $ 5 c +"),
        ("… _ · \u0640 ()", "en", ""),
    ],
)
def test_the_words_of_a_text(text: str, language: str, forms: str) -> None:
    words = normal_words(text, language)
    assert " ".join(word.form for word in words) == forms
    assert all(0 <= word.start < word.end <= len(text) for word in words)
    assert [word.start for word in words] == sorted(word.start for word in words)


@pytest.mark.parametrize(
    ("written", "language", "plain"),
    [
        ("1,000", "en", "1000"),
        ("1.000", "es", "1000"),
        ("1,5", "fr", "1.5"),
        ("1.5", "en", "1.5"),
        ("1,234,567.89", "en", "1234567.89"),
        ("1.234.567,89", "de", "1234567.89"),
        ("1'000'000", "en", "1000000"),
        ("١٬٠٠٠٫٥", "ar", "1000.5"),
        ("٣٫٥", "ar", "3.5"),
        ("1.1.2025", "en", "1.1.2025"),
        ("1,2,3", "en", "1.2.3"),
        ("12345,678", "en", "12345.678"),
        ("2025", "en", "2025"),
    ],
)
def test_figures_are_read_as_their_language_writes_them(written: str, language: str, plain: str) -> None:
    assert figures(written, language) == plain
