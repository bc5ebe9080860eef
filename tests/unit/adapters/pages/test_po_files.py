"""Catalogues read the quick way, held against Babel's reader."""

from __future__ import annotations

from pathlib import Path

import pytest

from moothall.adapters.pages.po_files import _any, _ours, read_po_file
from moothall.adapters.pages.static_files import find_web_folder

HEAD = (
    'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n'
    '"Plural-Forms: nplurals=2; plural=(n != 1);\\n"\n\n'
)
ONE = 'msgid "a"\nmsgstr "b"\n'
ALIKE = (
    HEAD,
    f"# Texts.\n#\n# draft\n{HEAD}{ONE}",
    f'{HEAD}#: desk/say\n# Said aloud.\n{ONE}msgid "c"\nmsgstr "d"\n\n\nmsgid "e"\nmsgstr ""\n',
    f'{HEAD}msgid ""\n"a \\"b\\" \\n"\n"c"\nmsgstr ""\n"\\td\\\\n"\n" é 秒"\n',
    f'{HEAD}msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\nmsgstr[1] ""\n"y"\n',
)
OTHERWISE = (
    "",
    ONE,
    f"{HEAD}{ONE}\n{ONE}",
    f"{HEAD}#, fuzzy\n{ONE}",
    f"{HEAD}#~ {ONE}",
    f'{HEAD}msgctxt "x"\n{ONE}',
    HEAD + ONE.replace("\n", "\r\n"),
    HEAD + ONE.rstrip("\n"),
    f"{HEAD}\n{ONE}\n# An end.\n",
    f'{HEAD}msgid "a" \nmsgstr "b"\n',
    f'{HEAD}msgid "a"\nmsgstr "b" c"\n',
    f'{HEAD}msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\n',
    f'{HEAD}msgid "a"\nmsgid_plural "b"\nmsgstr[0] "x"\nmsgstr[1] "y"\nmsgstr[2] "z"\n',
    f'{HEAD}msgid "a"\nmsgid_plural "b"\nmsgstr[1] "y"\nmsgstr[0] "x"\n',
    HEAD.replace("utf-8", "latin-1") + ONE,
)
"""Each is left to Babel, which reads it or refuses it."""


def test_all_of_ours_are_read_as_babel_reads_them_and_none_is_left_to_it() -> None:
    paths = sorted((find_web_folder() / "locales").rglob("*.po"))
    assert len(paths) > 200
    for path in paths:
        data, language = path.read_bytes(), path.parts[-3]
        assert _ours(data, language) == _any(data, language), path


@pytest.mark.parametrize("text", ALIKE)
def test_what_is_written_as_ours_is_read_as_babel_reads_it(text: str) -> None:
    assert _ours(text.encode(), "en") == _any(text.encode(), "en")


@pytest.mark.parametrize("text", OTHERWISE)
def test_what_is_written_otherwise_is_left_to_babel(tmp_path: Path, text: str) -> None:
    assert _ours(text.encode(), "en") is None
    path = tmp_path / "some.po"
    path.write_bytes(text.encode())
    try:
        by_babel = _any(text.encode(), "en")
    except ValueError as refused:
        with pytest.raises(ValueError, match=str(refused)[:10]):
            read_po_file(path, "en")
    else:
        assert read_po_file(path, "en") == by_babel


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "some.po"
    path.write_bytes(f"{HEAD}{ONE}".encode() + b"# \xff\n")
    with pytest.raises(ValueError, match="utf-8"):
        read_po_file(path, "en")
