"""Reads the texts of a file in gettext's format PO, as far as the interface's texts use it.

Babel reads the whole format, which took 0.2 s more of each start for the 392 files of seven languages. A text is one
entry: comments, a msgid, a msgid_plural where it is counted, and its msgstr, one or several. The first entry, whose
msgid is empty, describes the file. Contexts and texts that are commented out are no part of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_STRINGS = r'((?:".*"\n)+)'
_ENTRY = re.compile(rf"\n*((?:#.*\n)*)msgid {_STRINGS}(?:msgid_plural {_STRINGS})?((?:msgstr(?:\[\d\])? {_STRINGS})+)")
_FORM = re.compile(rf"msgstr(?:\[\d\])? {_STRINGS}")
_FORMS = re.compile(r"nplurals=(\d); *plural=([^;]+)")
_ESCAPED = re.compile(r"\\(.)")
_MEANS = {"n": "\n", "t": "\t", "r": "\r"}


class PoText(NamedTuple):
    """A text and its translation."""

    key: str
    written: tuple[str, ...]
    """The translation; of a counted text its forms, in their order."""
    counted: bool
    unsure: bool
    """Whether the translation is marked as fuzzy."""


class PoFile(NamedTuple):
    """What a file says."""

    comment: str
    """What stands before all texts, with its `#`."""
    plural: str
    """The expression in C that gives the number of a counted text's form."""
    texts: Sequence[PoText]


def read_po(written: str) -> PoFile:
    """Read a file. Raises ValueError with what is wrong with it."""
    comment, plural, forms = "", "", 0
    texts: list[PoText] = []
    at, end = 0, len(written.rstrip())
    while at < end:
        entry = _ENTRY.match(written, at)
        if entry is None:
            raise ValueError(f"from line {written.count(chr(10), 0, at) + 1} on there is no whole text")
        at = entry.end()
        key, several = joined(entry[2]), entry[3] is not None
        strings = tuple(joined(each) for each in _FORM.findall(entry[4]))
        if not key:
            described = _FORMS.search(strings[0])
            if described is None:
                raise ValueError("its Plural-Forms are missing")
            comment, forms, plural = entry[1], int(described[1]), described[2]
        elif len(strings) != (forms if several else 1):
            raise ValueError(f"'{key}' has {len(strings)} forms and needs {forms if several else 1}")
        else:
            texts.append(PoText(key, strings, several, "#, fuzzy" in entry[1]))
    return PoFile(comment, plural, texts)


def joined(strings: str) -> str:
    """The text of strings in quotation marks, a line each."""
    text = "".join(line[1:-1] for line in strings.splitlines())
    return _ESCAPED.sub(lambda found: _MEANS.get(found[1], found[1]), text) if "\\" in text else text
