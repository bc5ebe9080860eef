"""Converts Chinese between its scripts, by the dictionaries of OpenCC.

Its configurations without a `p` at the end: they change characters, and no words.
"""

from __future__ import annotations

import logging
from functools import cache

from moothall_models.ports import ChineseScript
from moothall_models.speech.listening.scripts import AS_HEARD, WrittenScripts

logger = logging.getLogger(__name__)

_CONFIGURATIONS = {
    ChineseScript.SIMPLIFIED: "tw2s",  # Recognisers write traditional characters as in Taiwan.
    ChineseScript.TRADITIONAL: "s2tw",
    ChineseScript.HONG_KONG: "s2hk",
}


class OpenccConverter:
    """A `ScriptConverter` by OpenCC. A script's dictionaries are read when it is first asked for."""

    def __init__(self) -> None:
        """Raises ImportError where OpenCC isn't installed."""
        from opencc import OpenCC

        self._opened = cache(OpenCC)

    def convert(self, text: str, script: ChineseScript) -> str:
        """The text in this script; a text that is simplified already stays so."""
        # Simplified text may hold a character that in Taiwan is another's variant (著 in 显著): then it stays.
        if script is ChineseScript.SIMPLIFIED and self._opened("t2s").convert(text) == text:
            return text
        converted: str = self._opened(_CONFIGURATIONS[script]).convert(text)
        return converted


def load_scripts() -> WrittenScripts:
    """The scripts in which a process writes Chinese; where OpenCC isn't installed, those of the recogniser."""
    try:
        return WrittenScripts(OpenccConverter())
    except ImportError:
        logger.info("OpenCC isn't installed, so Chinese stays in the script in which the recogniser writes it.")
        return AS_HEARD
