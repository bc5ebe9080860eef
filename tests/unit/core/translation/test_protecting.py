# ruff: noqa: RUF001  # letters and marks of other scripts are meant as such

from __future__ import annotations

import pytest

from moothall.core.translation.protecting import (
    MOST,
    Protected,
    calmed,
    marked_as_first,
    marked_otherwise,
    parted,
    protect,
    restore,
    search_for,
    shouted,
)

TERMS = {"Internet Governance Forum": "IGF", "Governance": "Governança", "Moothall": "Moothall"}


def protected(text: str, terms: dict[str, str], staying: dict[str, str] | None = None) -> Protected:
    return protect(text, search_for(terms, staying))


def test_a_pattern_has_the_terms_alone_that_its_text_may_have() -> None:
    search = search_for({f"term {number}": "x" for number in range(1_000)} | {"اللجنة": "y"})
    assert search.pattern("Nothing of that is said here.") is None
    few, arabic = search.pattern("We say term 7."), search.pattern("نشكركم للجنة")
    assert few is not None
    assert few.pattern.count("term") == 1
    assert arabic is not None
    assert "term" not in arabic.pattern


def test_what_is_kept_is_taken_out_and_put_in_again() -> None:
    taken = protected("At the internet governance forum we used Moothall.", TERMS)
    assert taken.text == "At the XQ1X we used XQ2X."
    assert taken.put_in == ("IGF", "Moothall")
    assert restore("No XQ1X usamos o xq2x.", taken.put_in) == "No IGF usamos o Moothall."


def test_only_whole_words_count() -> None:
    assert protected("Moothalls and misgovernance", TERMS).put_in == ()


def test_other_marks_may_stand_in_the_same_places() -> None:
    assert marked_otherwise("At the XQ1X we used XQ12X.") == "At the Xqz1 we used Xqz12."
    assert marked_as_first("No xqz1 usamos o Xqz12.") == "No XQ1X usamos o XQ12X."


def test_another_order_of_words_is_no_fault() -> None:
    assert restore("XQ2X antes de XQ1X", ("um", "dois")) == "Dois antes de um"


@pytest.mark.parametrize(
    "translated", ["XQ1X", "XQ1X XQ1X XQ2X", "XQ1X XQ2X XQ3X", "XQ 1 X XQ2X", "", "XQ0X XQ1X XQ2X"]
)
def test_a_place_that_is_missing_or_doubled_is_told(translated: str) -> None:
    assert restore(translated, ("um", "dois")) is None


def test_without_terms_a_text_stays_as_it_is() -> None:
    assert protected("The chair speaks.", {}) == protected("The chair speaks.", {" ": "x"})
    assert protected("The chair speaks.", {}).text == "The chair speaks."
    assert restore("A presidência fala.", ()) == "A presidência fala."


@pytest.mark.parametrize(
    ("translated", "written"),
    [
        ("XQ1X.", "Declaro abierta la sesión."),
        ("Bien. «XQ1X»", "Bien. «Declaro abierta la sesión»"),
        ("Ahora XQ1X.", "Ahora declaro abierta la sesión."),
    ],
)
def test_at_the_beginning_of_a_sentence_it_gets_a_capital(translated: str, written: str) -> None:
    assert restore(translated, ("declaro abierta la sesión",)) == written
    assert restore("XQ1X", ("¿abstenciones",)) == "¿Abstenciones"
    assert restore("XQ1X", ("42",)) == "42"


def test_a_text_that_looks_as_if_it_had_places_is_left_alone() -> None:
    taken = protected("The part number is XQ7X, Moothall.", TERMS)
    assert (taken.text, taken.put_in) == ("The part number is XQ7X, Moothall.", ())


def test_no_more_is_taken_out_than_leaves_something_to_translate() -> None:
    taken = protected("Moothall " * (MOST + 3), TERMS)
    assert len(taken.put_in) == MOST
    assert taken.text.count("Moothall") == 3


def test_letters_that_only_look_alike_to_a_search_are_left() -> None:
    # The long s matches "s" where case is ignored, and is no "s" in small letters.
    assert protected("the \u017feal", {"seal": "selo"}).put_in == ()


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("The motion carries seven to two.", "XQ1X seven to two."),
        ("The motion carries  7 to 2.", "XQ1X  7 to 2."),
        ("The motion carries sevenfold.", "XQ1X sevenfold."),
        ("The motion carries.", "XQ1X."),
    ],
)
def test_a_term_may_ask_for_a_number_behind_it(text: str, taken: str) -> None:
    terms = {"the motion carries": "passou", "the motion carries {number}": "passou por {number}"}
    given = protected(text, terms)
    assert given.text == taken
    assert given.put_in == (("passou por",) if taken.split()[1:2] in (["seven"], ["7"]) else ("passou",))


def test_a_term_may_ask_for_the_end_of_a_question() -> None:
    terms = {"any abstentions?": "¿abstenciones?", "abstentions": "abstenciones"}
    assert protected("Any abstentions ?", terms).put_in == ("¿abstenciones",)
    assert protected("If there are any abstentions, say so.", terms).text == "If there are any XQ1X, say so."
    assert parted("¿abstenciones?") == ("¿abstenciones", "?")


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("Aye.", "XQ1X."),
        ("aye", "XQ1X"),
        ("Your vote? Aye! Good.", "Your vote? XQ1X! Good."),
        ("Aye, captain.", "Aye, captain."),
        ("I said aye.", "I said aye."),
        ("Aye. 5 is next.", "Aye. 5 is next."),
    ],
)
def test_a_term_may_have_to_be_a_sentence_by_itself(text: str, taken: str) -> None:
    assert protected(text, {"aye {alone}": "sí {alone}"}).text == taken


