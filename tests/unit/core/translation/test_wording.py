# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import pytest

from moothall.core.translation.joining import JOIN
from moothall.core.translation.phrases import read_phrases
from moothall.core.translation.wording import Sentences, WordingRules, finished, prepared, wording

PHRASES = read_phrases(
    """
[[phrase]]
en = ["the motion carries"]
es = ["queda aprobada la moción"]
fr = ["la motion est adoptée"]
[[phrase]]
en = ["the motion carries {number}"]
es = ["queda aprobada la moción por {number}"]
fr = ["la motion est adoptée par {number}"]
[[phrase]]
en = ["is there a second?"]
es = ["¿alguien secunda la moción?"]
fr = ["quelqu'un appuie-t-il la motion?"]
[[phrase]]
en = ["I give the floor to"]
es = ["doy la palabra a"]
fr = ["je donne la parole à"]
""",
    "phrases",
)
SPANISH = wording(PHRASES, {}, "en", "es")


def whole(
    text: str, *translated: str, by: WordingRules = SPANISH, source: str = "en", target: str = "es"
) -> str | None:
    return finished(translated, prepared(text, source, by), target)


def test_a_session_goes_before_the_table() -> None:
    own = wording(PHRASES, {"The Motion Carries": "se aprueba", " ": "x"}, "en", "es")
    assert own.terms["The Motion Carries"] == "se aprueba"
    assert "the motion carries" not in own.terms
    assert own.terms["is there a second?"] == "¿alguien secunda la moción?"
    assert own.names == ("The Motion Carries",)
    twice = wording((), {"WHO": "OMS", "who": "quien"}, "en", "es")
    assert twice.terms == {"WHO": "OMS"}


def test_its_version_tells_one_wording_from_another() -> None:
    again = wording(PHRASES, {}, "en-GB", "es-MX")
    assert again == SPANISH
    assert len(SPANISH.version) == 16
    assert int(SPANISH.version, 16)
    others = [
        wording(PHRASES, {"a": "b"}, "en", "es"),
        wording(PHRASES, {}, "en", "fr"),
        wording(PHRASES, {}, "en", "es", names=("WHO",)),
        wording((), {}, "en", "es"),
        wording((), {}, "es", "en"),
    ]
    assert len({SPANISH.version, *(each.version for each in others)}) == 6
    one, other = ({"a": "b", "c": "d"}, {"c": "d", "a": "b"})
    assert wording((), one, "en", "es").version == wording((), other, "en", "es").version


def test_capitals_and_what_cannot_be_seen_are_seen_to_before() -> None:
    by = wording(PHRASES, {"Global Digital Compact": "Pacto"}, "en", "es", names=("WHO",))
    given = prepared("\0THE WHO \t SPOKE.\u2028THE GLOBAL DIGITAL COMPACT IS NEXT !", "en", by)
    assert given.plain == "The WHO spoke. The Global Digital Compact is next!"
    assert given.texts == ("The WHO spoke. The XQ1X is next!",)
    assert prepared(f" {JOIN} ", "en", by).pieces == ()
    assert finished((), prepared("", "en", by), "es") == ""


def test_sentences_of_formulas_alone_need_no_engine() -> None:
    given = prepared(
        "The motion carries. Thank you. All of you. IS THERE A SECOND?  The motion carries 7!", "en", SPANISH
    )
    assert given.texts == ("Thank you. All of you.",)
    assert [piece.ready for piece in given.pieces] == [True, False, True, True]
    assert finished(["Gracias. A todos."], given, "es") == (
        "Queda aprobada la moción. Gracias. A todos. ¿Alguien secunda la moción? ¡Queda aprobada la moción por 7!"
    )
    assert prepared("The motion carries.", "en", SPANISH).texts == ()


def test_places_are_counted_from_one_in_each_piece() -> None:
    given = prepared("The motion carries. I give the floor to the sponsor, and the motion carries.", "en", SPANISH)
    assert given.pieces == (
        Sentences(text="XQ1X.", put_in=("queda aprobada la moción",), ready=True),
        Sentences(text="XQ1X the sponsor, and XQ2X.", put_in=("doy la palabra a", "queda aprobada la moción")),
    )
    assert finished(["XQ1X el autor, y XQ2X."], given, "es") == (
        "Queda aprobada la moción. Doy la palabra al autor, y queda aprobada la moción."
    )


@pytest.mark.parametrize("lost", ["Gracias.", "XQ1X y XQ1X", "XQ2X"])
def test_where_a_place_is_lost_all_of_it_is_translated_without(lost: str) -> None:
    given = prepared("Then the motion carries.", "en", SPANISH)
    assert finished([lost], given, "es") is None
    assert given.unprotected.texts == ("Then the motion carries.",)
    assert finished(["XQ9X se lleva."], given.unprotected, "es") == "XQ9X se lleva."
    assert prepared("", "en", SPANISH).unprotected.pieces == ()


def test_as_many_translations_as_texts_have_to_come() -> None:
    with pytest.raises(ValueError, match="has 1 pieces for the engines, and 2 translations came"):
        whole("Thank you.", "Gracias.", "Gracias.")


def test_an_article_that_an_engine_sets_before_a_formula_is_left_out() -> None:
    assert whole("The motion carries again.", "El XQ1X de nuevo.") == "Queda aprobada la moción de nuevo."
    assert (
        whole("Then, if the motion carries, go.", "Y si el XQ1X, váyanse.") == "Y si queda aprobada la moción, váyanse."
    )
    assert whole("Did the the motion carries pass?", "El XQ1X?") == "¿El queda aprobada la moción?"
    by = wording((), {"WHO": "OMS"}, "en", "es")
    assert whole("WHO agrees again.", "La XQ1X asiente.", by=by) == "La OMS asiente."


