# ruff: noqa: RUF001  # letters of other scripts are meant as such

from __future__ import annotations

import pytest

from moothall.core.translation.cases import agreeing_before, agreeing_behind, case_between, is_list


@pytest.mark.parametrize(
    ("before", "behind", "case"),
    [
        ("", " здесь.", "nom"),
        ("Доклад ", " здесь.", "gen"),
        ("Слово имеет ", ".", "nom"),
        ("Это ", ".", "nom"),
        ("Итак: ", ".", "nom"),
        ("Для ", " это важно", "gen"),
        ("Мы едем из-за ", "", "gen"),
        ("Обратимся К ", "", "dat"),
        ("Мы говорим в ", "", "prep"),
        ("В ответ на ", " мы", "acc"),
        ("Решение на ", " мы", "prep"),
        ("начиная с ", "", "gen"),
        ("вместе с ", "", "ins"),
        ("спасибо за ", "", "acc"),
        ("Благодарю ", "", "acc"),
        ("Разрешите поблагодарить ", "", "acc"),
        ("Благодарит ", "", "nom"),
        ("выражаю благодарность ", "", "dat"),
        ("Слово предоставляется ", "", "dat"),
        ("Я предоставляю слово ", "", "dat"),
        ("Последнее слово ", "", "nom"),
        ("Мы рекомендуем ", "", "dat"),
        ("резолюция, принятая ", "", "ins"),
        ("Резолюция принята ", "", "ins"),
        ("Создана ", "", "nom"),
        ("На заседании ", " решили", "nom"),
        ("В докладе ", " указано", "gen"),
        ("Председатель ", " решил", "gen"),
        ("и на сессии ", " не приняла", "nom"),
        ("резолюция «", "»", "nom"),
        ("в «", "»", "prep"),
        ("этого ", "", "gen"),
        ("к этой ", "", "dat"),
        ("нашу ", "", "acc"),
        ("этот ", "", "nom"),
        ("роль нашего ", "", "gen"),
        ("для2", "", "nom"),
        ("доклад, ", "", "nom"),
        ("к этой нашей ", "", "dat"),
        (f"для {'этого ' * 2_000}", "", "gen"),
    ],
)
def test_the_russian_case_is_told_by_what_stands_around(before: str, behind: str, case: str) -> None:
    assert case_between(before, behind, "ru-RU") == case


@pytest.mark.parametrize(
    ("before", "case"),
    [("من ", "gen"), ("وفي ", "gen"), ("لـ", "gen"), ("تقرير ", "nom"), ("قال و", "nom"), ("ـ ", "nom"), ("", "nom")],
)
def test_arabic_has_the_genitive_behind_prepositions(before: str, case: str) -> None:
    assert case_between(before, "", "ar") == case


def test_other_languages_have_no_cases() -> None:
    assert case_between("Доклад ", "", "bg") == "nom"
    assert not is_list(", ", "en")


@pytest.mark.parametrize(
    ("language", "between", "so"),
    [
        ("ru", " и ", True),
        ("ru", ", а также ", True),
        ("ru", ", ", True),
        ("ru", " или для ", False),
        ("ar", " و", True),
    ],
)
def test_a_list_goes_on_in_the_same_case(language: str, between: str, so: bool) -> None:
    assert is_list(between, language) is so


@pytest.mark.parametrize(
    ("language", "gender", "case", "before", "fitting"),
    [
        ("ru", "f", "nom", "Этот ", "Эта "),
        ("ru", "f", "nom", "ЭТОТ ", "ЭТА "),
        ("ru", "f", "nom", "Эта ", "Эта "),
        ("ru", "f", "gen", "доклад ООН ", "доклад ООН "),
        ("ar", "f", "nom", "في McKay ", "في McKay "),
        ("ru", "f", "gen", "роль нашего ", "роль нашей "),
        ("ru", "pl", "dat", "к этому ", "к этим "),
        ("ru", "n", "nom", "наш «", "наше «"),
        ("ru", "f", "nom", "Это ", "Это "),
        ("ru", "", "nom", "этот ", "этот "),
        ("ru", "f", "nom", "", ""),
        ("ru", "f", "gen", "доклад ", "доклад "),
        ("ar", "f", "nom", "نشكر هذا ", "نشكر هذه "),
        ("ar", "m", "nom", "هذا ", "هذا "),
        ("ar", "f", "nom", "أمس قررت ", "أمس قررت "),
        ("ar", "f", "nom", "أمس قرر ", "أمس قررت "),
        ("ar", "f", "nom", "ووافق ", "ووافقت "),
        ("ar", "f", "nom", "وافق ", "وافقت "),
        ("ar", "f", "nom", "سوف يعتمد ", "سوف تعتمد "),
        ("ar", "f", "nom", "وهذا ", "وهذه "),
        ("ar", "f", "nom", "دعا ", "دعا "),
        ("ar", "f", "nom", "من وجهة نظر ", "من وجهة نظر "),
        ("en", "f", "nom", "this ", "this "),
    ],
)
def test_what_points_to_a_term_agrees_with_it(language: str, gender: str, case: str, before: str, fitting: str) -> None:
    assert agreeing_before(before, case, gender, language) == fitting  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("language", "gender", "case", "behind", "fitting"),
    [
        ("ru", "f", "nom", " решил, что", " решила, что"),
        ("ru", "n", "nom", " также не состоялся.", " также не состоялось."),
        ("ru", "pl", "nom", " собрался", " собрались"),
        ("ru", "f", "nom", " пришёл", " пришла"),
        ("ru", "pl", "nom", " нашел", " нашли"),
        ("ru", "f", "nom", " учёл", " учла"),
        ("ru", "f", "nom", " не счёл", " не сочла"),
        ("ru", "n", "nom", " провёл", " провело"),
        ("ru", "f", "nom", " хотел", " хотела"),
        ("ru", "m", "nom", " решил", " решил"),
        ("ru", "f", "gen", " решил", " решил"),
        ("ru", "f", "nom", " говорит", " говорит"),
        ("ar", "f", "nom", " الذي قال", " التي قال"),
        ("ar", "f", "nom", " قال", " قال"),
        ("ar", "m", "nom", " الذي قال", " الذي قال"),
        ("es", "f", "nom", " que", " que"),
    ],
)
def test_what_a_term_does_agrees_with_it(language: str, gender: str, case: str, behind: str, fitting: str) -> None:
    assert agreeing_behind(behind, case, gender, language) == fitting  # type: ignore[arg-type]
