"""Words that deny are known in seven languages, and words that only look like them are not."""

from __future__ import annotations

import pytest

from moothall.core.reports.negations import negations
from moothall.core.reports.normal_words import normal_words


@pytest.mark.parametrize(
    ("language", "text", "denying"),
    [
        ("en", "We don't agree, and nobody can: −5", "don't nobody -"),
        ("en", "Note the nonsense knot", ""),
        ("fr", "Nous n'acceptons pas plus", "n pas"),
        ("es", "No hay ningún texto", "no ningún"),
        ("pt", "Não há nenhum", "não nenhum"),
        ("ru", "Мы ещё не согласны", "не"),
        ("ar", "لا نوافق ولم نقرر وقال", "لا ولم"),
        ("zh", "我们不同意，没有，-5", "不 没 -"),
        ("zh", "非常感谢，未来不仅是否特别别人", ""),
        ("de", "Wir stimmen nicht zu", ""),
    ],
)
def test_words_that_deny(language: str, text: str, denying: str) -> None:
    words = normal_words(text, language)
    assert " ".join(words[at].form for at in sorted(negations(words, text, language))) == denying
