"""The script in which a channel's Chinese is written: that of the language tag, whatever the recogniser writes.

A recogniser that was trained on both scripts takes now one, now the other, and changes within a sentence. So each
hypothesis is converted before its words are compared with others. Words keep their number and their times.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TypeVar

import msgspec

from moothall.core.kernel.languages import primary
from moothall_models.ports import ChineseScript, HeardWord, Hypothesis, ScriptConverter

_Heard = TypeVar("_Heard", bound=Hypothesis)

_BY_SUBTAG = {
    "hans": ChineseScript.SIMPLIFIED,
    "hant": ChineseScript.TRADITIONAL,
    "hk": ChineseScript.HONG_KONG,
    "mo": ChineseScript.HONG_KONG,
    "tw": ChineseScript.TRADITIONAL,
}
_MANDARIN = ("zh", "cmn")
_CHINESE = (*_MANDARIN, "yue")


def script_of(language: str) -> ChineseScript | None:
    """The script that a BCP-47 tag asks for; None where it asks for none, as for a language other than Chinese.

    A script in the tag goes before its region. Without either Mandarin is simplified; Cantonese stays as it is heard.
    """
    own, subtags = primary(language), language.lower().replace("_", "-").split("-")[1:]
    if own not in _CHINESE:
        return None
    region = next((_BY_SUBTAG[each] for each in subtags if len(each) == 2 and each in _BY_SUBTAG), None)
    written = next((_BY_SUBTAG[each] for each in subtags if len(each) == 4 and each in _BY_SUBTAG), None)
    if written is not None:
        return region if written is ChineseScript.TRADITIONAL and region is not None else written
    return (region or ChineseScript.SIMPLIFIED) if own in _MANDARIN else None


class WrittenScripts:
    """Writes what was heard in the script of its language, as far as there is a converter."""

    def __init__(self, converter: ScriptConverter | None = None) -> None:
        self._converter = converter

    def text(self, text: str, language: str) -> str:
        """A text in the script of a language's tag."""
        script = None if self._converter is None or text.isascii() else script_of(language)
        return text if self._converter is None or script is None else self._converter.convert(text, script)

    def hypothesis(self, heard: _Heard) -> _Heard:
        """A hypothesis whose words are in the script of its language; other readings that become the same go."""
        texts = self._cut([word.text for word in heard.words], heard.language)
        words = tuple(self._word(word, text, heard.language) for word, text in zip(heard.words, texts, strict=True))
        return heard if words == heard.words else msgspec.structs.replace(heard, words=words)

    def _cut(self, texts: Sequence[str], language: str) -> list[str]:
        """The texts of successive words. All are converted together, since phrases decide between characters."""
        whole = self.text("".join(texts), language)
        ends = list(accumulate(map(len, texts), initial=0))
        if len(whole) == ends[-1]:
            return [whole[first:end] for first, end in pairwise(ends)]
        return [self.text(text, language) or text for text in texts]

    def _word(self, word: HeardWord, text: str, language: str) -> HeardWord:
        readings = dict.fromkeys(self.text(other, language) for other in word.others)
        others = tuple(each for each in readings if each != text.strip())
        return msgspec.structs.replace(word, text=text, others=others)


AS_HEARD = WrittenScripts()
"""Leaves all as the recogniser writes it."""
