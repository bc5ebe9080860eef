from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from moothall.adapters.pages.catalogues import LANGUAGES, NO_BREAK, Catalogue, Catalogues, negotiate
from moothall.adapters.pages.static_files import find_web_folder
from moothall.core.kernel.errors import ConfigurationError

LOCALES = find_web_folder() / "locales"
HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: {forms}\\n"\n\n'
TWO = "nplurals=2; plural=(n != 1);"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("FR-ca", "fr"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("de-AT, de;q=0.9, es;q=0.3, ru;q=0.4", "ru"),
        ("de, sv", "en"),
        ("en;q=0.1, ar;q=0.100, zh;q=0.11", "zh"),
        ("zh-Hant-TW", "zh"),
        ("fr;q=0, fr-CA;q=0.5", "en"),
        ("fr;q=0.0, *", "en"),
        ("en;q=0, *;q=0.5", "ar"),
        ("en;q=0, ar;q=0, *;q=0.5", "zh"),
        ("de, *;q=0.1", "en"),
        ("*, ru;q=0.2", "en"),
        ("en;q=0.2, *", "ar"),
        ("fr;q=1.0 , es", "fr"),
        ("es;q=2, fr;q=0.1", "fr"),
        ("es;q=x, fr;q=-1, ru;v=1, ;q=1, ar ; q=0.5", "ar"),
        ("frog", "en"),
        ("de," * 1000 + "fr", "en"),
    ],
)
def test_the_language_that_was_asked_for(header: str, language: str) -> None:
    assert negotiate(header) == language


def test_all_languages_are_there_with_the_same_keys() -> None:
    catalogues = Catalogues(LOCALES)
    assert catalogues.languages == LANGUAGES
    assert {catalogues[language].keys for language in LANGUAGES} == {catalogues["en"].keys}
    names = [catalogues[language].name for language in LANGUAGES]
    assert names == ["العربية", "中文", "English", "Français", "Русский", "Español", "Português"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_line_is_broken_between_a_figure_and_its_unit(language: str) -> None:
    ui = Catalogues(LOCALES)[language]
    quality = ui.text("{n} % of lines corrected by people", n=13)
    assert f"13{'' if language == 'zh' else NO_BREAK}%" in quality
    late = ui.text("{n} s late", n=7)
    assert f"7{NO_BREAK}" in late
    assert "7 " not in late
    minutes = ui.text("{n} min ago", n=3)
    assert f"3{NO_BREAK}" in minutes
    delay = ui.text(
        "Half of the words came within {half} s of being spoken, 95 % within {most} s", half="0.9", most="1.6"
    )
    assert delay.count(NO_BREAK) == (2 if language == "zh" else 3)
    # Other words after a figure are words.
    assert NO_BREAK not in ui.text("{n} words a minute", n=100)


@pytest.mark.parametrize(("language", "said"), [("en", "a, b"), ("ar", "a وb"), ("zh", "a、b")])
def test_a_list_is_joined_as_its_language_does(language: str, said: str) -> None:
    assert Catalogues(LOCALES)[language].listed(["a", "b"]) == said


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Mon 30 Nov, 02:11"), ("ar", "الاثنين 30 نوفمبر، 02:11"), ("zh", "11月30日 周一 02:11")],
)
def test_a_moment_is_written_as_its_language_does(language: str, said: str) -> None:
    assert Catalogues(LOCALES)[language].moment(datetime(2026, 11, 30, 2, 11, tzinfo=UTC)) == said


def test_the_address_wins_over_the_browser() -> None:
    catalogues = Catalogues(LOCALES)
    assert catalogues.choose("ru", "fr").language == "ru"
    assert catalogues.choose("xx", "fr").language == "fr"
    assert catalogues.choose(None, "fr").language == "fr"


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", {0: "0 new lines", 1: "1 new line", 12: "12 new lines"}),
        ("fr", {0: "0 nouvelle ligne", 1: "1 nouvelle ligne", 2: "2 nouvelles lignes"}),
        ("ru", {1: "1 новая строка", 3: "3 новые строки", 11: "11 новых строк", 21: "21 новая строка"}),
        ("ar", {0: "لا أسطر جديدة", 1: "سطر جديد واحد", 2: "سطران جديدان",}),
        ("ar", {3: "3 أسطر جديدة", 11: "11 سطرًا جديدًا", 100: "100 سطر جديد"}),
        ("zh", {1: "1 行新内容", 12: "12 行新内容"}),
    ],
)  # fmt: skip
def test_counted_texts(language: str, texts: dict[int, str]) -> None:
    catalogue = Catalogues(LOCALES)[language]
    assert {n: catalogue.counted("{n} new line", n) for n in texts} == texts


def test_texts_have_their_places_filled_and_names_of_languages_are_found() -> None:
    catalogue = Catalogues(LOCALES)["es"]
    assert catalogue.text("Text delayed {n} s", n=9) == f"Texto con 9{NO_BREAK}s de retraso"
    assert catalogue.language_name("ar-EG") == "árabe"
    assert catalogue.language_name("qqx") == "qqx"
    with pytest.raises(KeyError):
        catalogue.text("nothing like it")