def test_the_full_stop_that_an_engine_writes_as_law_is_a_full_stop_again() -> None:
    assert whole("Then the motion carries.", "Y XQ1X (-)") == "Y queda aprobada la moción."
    assert whole("Then the motion carries (-)", "Y XQ1X (-)") == "Y queda aprobada la moción (-)"
    assert whole("Thank you (A)!", "Gracias (A)") == "Gracias (A)"
    assert whole("Then it carries", "y XQ1X (-)") == "Y XQ1X (-)"


def test_a_sentence_begins_as_it_began() -> None:
    assert whole("Norway agrees.", "la Noruega asiente.") == "La Noruega asiente."
    assert whole("and Norway agrees.", "y Noruega asiente.") == "y Noruega asiente."


@pytest.mark.parametrize(
    ("translated", "written"),
    [
        ("Podría leerlo?", "¿Podría leerlo?"),
        ("Bien. «Es verdad?» Así es!", "Bien. «¿Es verdad?» ¡Así es!"),
        ("¿Es verdad?", "¿Es verdad?"),
        ("Señora, es verdad?", "Señora, es verdad?"),
        ("Es el Sr. Lind?", "Es el Sr. Lind?"),
        ("Por qué ¿es verdad?", "Por qué ¿es verdad?"),
    ],
)
def test_spanish_questions_are_opened_where_it_is_sure(translated: str, written: str) -> None:
    assert whole("Is it true?", translated) == written


def test_other_languages_have_the_last_mark_alone() -> None:
    by = wording((), {}, "es", "en")
    assert whole("¿Es verdad? ¡Sí!", "¿Is it true? ¡Yes!", by=by, source="es", target="en") == "Is it true? Yes!"
    french = wording((), {}, "en", "fr")
    assert whole("Is it true?", "Est-ce vrai?", by=french, target="fr") == "Est-ce vrai\u202f?"
    assert whole("Is it true?", "Est-ce vrai?", by=french, target="fr-CA") == "Est-ce vrai?"
    assert prepared("C'est vrai ?", "fr", by).plain == "C'est vrai?"


def test_apertium_is_told_no_name_by_a_formula_in_french() -> None:
    french = wording(PHRASES, {}, "en", "fr")
    assert whole("The motion carries again.", "XQ1X Encore.", by=french, target="fr") == "La motion est adoptée encore."
    assert whole("I give the floor to Chile.", "XQ1X Chili.", by=french, target="fr") == "Je donne la parole à Chili."


def test_a_preposition_may_have_its_article_in_it() -> None:
    back = wording(PHRASES, {}, "es", "en")
    given = prepared("Doy la palabra al delegado.", "es", back)
    assert given.texts == ("XQ1X el delegado.",)
    assert finished(["XQ1X the delegate."], given, "en") == "I give the floor to the delegate."
    own = wording(PHRASES, {"doy la palabra al": "over to"}, "es", "en")
    assert finished(["XQ1X author."], prepared("Doy la palabra al autor.", "es", own), "en") == "Over to author."


CHINESE = {"the motion carries": "动议获得通过", "is there a second?": "有人附议吗？", "thanks": "谢谢"}


def test_chinese_sentences_stand_without_spaces_and_with_their_own_marks() -> None:
    by = wording((), CHINESE, "en", "zh")
    given = prepared("The motion carries, thanks. Is there a second? The motion carries 7.", "en", by)
    assert given.texts == ()
    assert finished((), given, "zh") == "动议获得通过，谢谢。有人附议吗？动议获得通过7。"
    assert whole("Then thanks, all: 3.5.", "那么 XQ1X, 各位: 3.5.", by=by, target="zh") == "那么谢谢，各位：3.5。"
    assert whole("Is it Kenya? Yes.", "Kenya? 是。", by=by, target="zh") == "Kenya？是。"
    assert whole("Good.", "Good.", by=by, target="zh") == "Good."
    assert whole("Dr. Lee agrees, too.", "Dr. 李同意, 也.", by=by, target="ja") == "Dr. 李同意、也。"


def test_chinese_sentences_are_parted_where_no_space_is() -> None:
    by = wording((), {written: said for said, written in CHINESE.items()}, "zh", "en")
    given = prepared("动议获得通过。各位好。「大家好！」我们开会。有人附议吗？谢谢！", "zh", by)
    assert given.texts == ("各位好。「大家好！」我们开会。",)
    assert finished(["Hello all. “Hello!” We meet."], given, "en") == (
        "The motion carries. Hello all. “Hello!” We meet. Is there a second? Thanks!"
    )
    assert finished((), prepared("谢谢，谢谢。", "zh", by), "en") == "Thanks, thanks."


def test_arabic_has_its_own_marks() -> None:
    by = wording((), {"is there a second?": "هل من مؤيد؟", "thanks": "شكرا"}, "en", "ar")
    assert finished((), prepared("Thanks, thanks! Is there a second?", "en", by), "ar") == "شكرا، شكرا! هل من مؤيد؟"
    assert whole("Is it true?", "XQ: صحيح? IGF 3, صحيح。", by=by, target="ar") == "XQ: صحيح؟ IGF 3، صحيح."
    assert whole("Is it true?", "Is it true?", by=by, target="ar") == "Is it true?"
    assert whole("Is it true?", "נכון?", by=by, target="he") == "נכון?"
    back = wording((), {"هل من مؤيد؟": "is there a second?", "شكرا": "thanks"}, "ar", "en")
    assert (
        finished((), prepared("شكرا، شكرا ٧. هل من مؤيد؟", "ar", back), "en") == "Thanks, thanks 7. Is there a second?"
    )
