from __future__ import annotations

import pytest

from moothall.core.translating.casing import calmed, shouted


@pytest.mark.parametrize(
    ("text", "so"),
    [
        ("THE NEXT ITEM ON THE AGENDA", True),
        ("The next item on the agenda", False),
        ("OK, UN.", False),
        ("The ITU, ICANN and UNESCO agree", False),
        ("这是第一项议程我们现在开始讨论", False),
        ("", False),
    ],
)
def test_capitals_are_told_by_their_share_of_the_letters(text: str, so: bool) -> None:
    assert shouted(text) is so


@pytest.mark.parametrize(
    ("text", "language", "written"),
    [
        ("THE NEXT ITEM IS THE BUDGET. WHO SPEAKS?", "en", "The next item is the budget. Who speaks?"),
        ("WELL, I THINK I'M READY.", "en-GB", "Well, I think I'm ready."),
        ("A I NÃO FALA NADA DISSO", "pt", "A i não fala nada disso"),
        ("O PRÓXIMO PONTO É O ORÇAMENTO", "pt", "O próximo ponto é o orçamento"),
        ("“WE AGREE,” SHE SAID. ¿CÓMO ESTÁ?", "es", "“We agree,” she said. ¿Cómo está?"),
        ("The chair said NO.", "en", "The chair said NO."),
        ("СЛОВО ИМЕЕТ ДЕЛЕГАТ КЕНИИ", "ru", "Слово имеет делегат кении"),
    ],
)
def test_they_stay_where_sentences_begin(text: str, language: str, written: str) -> None:
    assert calmed(text, language) == written


def test_names_stand_as_they_are_written() -> None:
    names = ["WHO", "Moothall"]
    assert calmed("THE WHO SPOKE AT MOOTHALL.", "en", names) == "The WHO spoke at Moothall."
    long = ["Global Digital Compact", "Digital", " "]
    assert calmed("THE GLOBAL DIGITAL COMPACT IS GLOBAL.", "en", long) == "The Global Digital Compact is global."
    assert calmed("BEFORE THE SEAL WE SWEAR.", "en", ["\u017feal"]) == "Before the seal we swear."
