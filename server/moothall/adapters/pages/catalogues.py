"""The interface's languages: catalogues of texts, plural forms, and the choice of a reader's language.

A text's key is its English wording (the msgid); the key stays as it is when the English is polished. Texts that scripts
use, and texts of an enumeration's values, also have names, `group/name`. The English catalogue lists them in a comment
before the msgid, `#: desk/undo staff/role.chair`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import date, datetime
from functools import cache, lru_cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.core import UnknownLocaleError
from babel.dates import format_date
from babel.messages.pofile import PoFileError, denormalize, read_po

from moothall.core.kernel.errors import ConfigurationError
from moothall.core.kernel.languages import direction

LANGUAGES = ("ar", "zh", "en", "fr", "ru", "es", "pt")
"""The six UN languages in their English alphabetical order, and Portuguese."""
DEFAULT_LANGUAGE = "en"

BETWEEN = {"ar": " و", "zh": "、"}
"""What stands between the items of a list, where that isn't a comma and a space: in Arabic the *and* of CLDR's list
pattern. The same as in web/js/lib/words.js.
"""
COMMA = {"ar": "، "}
"""The comma between a day and a time of day, where that isn't a comma and a space."""
SENTENCES = {"zh": ""}
"""What stands between two sentences, where that isn't a space."""
DAYS = {"zh": "M月d日 EEE"}
"""The CLDR pattern of a day, for languages that don't write weekday, day, month."""
MAX_HEADER = 500
"""How many characters of an Accept-Language header are parsed."""
NO_BREAK = "\u00a0"
"""A no-break space."""
_BEFORE_UNIT = re.compile("(?<=[0-9}]) (?=(?:%|s|min|GB|Go|с|мин|ГБ|ث|د)(?!\\w)|秒|分钟)")  # noqa: RUF001
"""The space between a number, or its placeholder, and its unit, as the seven languages write them."""
_NAMED = re.compile(r'^((?:#: .*\n)+)msgid ((?:".*"\n)+)', re.MULTILINE)
"""Matches the names of a text, and its key."""
_SAMPLE = 200
"""For how many numbers, from 0, the plural forms of a catalogue are compared with the categories of CLDR. The rules of
the languages repeat after each hundred."""


def negotiate(header: str, available: Sequence[str] = LANGUAGES, default: str = DEFAULT_LANGUAGE) -> str:
    """Return the language of `available` that an Accept-Language header prefers (RFC 9110 §12.5.4, RFC 4647 §3.4).

    The highest quality wins, then the first in the header. A range is cut from its end until it names an available
    language. A language with quality 0 is never chosen, not even for `*`. Parts that can't be parsed are ignored.
    """
    wishes: list[tuple[float, str]] = []
    refused: set[str] = set()
    for part in header[:MAX_HEADER].split(","):
        tag, _, parameter = part.strip().lower().partition(";")
        quality = _quality(parameter.strip())
        if not tag.strip() or quality is None:
            continue
        if quality > 0:
            wishes.append((quality, tag.strip()))
        else:
            refused.add(tag.strip())
    for _, tag in sorted(wishes, key=lambda wish: -wish[0]):
        if tag == "*":
            named = {_cut_to(wish, available) for _, wish in wishes}
            free = [language for language in (default, *available) if language not in refused | named]
            if free:
                return free[0]
            continue
        found = _cut_to(tag, available)
        if found is not None and found not in refused:
            return found
    return default


def _quality(parameter: str) -> float | None:
    """The quality in `q=…`, 1 for an empty parameter; None when it is invalid."""
    if not parameter:
        return 1.0
    name, _, value = parameter.partition("=")
    digits = value.strip()
    if name.strip() != "q" or not digits.replace(".", "", 1).isdecimal() or len(digits) > 5:
        return None
    quality = float(digits)
    return quality if quality <= 1 else None


def _cut_to(tag: str, available: Sequence[str]) -> str | None:
    """The available language that `tag` names when parts are cut from its end; None when there is none."""
    while tag:
        if tag in available:
            return tag
        tag = tag.rpartition("-")[0]
    return None


