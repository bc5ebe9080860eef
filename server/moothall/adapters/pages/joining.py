"""Joins a page's scripts, with all that they import, to one file: one request in place of some thirty.

Whoever edits a script needs no build step: joining is text work on the modules as they stand, done when the file is
first asked for. Each module becomes a block. What it exports is kept in `globalThis.moothall` under its name, where the
modules that import it find it, those of other joined files too, so that each module runs once in a page.

What makes that possible are rules that a test holds the scripts to: imports are `import { … } from '…';` on one line,
only declarations are exported and none of them is `let`, there is no circle of imports, and a module that waits at its
top level is imported by nobody.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

LATE = "late/"
"""Before the name of a module that a page imports while it runs: what it gets has a form of its own."""

_IMPORT = re.compile(r"^import (?:\{ ([^}]+) \} from )?'(\.[^']+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_DYNAMIC = re.compile(r"\bimport\('(\.[^']+)'\)")
_OWN_ADDRESS = "import.meta.url"
_BLANK = re.compile(r"\n{2,}")

FORM = b"1"
"""Goes up when the same scripts are joined to other text: it is part of the version in their addresses."""


def _beside(name: str, specifier: str) -> str:
    """The name of the module that `specifier` means in the module `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))


class Scripts:
    """All modules of the web folder, and the files that they are joined to."""

    def __init__(self, text: Mapping[str, str], address: Callable[[str], str]) -> None:
        """`text` is that of all modules by name, without comments on lines of their own.

        `address` gives the path of the URL of a file by its name.
        """
        self._text = text
        self._address = address
        self._needs = {
            name: tuple(dict.fromkeys(_beside(name, found[2]) for found in _IMPORT.finditer(text)))
            for name, text in self._text.items()
        }
        self._there = self._there_already()

    def _with_imports(self, name: str, seen: dict[str, None]) -> None:
        """Add `name` to `seen`, behind all that it imports."""
        for needed in self._needs[name]:
            if needed in self._text and needed not in seen:
                self._with_imports(needed, seen)
        seen[name] = None

    def together(self, *names: str) -> tuple[str, ...]:
        """The modules that run when `names` do, each behind those that it imports. Raises KeyError for no module."""
        seen: dict[str, None] = {}
        for name in names:
            self._with_imports(name, seen)
        return tuple(seen)

    def _there_already(self) -> dict[str, frozenset[str]]:
        """For each module that is imported while a page runs: the modules that have run by then in any case."""
        there: dict[str, frozenset[str]] = {}
        for name, text in self._text.items():
            for found in _DYNAMIC.finditer(text):
                late = _beside(name, found[1])
                have = frozenset(self.together(name))
                there[late] = there.get(late, have) & have
        return there

    def joined(self, *names: str) -> str:
        """The script that runs `names`, in this order, with all that they import. Raises KeyError for no module.

        Of several, one that fails doesn't keep those behind it from running, as if each had a file of its own.
        """
        if len(names) == 1 and not self._needs[names[0]] and not _exports(self._text[names[0]]):
            return self._text[names[0]]  # a worker, or a script that runs before the page is there: not a module at all
        return self._file(names, self.together(*names)) + (self._exported(names[0]) if len(names) == 1 else "")

    def late(self, name: str) -> str:
        """What `import()` of `name` gets: without what has run by then in any case. Raises KeyError for no module."""
        there = self._there.get(name, frozenset())
        here = [needed for needed in self.together(name) if needed not in there]
        return self._file((name,), here) + self._exported(name)

    def _exported(self, name: str) -> str:
        exported = _exports(self._text[name])
        return f"export const {{ {', '.join(exported)} }} = $['{name}'];\n" if exported else ""

    def _file(self, names: Sequence[str], here: Sequence[str]) -> str:
        foreign = dict.fromkeys(needed for name in here for needed in self._needs[name] if needed not in self._text)
        parts = [f"import * as {_word(name)} from '{self._address(name)}';" for name in foreign]
        parts.append("const $ = globalThis.moothall ??= {};")
        parts += [self._block(name, tried=len(names) > 1 and name in names) for name in here]
        return "\n".join(parts) + "\n"

    def _block(self, name: str, *, tried: bool) -> str:
        """The module as a block, which runs unless it has run in this page."""
        text = self._text[name]
        exported = _exports(text)
        text = _IMPORT.sub(lambda found: self._taken(name, found), text)
        text = _EXPORT.sub(r"\1 \2", text)
        text = _DYNAMIC.sub(lambda found: f"import('{self._address(LATE + _beside(name, found[1]))}')", text)
        text = text.replace(_OWN_ADDRESS, f"(location.origin + '{self._address(name)}')")
        text = _BLANK.sub("\n", text).strip()
        block = f"if (!$['{name}']) {{\n{text}\n$['{name}'] = {{ {', '.join(exported)} }};\n}}"
        return f"try {{ {block} }} catch (error) {{ reportError(error); }}" if tried else block

    def _taken(self, name: str, found: re.Match[str]) -> str:
        """What stands in place of an import: the same names, out of what the other module exports."""
        if found[1] is None:
            return ""
        other = _beside(name, found[2])
        source = f"$['{other}']" if other in self._text else _word(other)
        return f"const {{ {found[1].replace(' as ', ': ')} }} = {source};"


def _word(name: str) -> str:
    """The name of a file as a word of JavaScript: that of a vendored module, which stays a file of its own."""
    return re.sub(r"\W", "_", name)


def _exports(text: str) -> list[str]:
    return [found[2] for found in _EXPORT.finditer(text)]
