"""Which words of a text deny what stands beside them, in the six languages of the United Nations and Portuguese.

They are what a quotation must not lose, and what matters most when it is heard wrongly. Words that deny only together
with another one count if they say so by themselves: French *ne* does, *plus* does not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from moothall.core.kernel.languages import primary
from moothall.core.reports.normal_words import MINUS, NormalWord, normal

_WORDS = {
    "ar": "لا لم لن ليس ليست ليسوا لست لسنا ليسا غير بدون دون عدم كلا لولا",
    "en": "no not never none nobody nothing neither nor nowhere without cannot non hardly scarcely barely",
    "es": "no nunca jamás nada nadie ningún ninguno ninguna ningunos ningunas ni sin tampoco",
    "fr": "ne n pas jamais rien personne aucun aucune nul nulle ni non sans guère",
    "pt": "não nunca jamais nada ninguém nenhum nenhuma nenhuns nenhumas nem sem tampouco",
    "ru": "не ни нет никогда никто никого никому никем ничто ничего ничему ничем никакой никакая никакое никакие "
    "никаких никакого никакому никаким никакими никакую никак нигде никуда нельзя без",
}
_ENDING = "n't"
"""Of English words: don't."""
_JOINED = ("و", "ف")
"""What Arabic writes together with the next word: and, so."""
_CHINESE = re.compile(
    r"[不没沒無无勿莫毋](?![过過仅僅但论論管])|未(?![来來])|非(?![常洲])|(?<![是能可])否(?![则則])"
    r"|(?<![特区區级級个個分差类類性鉴鑑辨])[别別](?![的人是处處])"
)
"""Characters that deny, but not in words that say something else, as in 非常 (very), 未来 (future), 是否 (whether)."""


@cache
def _forms(language: str) -> frozenset[str]:
    return frozenset(map(normal, _WORDS.get(language, "").split()))


def negations(words: Sequence[NormalWord], text: str, language: str) -> frozenset[int]:
    """The indexes of the normal words of a text in a language (BCP-47) that deny something, and of a minus sign."""
    spoken = primary(language)
    if spoken == "zh":
        starts = {found.start() for found in _CHINESE.finditer(text)}
        return frozenset(at for at, word in enumerate(words) if word.start in starts or word.form == MINUS)
    return frozenset(at for at, word in enumerate(words) if _denies(word.form, spoken))


def _denies(form: str, language: str) -> bool:
    forms = _forms(language)
    if form in forms or form == MINUS or (language == "en" and form.endswith(_ENDING)):
        return True
    return language == "ar" and form.startswith(_JOINED) and form[1:] in forms