@pytest.mark.parametrize("sign", ["'", "\u2019", "\u02bc"])
def test_apostrophes_of_any_form_are_the_same(sign: str) -> None:
    for term in ("Let's table the item", "let\u2019s table the item"):
        assert protected(f"Let{sign}s table the item.", {term: "x"}).text == "XQ1X."
    stays = protected(f"L{sign}avis du comité.", {"l'avis du": "x"}, {"l'avis du": "le"})
    assert stays.text == "XQ1X le comité."


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("我们在联合国开会。", "我们在XQ1X开会。"),
        ("国連のIGFです", "国連のXQ1Xです"),
        ("ประชุมสหประชาชาติวันนี้", "ประชุมXQ1Xวันนี้"),
        ("اجتماع الأمم المتحدة", "اجتماع XQ1X"),
        ("IGFs", "IGFs"),
    ],
)
def test_where_words_have_no_spaces_between_them_a_term_is_found_all_the_same(text: str, taken: str) -> None:
    terms = dict.fromkeys(("联合国", "IGF", "สหประชาชาติ", "الأمم المتحدة"), "UN")
    assert protected(text, terms).text == taken


def test_a_word_may_stay_behind_a_term() -> None:
    terms = {"doy la palabra al": "I give the floor to"}
    assert protected("Doy la palabra al autor.", terms, {"doy la palabra al": "el"}).text == "XQ1X el autor."


def test_a_word_with_a_capital_of_its_own_gets_no_other() -> None:
    assert restore("XQ1X.", ("eGov",)) == "eGov."
    assert restore("XQ1X.", ("la Presidencia",)) == "La Presidencia."


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


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("واعتُمِد الاقتراحُ.", "و XQ1X."),
        ("وَاعْتُمِدَ الاقتراح.", "وَ XQ1X."),
        ("اعتُمد الاقتـــراح", "XQ1X"),
        ("نعترض علي أقتراح", "نعترض علي XQ1X"),
        ("بالاقتراح وللاقتراح", "ب XQ1X ول XQ2X"),
        ("للجنة وباللجنة", "ل XQ1X وب XQ2X"),
        ("والاقتراحات", "والاقتراحات"),
        ("كَتَب بَيت", "كَتَب بَيت"),
        ("وIGF وولدي", "و XQ1X وولدي"),
    ],
)
def test_arabic_is_found_however_it_is_written_and_behind_what_is_joined_to_it(text: str, taken: str) -> None:
    terms = dict.fromkeys(("اعتُمد الاقتراح", "الاقتراح", "اقتراح", "اللجنة", "كت", "يت", "ولد", "IGF"), "x")
    assert protected(text, terms).text == taken


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("أعطي الكلمة لممثل شيلي", "XQ1X ممثل شيلي"),
        ("أعطي الكلمة للممثل", "XQ1X الممثل"),
        ("وأعطي الكلمة للبنان", "و XQ1X لبنان"),
        ("أعطي الكلمة للجنة", "XQ1X لجنة"),
        ("أعطي الكلمة ل", "أعطي الكلمة ل"),
    ],
)
def test_an_arabic_term_may_be_joined_to_the_next_word(text: str, taken: str) -> None:
    assert protected(text, {"أعطي الكلمة لـ": "x"}).text == taken


def test_russian_is_found_with_either_letter() -> None:
    for term in ("ещё нет кворума", "еще нет кворума"):
        assert protected("Ещё нет кворума. ЕЩЕ НЕТ КВОРУМА.", {term: "x"}).text == "XQ1X. XQ2X."


@pytest.mark.parametrize(
    ("term", "text", "taken"),
    [
        ("结果为 {number}", "结果为三票，结果为十五。", "XQ1X三票，XQ2X十五。"),
        ("结果为 {number}", "结果为3票，结果为一致", "XQ1X3票，结果为一致"),
        ("голоса: {number}", "Голоса: семь против двух", "XQ1X семь против двух"),
        ("голоса: {number}", "Голоса: семья", "Голоса: семья"),
        ("بأغلبية {number}", "بأغلبية ٧ أصوات، بأغلبية سبعة، بأغلبية كبيرة", "XQ1X ٧ أصوات، XQ2X سبعة، بأغلبية كبيرة"),
        ("有人附议吗？", "有人附议吗？有人附议吗。", "XQ1X？有人附议吗。"),
        ("هل من مؤيد؟", "هل من مؤيد؟", "XQ1X؟"),
        ("是 {alone}", "智利？是。这是。「是」", "智利？XQ1X。这是。「是」"),
        ("主席", "副主席，UN主席，主席3", "副XQ1X，UNXQ2X，XQ3X3"),
    ],
)
def test_what_follows_counts_in_other_scripts_too(term: str, text: str, taken: str) -> None:
    assert protected(text, {term: "x"}).text == taken


def test_of_two_terms_that_are_one_to_the_search_the_first_counts() -> None:
    assert protected("ещё", {"ещё": "a", "еще": "b"}).put_in == ("a",)