@dataclass(eq=False, repr=False)
class Catalogue:
    """All texts of the interface in one language."""

    language: str
    texts: Mapping[str, str]
    """Texts without a count, by key."""
    plurals: Mapping[str, Mapping[str, str]]
    names: Mapping[str, Mapping[str, str]]
    """The keys, by group and name."""
    _: KW_ONLY
    chosen: str = ""
    """The language, when the address of the page names it; else empty."""
    draft: bool = False
    """Whether no native speaker has checked the whole catalogue yet; the pages then say so."""

    def __post_init__(self) -> None:
        self.direction = direction(self.language)
        self.locale = Locale.parse(self.language)

    @property
    def kept(self) -> Mapping[str, str]:
        """The parameters that links to other pages keep: the language, when the address of this page names it."""
        return {"ui": self.chosen} if self.chosen else {}

    @property
    def query(self) -> str:
        """The parameters of `kept` as a whole query with its `?`; empty without any."""
        return f"?ui={self.chosen}" if self.chosen else ""

    @property
    def name(self) -> str:
        """The language's own name for itself."""
        name = self.locale.get_display_name(self.language) or self.language
        return name[:1].upper() + name[1:]

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all texts, counted texts included."""
        return frozenset(self.texts) | frozenset(self.plurals)

    def text(self, key: str, **values: object) -> str:
        """Return the text of `key` with its {placeholders} filled. Raises KeyError for an unknown key."""
        text = self.texts[key]
        return text.format(**values) if values else text

    def named(self, name: str, /, **values: object) -> str:
        """Return the text with the name `group/name`, with its {placeholders} filled. Raises KeyError for an unknown
        name.
        """
        group, _, own = name.partition("/")
        return self.text(self.names[group][own], **values)

    def group(self, *groups: str) -> dict[str, str]:
        """The texts of these groups by name, without counted texts. A later group overrides an earlier one."""
        keys = self._keys(groups)
        return {name: self.texts[key] for name, key in keys.items() if key in self.texts}

    def script(self, *groups: str) -> dict[str, object]:
        """The texts of these groups as `web/js/lib/words.js` takes them."""
        keys = self._keys(groups)
        counted = {name: dict(self.plurals[key]) for name, key in keys.items() if key in self.plurals}
        return {"ui": self.language, "texts": self.group(*groups), "counted": counted}

    def _keys(self, groups: Sequence[str]) -> dict[str, str]:
        return {name: key for group in groups for name, key in self.names[group].items()}

    def forms(self, key: str) -> Mapping[str, str]:
        """The forms of a counted text by CLDR category (`one`, `few`, … `other`). Raises KeyError for an
        unknown key.
        """
        return self.plurals[key]

    def counted(self, key: str, n: int) -> str:
        """Return the text of the counted `key` for `n` things. Raises KeyError for an unknown key."""
        forms = self.forms(key)
        return forms.get(self.locale.plural_form(n), forms["other"]).format(n=n)

    def language_name(self, tag: str) -> str:
        """This language's name for the language `tag`; the tag itself where CLDR has no name."""
        return str(self.locale.languages.get(tag.split("-", maxsplit=1)[0].lower(), tag))

    def listed(self, items: Iterable[str]) -> str:
        """Join items as this language lists them."""
        return BETWEEN.get(self.language, ", ").join(items)

    def sentences(self, items: Iterable[str]) -> str:
        """Join whole sentences as this language does."""
        return SENTENCES.get(self.language, " ").join(items)

    def moment(self, at: datetime) -> str:
        """A day and a time of day in the shortest form, by the clock of `at`."""
        between = " " if self.language in DAYS else COMMA.get(self.language, ", ")
        return f"{self.day(at)}{between}{at:%H:%M}"

    def day(self, at: date) -> str:
        """A day in the shortest form."""
        return str(format_date(at, self._day, locale=self.locale))

    @property
    def _day(self) -> str:
        return DAYS.get(self.language, "EEE d MMM")

    @classmethod
    def read(cls, folder: Path, language: str) -> Catalogue:
        """Read `{folder}/{language}/LC_MESSAGES/*.po`: a file for each part of the interface.

        A comment at the head of a file that says `draft` makes the whole catalogue a draft. Raises ConfigurationError
        when there is no file, a text lacks its translation, two files have the same text, or the plural forms differ
        from those of CLDR.
        """
        directory = folder / language / "LC_MESSAGES"
        files = [each for each in os.scandir(directory) if each.name.endswith(".po")] if directory.is_dir() else []
        if not files:
            raise ConfigurationError(
                f"The interface's texts in '{language}' are missing: {directory} holds no .po file."
            )
        try:
            stats = [(each.name, each.stat()) for each in files]
        except OSError as error:
            raise _unreadable(language, directory, error) from error
        written = sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)
        return _read_parts(folder, language, tuple(written))


@lru_cache(maxsize=32)
def _read_parts(folder: Path, language: str, written: Sequence[tuple[str, int, int]]) -> Catalogue:
    """Read the files of a language. `written`: of each its name, time of change in ns and size in bytes. Cached until a
    file changes: a process may run a hub beside a server, and tests run hundreds.
    """
    directory = folder / language / "LC_MESSAGES"
    texts: dict[str, str] = {}
    counted: dict[str, dict[str, str]] = {}
    drafts = [_read_part(directory / name, language, texts, counted) for name, _, _ in written]
    return Catalogue(language, texts, counted, read_names(folder), draft=any(drafts))


