"""Templates of reports: what is read, what is counted, and what a sentence says of an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.core.reports.templates import CountedUnit, TemplateSection, counted, read_templates, said_in

SHIPPED = Path(__file__).parents[4] / "config" / "report-templates.toml"


def test_the_shipped_templates_can_be_read_and_each_heading_is_in_three_languages() -> None:
    found = read_templates(SHIPPED.read_text("utf-8"), SHIPPED.name)
    assert found.errors == ()
    assert list(found.templates) == ["igf-session", "message-sheet", "chairs-summary", "initiative"]
    for template in found.templates.values():
        for words in (template.name, *(each.heading for each in template.sections)):
            assert {"en", "fr", "es"} <= words.keys()
    igf = found.templates["igf-session"]
    section = igf.section("discussion")
    assert section is not None
    assert (section.count, section.least, section.most) == (CountedUnit.PARAGRAPHS, 1, 3)
    assert [section.fits(n) for n in range(5)] == [False, True, True, True, False]
    assert igf.section("nothing") is None


def test_a_text_is_in_the_language_asked_for_or_in_english_or_in_the_first() -> None:
    words = {"en": "Next", "pt-BR": "Adiante"}
    assert said_in(words, "pt-BR") == ("Adiante", "pt-BR")
    assert said_in(words, "fr") == ("Next", "en")
    assert said_in({"fr": "Suite"}, "ar") == ("Suite", "fr")
    assert said_in({}, "ar") == ("", "")


@pytest.mark.parametrize(
    ("text", "unit", "n"),
    [
        ("", CountedUnit.SENTENCES, 0),
        ("We met. We spoke! Did we agree? No", CountedUnit.SENTENCES, 4),
        ("Version 2.5 of “the text.” It stays.", CountedUnit.SENTENCES, 2),
        ("一句。两句\uff01", CountedUnit.SENTENCES, 2),
        ("ما هذا؟ هذا نص.", CountedUnit.SENTENCES, 2),
        ("One.\n\nTwo\nstill two.\n \n\n", CountedUnit.PARAGRAPHS, 2),
        ("three little words", CountedUnit.WORDS, 3),
    ],
)
def test_sentences_paragraphs_and_words_are_counted(text: str, unit: CountedUnit, n: int) -> None:
    assert counted(text, unit) == n


def test_a_section_without_limits_fits_any_number() -> None:
    assert TemplateSection(id="a", heading={"en": "A"}).fits(0)
    assert TemplateSection(id="a", heading={"en": "A"}).fits(900)


def test_a_template_with_an_error_is_left_out_with_a_sentence_and_the_others_stay() -> None:
    text = '[good]\nname = "Good"\n[bad]\nname = "Bad"\n[[bad.sections]]\nid = "a"\nheading = "A"\ncount = "lines"\n'
    found = read_templates(text, "my.toml")
    assert list(found.templates) == ["good"]
    (error,) = found.errors
    place = "my.toml, template “bad”: section “a”, field “count”: "
    assert error == (
        f"{place}it is one of sentences, paragraphs, words. The template is left out until that is mended."
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a", "can't be read as TOML"),
        ("a = 1", "it needs a name"),
        ('["a b"]\nname = "A"', "it needs a name"),
        ('[a]\nname = "A"\nlimit = 3', "field “limit”: there is no such field, only messages, name, sections"),
        ('[a]\nname = ""', "field “name”: each text has 1 to 200 characters"),
        ("[a]\nname = {}", "field “name”: it needs a text, or a table of texts by language"),
        ('[a]\nname = { "no tag" = "A" }', "field “name”: “no tag” is no tag of a language"),
        ('[a]\nname = "A"\nmessages = true', "field “messages”: it is a whole number from 0 to 1000"),
        ('[a]\nname = "A"\nsections = 1', "field “sections” needs a list of at most 40 tables"),
        ('[a]\nname = "A"\nsections = [1]', "section 1, field “id”: it needs Latin letters"),
        ('[a]\nname = "A"\nsections = [{ id = "b", heading = "B", least = 3, most = 1 }]', "“least”: it is more than"),
        ('[a]\nname = "A"\nsections = [{ id = "b", heading = "B", hint = 1 }]', "section “b”, field “hint”"),
        (
            '[a]\nname = "A"\nsections = [{ id = "b", heading = "B" }, { id = "b", heading = "C" }]',
            "section “b”, field “id”: another section has the same",
        ),
        ("".join(f'[a{n}]\nname = "A"\n' for n in range(51)), "there are more than 50 templates"),
    ],
)
def test_each_error_is_a_sentence_with_its_place(text: str, said: str) -> None:
    found = read_templates(text, "my.toml")
    assert len(found.errors) == 1
    assert said in found.errors[0]
    assert found.errors[0].startswith("my.toml")
