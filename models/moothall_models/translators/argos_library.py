"""Packages of Argos Translate, run by the package `argostranslate` where somebody has installed it.

It is the extra `moothall[argos]`, and is used only where it is named: it brings Stanza and so PyTorch, and may download
a model that finds ends of sentences when it translates its first text. `argos.py` runs the same packages without it.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from moothall_models.translators.argos import ArgosTranslator, Native
from moothall_models.translators.argos_package import ArgosPackage

ENGINE = "argostranslate"
LIBRARIES = (ENGINE,)
INSTALL = "pip install 'moothall[argos]'"


def argos_library(packages: Sequence[ArgosPackage], *, libraries: Sequence[str] = LIBRARIES) -> ArgosTranslator:
    """A translator of these packages; with no direction, and a line that says so, where the library is missing."""
    return ArgosTranslator(packages, load=_Loaded, libraries=libraries, engine=ENGINE, install=INSTALL)


class _Loaded(Native):
    """One package, run by the library. Texts wait for each other: it doesn't say that threads may share it."""

    def __init__(self, package: ArgosPackage) -> None:
        argos: Any = import_module("argostranslate.translate")
        settings: Any = import_module("argostranslate.settings")
        settings.debug = False  # it would log what is said
        opened = import_module("argostranslate.package").Package(package.folder)
        source, target = (argos.Language(code, code) for code in (opened.from_code, opened.to_code))
        self._translation: Any = argos.PackageTranslation(source, target, opened)
        self._lock = threading.Lock()

    def tokens(self, text: str) -> list[str]:
        """The text as it is: the library cuts it into tokens itself."""
        return [text]

    def translate(self, tokens: Sequence[str], most: int) -> str:
        """The tokens' text in the other language, of at most `most` tokens (`Native`). How many tokens it writes at
        most, the library decides.
        """
        with self._lock:
            return str(self._translation.translate(tokens[0]))
