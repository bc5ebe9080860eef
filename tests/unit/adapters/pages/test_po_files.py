from __future__ import annotations

import pytest

from moothall.adapters.pages.po_files import PoText, read_po

HEAD = '# Texts.\n# draft\nmsgid ""\nmsgstr ""\n"Language: en\\n"\n"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'


def test_texts_are_read_over_several_lines_and_with_what_is_escaped() -> None:
    found = read_po(
        f'{HEAD}#: desk/a\nmsgid ""\n"a \\"b\\", "\n"c\\n"\nmsgstr "d\\\\n"\n\n'
        '#, fuzzy\nmsgid "e"\nmsgid_plural "f"\nmsgstr[0] "g"\nmsgstr[1] "h"\nmsgid "i"\nmsgstr ""\n\n'
    )
    assert found.comment == "# Texts.\n# draft\n"
    assert found.plural == "(n != 1)"
    assert found.texts == [
        PoText('a "b", c\n', ("d\\n",), counted=False, unsure=False),
        PoText("e", ("g", "h"), counted=True, unsure=True),
        PoText("i", ("",), counted=False, unsure=False),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'{HEAD}msgid "a"\nmsgstr "b\n', "from line 7 on there is no whole text"),
        (f'{HEAD}msgid "a"\nmsgstr "b"\n\nmsgid "c"\n', "from line 10 on there is no whole text"),
        (f'{HEAD}#~ msgid "a"\n#~ msgstr "b"\n', "from line 7 on there is no whole text"),
        ('msgid ""\nmsgstr "Language: en"\n', "its Plural-Forms are missing"),
        (f'{HEAD}msgid "a"\nmsgid_plural "b"\nmsgstr[0] "c"\n', "'a' has 1 forms and needs 2"),
        (f'{HEAD}msgid "a"\nmsgstr[0] "b"\nmsgstr[1] "c"\n', "'a' has 2 forms and needs 1"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        read_po(text)