def write(folder: Path, text: str) -> Path:
    path = folder / "en" / "LC_MESSAGES" / "moothall.po"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (HEAD.format(forms=TWO) + 'msgid "a"\nmsgstr ""\n', "lack a translation of 'a'"),
        (HEAD.format(forms=TWO) + '#, fuzzy\nmsgid "a"\nmsgstr "b"\n', "lack a translation of 'a'"),
        (
            HEAD.format(forms="nplurals=2; plural=(n > 1);")
            + 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\nmsgstr[1] "y"\n',
            "don't agree with CLDR",
        ),
    ],
)
def test_a_bad_catalogue_is_refused_with_a_sentence(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        Catalogue.read(write(tmp_path, text), "en")


def test_texts_are_found_by_the_names_that_the_english_catalogue_gives_them(tmp_path: Path) -> None:
    named = (
        '#: desk/a other/a desk/b\n#: desk/say\nmsgid ""\n"Line {n}, "\n"by {name}"\nmsgstr "x"\n\n'
        '#: desk/lines\nmsgid "a"\nmsgid_plural "b"\nmsgstr[0] "{n} line"\nmsgstr[1] "{n} lines"\n\n'
        '#: other/b\nmsgid "c"\nmsgstr "d"\n'
    )
    translated = named.replace("#: ", "# ").replace('msgstr "x"', 'msgstr "Ligne {n}, par {name}"')
    folder = write(tmp_path, HEAD.format(forms=TWO) + named)
    path = folder / "fr" / "LC_MESSAGES" / "moothall.po"
    path.parent.mkdir(parents=True)
    path.write_text(HEAD.format(forms="nplurals=2; plural=(n > 1);") + translated, encoding="utf-8")
    ui = Catalogue.read(folder, "fr")
    assert ui.named("desk/say", n=3, name="Ann") == ui.named("other/a", n=3, name="Ann") == "Ligne 3, par Ann"
    line = "Ligne {n}, par {name}"
    assert ui.group("desk") == {"a": line, "b": line, "say": line}
    assert ui.group("desk", "other") == {"a": line, "b": "d", "say": line}
    assert ui.script("desk", "other") == {
        "ui": "fr",
        "texts": {"a": line, "b": "d", "say": line},
        "counted": {"lines": {"one": "{n} line", "other": "{n} lines"}},
    }
    with pytest.raises(KeyError):
        ui.named("desk/none")


def test_an_english_catalogue_that_cannot_be_read_is_refused_with_a_sentence(tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD.format(forms=TWO) + 'msgid "a"\nmsgstr "b"\n')
    (folder / "en").rename(folder / "es")
    (folder / "en" / "LC_MESSAGES" / "moothall.po").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"texts in 'en' can't be read from moothall\.po"):
        Catalogue.read(folder, "es")


def test_a_missing_catalogue_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="texts in 'fr' are missing"):
        Catalogue.read(tmp_path, "fr")


def test_the_parts_of_a_catalogue_are_one(tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD.format(forms=TWO) + 'msgid "a"\nmsgstr "b"\n')
    other = folder / "en" / "LC_MESSAGES" / "desk.po"
    other.write_text(HEAD.format(forms=TWO) + 'msgid "c"\nmsgstr "d"\n', encoding="utf-8")
    catalogue = Catalogue.read(folder, "en")
    assert (catalogue.text("a"), catalogue.text("c")) == ("b", "d")
    other.write_text(HEAD.format(forms=TWO) + 'msgid "a"\nmsgstr "d"\n', encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"have 'a' twice, the second time in moothall\.po"):
        Catalogue.read(folder, "en")


@pytest.mark.parametrize(
    ("comment", "draft"), [("# draft\n", True), ("# Texts.\n# Draft\n", True), ("# no draft\n", False)]
)
def test_a_part_that_is_a_draft_makes_the_whole_one(tmp_path: Path, comment: str, draft: bool) -> None:
    folder = write(tmp_path, HEAD.format(forms=TWO) + 'msgid "a"\nmsgstr "b"\n')
    other = folder / "en" / "LC_MESSAGES" / "reader.po"
    other.write_text(comment + HEAD.format(forms=TWO) + 'msgid "c"\nmsgstr "d"\n', encoding="utf-8")
    assert Catalogue.read(folder, "en").draft is draft


def test_a_catalogue_with_more_forms_than_it_says_is_refused_with_a_sentence(tmp_path: Path) -> None:
    forms = 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\nmsgstr[1] "y"\nmsgstr[2] "z"\n'
    with pytest.raises(ConfigurationError, match=r"can't be read from moothall\.po: msg has more translations"):
        Catalogue.read(write(tmp_path, HEAD.format(forms=TWO) + forms), "en")


def test_a_catalogue_that_is_a_folder_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "fr" / "LC_MESSAGES" / "moothall.po").mkdir(parents=True)
    with pytest.raises(ConfigurationError, match=r"can't be read from moothall\.po"):
        Catalogue.read(tmp_path, "fr")
