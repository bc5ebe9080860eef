"""Joins a page's scripts, with all modules that they import, to one file: one request in place of some thirty.

Editing a script needs no build step: the sources are joined as text when the file is first requested. Each module
becomes a block. Its exports are stored in `globalThis.moothall` under the module's name, where importing modules, those
of other joined files too, find them, so that each module runs once in a page.

This works only because scripts keep some rules, which a test checks: imports are `import { … } from '…';` on one line,
only declarations are exported and none of them is `let`, there is no circle of imports, and no module imports a module
with an `await` at its top level.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence

LATE = "late/"
"""The prefix of the name of a module that is loaded by `import()` while the page runs: it is served in another form,
without the modules that have already run.
"""

_IMPORT = re.compile(r"^import (?:\{ ([^}]+) \} from )?'(\.[^']+)';$", re.MULTILINE)
_EXPORT = re.compile(r"^export ((?:async )?function|class|const) (\w+)", re.MULTILINE)
_DYNAMIC = re.compile(r"\bimport\('(\.[^']+)'\)")
_OWN_ADDRESS = "import.meta.url"
_BLANK = re.compile(r"\n{2,}")

FORM = b"2"
"""The version of the joining code. Increase it when the same scripts or sheets are joined to other text: it is part of
the version in their addresses.
"""


def _beside(name: str, specifier: str) -> str:
    """The name of the module to which the specifier `specifier` refers in the module `name`."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), specifier))


class Scripts:
    """All modules of the web folder, and the files to which they are joined."""

    def __init__(self, text: Mapping[str, str], address: Callable[[str], str]) -> None:
        """`text` maps the names of all modules to their sources, without comments.

        `address` returns the path of a file's URL by the file's name.
        """
        self._text = text
        self._address = address
        self._needs = {
            name: tuple(dict.fromkeys(_beside(name, found[2]) for found in _IMPORT.finditer(text)))
            for name, text in self._text.items()
        }
        self._there = self._there_already()

    def _with_imports(self, name: str, seen: dict[str, None]) -> None:
        """Add `name` to `seen`, after all modules that it imports."""
        for needed in self._needs[name]:
            if needed in self._text and needed not in seen:
                self._with_imports(needed, seen)
        seen[name] = None

    def together(self, *names: str) -> tuple[str, ...]:
        """The modules that run when `names` run, each after the modules that it imports. Raises KeyError for an unknown
        name.
        """
        seen: dict[str, None] = {}
        for name in names:
            self._with_imports(name, seen)
        return tuple(seen)

    def _there_already(self) -> dict[str, frozenset[str]]:
        """For each module that is loaded by `import()`: the modules that have always run before it."""
        there: dict[str, frozenset[str]] = {}
        for name, text in self._text.items():
            for found in _DYNAMIC.finditer(text):
                late = _beside(name, found[1])
                have = frozenset(self.together(name))
                there[late] = there.get(late, have) & have
        return there

    def joined(self, *names: str) -> str:
        """The script that runs `names`, in this order, with all modules that they import. Raises KeyError for an
        unknown name.

        When several are joined, a module of `names` that fails doesn't stop those after it, as if each had its own
        file.
        """
        if len(names) == 1 and not self._needs[names[0]] and not _exports(self._text[names[0]]):
            return self._text[names[0]]  # a worker, or a script that runs before the page is there: no module at all
        return self._file(names, self.together(*names)) + (self._exported(names[0]) if len(names) == 1 else "")

    def late(self, name: str) -> str:
        """The script that `import()` of `name` receives, without the modules that have already run in any case. Raises
        KeyError for an unknown name.
        """
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
        """The module as a block that does nothing when the module has already run in this page. `tried`: whether an
        exception is reported and not raised.
        """
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
        """The replacement of an import: the same names, taken from the exports of the other module."""
        if found[1] is None:
            return ""
        other = _beside(name, found[2])
        source = f"$['{other}']" if other in self._text else _word(other)
        return f"const {{ {found[1].replace(' as ', ': ')} }} = {source};"


def _word(name: str) -> str:
    """A JavaScript identifier for a vendored module, which remains a file of its own."""
    return re.sub(r"\W", "_", name)


def _exports(text: str) -> list[str]:
    return [found[2] for found in _EXPORT.finditer(text)]
