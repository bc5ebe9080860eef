# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import pytest

from moothall.core.translation.joining import JOIN, joined, parted_words


def text(written: str) -> str:
    """`|` stands for where words meet."""
    return written.replace("|", JOIN)


@pytest.mark.parametrize(
    ("language", "meeting", "said"),
    [
        ("es", "|Doy la palabra a| el delegado", "Doy la palabra al delegado"),
        ("es", "|Doy la palabra a| la delegada", "Doy la palabra a la delegada"),
        ("es-MX", "del |la moción|", "de la moción"),
        ("es", "un |una votación nominal|", "una votación nominal"),
        ("es", "el |su mandato|", "su mandato"),
        ("es", "|Viaja a| El Salvador", "Viaja a El Salvador"),
        ("es", "a el y a |el mandato|", "a el y al mandato"),
        ("pt", "|Dou a palavra a| o delegado", "Dou a palavra ao delegado"),
        ("pt-BR", "|Dou a palavra a| |a delegada|", "Dou a palavra à delegada"),
        ("pt", "pelo |as regras|", "pelas regras"),
        ("pt", "no |uma reunião|", "em uma reunião"),
        ("pt", "|o Plano A| o previu", "o Plano A o previu"),
        ("fr", "|je donne la parole à| le délégué", "je donne la parole au délégué"),
        ("fr", "du |la motion|", "de la motion"),
        ("fr", "du |les délégués|, à les |les délégués|, à la |le Conseil|", "des délégués, aux délégués, au Conseil"),
        ("fr", "du |l'Assemblée|, l'|le Conseil|, de l’|la Charte|", "de l'Assemblée, le Conseil, de la Charte"),
        ("fr", "L'|la Charte| et les |l’Assemblée|", "La Charte et l’Assemblée"),
        ("fr", "le |Accord|, la |Union|, du |Accord|, au |Accord|", "l'Accord, l'Union, de l'Accord, à l'Accord"),
        ("fr", "Au |Accord|, ce |accord|, Du |Haut|, la |onzième|", "À l'Accord, cet accord, Du Haut, la onzième"),
        ("es", "de la |el Consejo|, a la |el Consejo|", "del Consejo, al Consejo"),
        ("pt", "para de a |o Conselho|", "para do Conselho"),
        ("fr", "la fin de |UNESCO|", "la fin d'UNESCO"),
        ("fr", "de |onze|, que |oui|, de |moi|", "de onze, que oui, de moi"),
        ("es", "El |la moción| pasa", "La moción pasa"),
        ("pt", "Do |a moção| falamos", "Da moção falamos"),
        ("en", "The |the motion| vote", "The motion vote"),
        ("en", "the |a show of hands|", "a show of hands"),
        ("en", "an |roll-call vote|", "a roll-call vote"),
        ("en", "A |amendment|", "An amendment"),
        ("en", "an |hour|, a |unanimous vote|, a |one|", "an hour, a unanimous vote, a one"),
        ("ar", "|a| the |b|", "a the b"),
        ("ar", "نعترض على |الاقتراح|", "نعترض على الاقتراح"),
        ("ar", "لـ |الاقتراح| و|اللجنة| ل |اللجنة|", "للاقتراح واللجنة للجنة"),
        ("ar", "ال |الاقتراح|، وب |اقتراح|", "الاقتراح، وباقتراح"),
        ("ar", "لل |الجمعية|، ولل|مجلس|، لل |اللجنة|", "للجمعية، ولمجلس، للجنة"),
        ("ar", "كال |الجمعية|، بال|مجلس|", "كالجمعية، بمجلس"),
        ("ar", "لـ |IGF|", "لـ IGF"),
        ("ar", "|أعطي الكلمة لـ| الممثل", "أعطي الكلمة للممثل"),
        ("ar", "|أعطي الكلمة إلى| إلى الممثل", "أعطي الكلمة إلى الممثل"),
        ("zh", "我们用 |Moothall| 开会，|Moothall| Server", "我们用Moothall开会，Moothall Server"),
        ("zh", "Use |动议| |通过|", "Use动议通过"),
        ("en", "|the meeting is adjourned||until tomorrow|", "the meeting is adjourned until tomorrow"),
        (
            "en",
            "|I give the floor to|智利，|paragraph|3|as follows|",
            "I give the floor to 智利，paragraph 3 as follows",
        ),
        ("es", "el |Grupo de los 77|, (|5G|) y «|3|»", "el Grupo de los 77, (5G) y «3»"),
        ("en", "|I give the floor to| to the delegate", "I give the floor to the delegate"),
        ("en", "|I give the floor to| Toledo", "I give the floor to Toledo"),
        ("es", "|Doy la palabra a| al delegado", "Doy la palabra al delegado"),
        ("es", "|Doy la palabra a| a la delegada", "Doy la palabra a la delegada"),
        ("pt", "|Dou a palavra a| à delegada", "Dou a palavra à delegada"),
        ("ru", "|слово имеет| делегат", "слово имеет делегат"),
        ("ru", "О |Ассамблее|, об |Совете|, о |Европе|", "Об Ассамблее, о Совете, о Европе"),
        ("ru", "В |Всемирном банке|, во |Вене|, в |Франции|", "Во Всемирном банке, в Вене, во Франции"),
        ("ru", "с |Всемирным банком|, Со |Советом|, с |Швецией|", "со Всемирным банком, С Советом, со Швецией"),
        ("ru", "к |Всемирному банку|, ко |Генеральной|, в |AfriNIC|", "ко Всемирному банку, к Генеральной, в AfriNIC"),
    ],
)
def test_words_that_meet_are_joined_as_the_language_does_it(language: str, meeting: str, said: str) -> None:
    assert joined(text(meeting), language) == said


def test_elsewhere_nothing_is_joined() -> None:
    assert joined("de el a el", "es") == "de el a el"


def test_a_term_with_a_preposition_is_also_said_with_the_article_in_it() -> None:
    assert parted_words("doy la palabra a", "es") == {"doy la palabra al": "el"}
    assert parted_words("je donne la parole à", "fr") == {
        "je donne la parole au": "le",
        "je donne la parole aux": "les",
    }
    assert parted_words("a", "es") == {}
    assert parted_words("cuestión de orden", "es") == {}
    assert parted_words("doy la palabra a", "ru") == {}