@cache
def read_names(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """The keys of all texts that have names, by group and name. Cached, since all languages share them."""
    names: dict[str, dict[str, str]] = {}
    for path in sorted((folder / DEFAULT_LANGUAGE / "LC_MESSAGES").glob("*.po")):
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise _unreadable(DEFAULT_LANGUAGE, path, error) from error
        for listed, key in _NAMED.findall(text):
            for name in listed.replace("#:", "").split():
                group, _, own = name.partition("/")
                names.setdefault(group, {})[own] = denormalize(key.rstrip())
    return names


def _read_part(path: Path, language: str, texts: dict[str, str], counted: dict[str, dict[str, str]]) -> bool:
    """Add the texts of one file to `texts` and `counted`; return whether the file is a draft."""
    try:
        with path.open("rb") as file:
            catalog = read_po(file, locale=language, abort_invalid=True)
    except (OSError, ValueError, PoFileError) as error:
        raise _unreadable(language, path, error) from error
    for message in catalog:
        if not message.id:
            continue
        written = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
        strings = tuple(_BEFORE_UNIT.sub(NO_BREAK, text) for text in written)
        key = message.id if isinstance(message.id, str) else message.id[0]
        if message.fuzzy or not all(strings):
            raise ConfigurationError(f"The interface's texts in '{language}' lack a translation of '{message.id}'.")
        if key in texts or key in counted:
            msg = f"The interface's texts in '{language}' have '{key}' twice, the second time in {path.name}."
            raise ConfigurationError(msg)
        if isinstance(message.id, str):
            texts[key] = strings[0]
        else:
            counted[key] = _by_category(language, catalog.plural_expr, strings)
    return any(line.strip("# ").lower() == "draft" for line in catalog.header_comment.splitlines())


def _unreadable(language: str, path: Path, error: Exception) -> ConfigurationError:
    return ConfigurationError(f"The interface's texts in '{language}' can't be read from {path.name}: {error}.")


def _by_category(language: str, plural_expr: str, strings: Sequence[str]) -> dict[str, str]:
    """The forms of a counted text by the categories of CLDR and Intl.PluralRules. Raises ConfigurationError where they
    differ.
    """
    forms: dict[str, str] = {}
    for category, index, n in _forms_of(language, plural_expr):
        if forms.setdefault(category, strings[index]) != strings[index]:
            msg = f"The plural forms of '{language}' don't agree with CLDR: {n} is '{category}' there."
            raise ConfigurationError(msg)
    forms.setdefault("other", strings[-1])
    return forms


@cache
def _forms_of(language: str, plural_expr: str) -> Sequence[tuple[str, int, int]]:
    """The categories of CLDR with the indices of a file's plural forms, each pair with the first number for which it
    holds.

    Cached, since all counted texts of a language share them. Bound: the plural rules of the files that are read.
    """
    index_of, locale = c2py(plural_expr), Locale.parse(language)
    first: dict[tuple[str, int], int] = {}
    for n in range(_SAMPLE):
        first.setdefault((locale.plural_form(n), index_of(n)), n)
    return [(category, index, n) for (category, index), n in first.items()]


class Catalogues:
    """The catalogues of all languages of the interface."""

    def __init__(self, folder: Path, languages: Sequence[str] = LANGUAGES) -> None:
        """Read the catalogues from the `locales` folder. Raises ConfigurationError as `Catalogue.read` does."""
        self._all = {language: Catalogue.read(folder, language) for language in languages}
        self._chosen = {language: replace(each, chosen=language) for language, each in self._all.items()}

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages' tags, in the order in which they are offered."""
        return tuple(self._all)

    def __getitem__(self, language: str) -> Catalogue:
        return self._all[language]

    def choose(self, ui: str | None, accept_language: str) -> Catalogue:
        """Return the catalogue for a request: the language that `?ui=` names, else the one that the browser prefers."""
        if ui is not None and ui in self._all:
            return self._chosen[ui]
        return self._all[negotiate(accept_language, self.languages)]


@lru_cache(maxsize=512)
def own_name(tag: str) -> str:
    """A language's (BCP-47) own name for itself, with a capital letter; "" when it is unknown."""
    try:
        locale = Locale.parse(tag, sep="-")
    except (ValueError, UnknownLocaleError):
        return ""
    name = locale.get_display_name() or ""
    return name[:1].upper() + name[1:]
