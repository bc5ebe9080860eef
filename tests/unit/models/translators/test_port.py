from __future__ import annotations

import msgspec
import pytest

from moothall.core.translation.routes import Direction
from moothall_models.translators.port import UnusableTranslation, try_out


def direction(source: str, target: str) -> Direction:
    return Direction(engine="one", version="1.2", source=source, target=target, cost=1.0)


@pytest.mark.parametrize("answer", ["A reunião está aberta.", "Está aberta a REUNIÃO"])
def test_a_sane_answer_passes(answer: str) -> None:
    known = {"The meeting is open.": answer}
    try_out([direction("en", "pt-BR")], lambda texts, _: [known[text] for text in texts], "Do it.")


@pytest.mark.parametrize("answer", ["", "A o de o", "The meeting is open.", "reunião " * 9])
def test_any_other_is_said_with_what_to_do(answer: str) -> None:
    with pytest.raises(UnusableTranslation, match=r"^one 1\.2 doesn't .* from en to pt sanely\. Do it\.$"):
        try_out([direction("en", "pt")], lambda texts, _: [answer], "Do it.")


@pytest.mark.parametrize("engine", ["argos", "service"])
def test_a_model_that_somebody_chose_may_use_words_of_its_own(engine: str) -> None:
    way = msgspec.structs.replace(direction("en", "ru"), engine=engine)
    try_out([way], lambda texts, _: ["Собрание открыто."], "Do it.")
    with pytest.raises(UnusableTranslation, match="from en to ru sanely"):
        try_out([way], lambda texts, _: [""], "Do it.")
    with pytest.raises(UnusableTranslation, match="from en to ru sanely"):
        try_out([way], lambda texts, _: list(texts), "Do it.")


def test_languages_without_a_sentence_are_left_out() -> None:
    try_out([direction("en", "eu"), direction("ga", "en")], lambda texts, _: [], "Do it.")
