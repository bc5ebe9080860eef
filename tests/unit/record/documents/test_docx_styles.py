from __future__ import annotations

import pytest
from lxml import etree

from moothall.record.documents.docx_styles import MAIN, core_properties, lang, settings, styles

W = f"{{{MAIN}}}"


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("pt-BR", {"val": "pt-BR"}),
        ("ar", {"val": "ar", "bidi": "ar"}),
        ("zh-Hant", {"val": "zh-Hant", "eastAsia": "zh-Hant"}),
        ("ko", {"val": "ko", "eastAsia": "ko"}),
        ('x<y>"', {"val": 'x<y>"'}),
    ],
)
def test_a_language_is_said_for_the_scripts_that_it_has(tag: str, said: dict[str, str]) -> None:
    element = etree.fromstring(f'<a xmlns:w="{MAIN}">{lang("lang", tag)}</a>')[0]
    assert {name.removeprefix(W): value for name, value in element.attrib.items()} == said


def test_the_mark_of_a_notice_is_at_the_beginning_of_its_rows() -> None:
    for language, side in (("fr", "left"), ("ar", "right")):
        tree = etree.fromstring(styles(language))
        notice = tree.find(f"{W}style[@{W}styleId='RecordNotice']/{W}pPr/{W}pBdr")
        assert [each.tag for each in notice] == [f"{W}{side}"]


def test_each_style_is_there_once_and_stands_on_another() -> None:
    tree = etree.fromstring(styles("en"))
    names = [each.attrib[f"{W}styleId"] for each in tree.iter(f"{W}style")]
    assert len(names) == len(set(names))
    assert {each.attrib[f"{W}val"] for each in (*tree.iter(f"{W}basedOn"), *tree.iter(f"{W}next"))} <= set(names)


def test_styles_that_are_not_our_own_have_the_names_by_which_word_knows_them() -> None:
    """ECMA-376, part 1, 17.7.4.9 and the list of latent styles."""
    tree = etree.fromstring(styles("en"))
    built_in = (each for each in tree.iter(f"{W}style") if f"{W}customStyle" not in each.attrib)
    assert {each.find(f"{W}name").attrib[f"{W}val"] for each in built_in} == {
        *("Normal", "Default Paragraph Font", "Normal Table", "Title", "heading 1", "heading 2", "heading 3"),
        *("footer", "Hyperlink"),
    }


def test_properties_are_text() -> None:
    tree = etree.fromstring(core_properties("A & <b>", "en", "State: x"))
    assert [each.text for each in tree] == ["A & <b>", "State: x", "en"]
    assert etree.fromstring(settings("ar")).find(f"{W}themeFontLang").attrib[f"{W}bidi"] == "ar"
