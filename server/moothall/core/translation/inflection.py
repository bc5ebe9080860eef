"""Puts terms into a translation in the form that the words around them ask for, and makes these agree with the terms.

Only where a glossary gives a term's forms: nothing is declined by rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from moothall.core.translation.cases import Agreement, Case, agreeing_before, agreeing_behind, case_between, is_list
from moothall.core.translation.joining import has_article
from moothall.core.translation.protecting import MARK


class Inflection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The forms of a term in one language, as a glossary gives them; an empty one is written as the nominative."""

    nom: str = ""
    gen: str = ""
    dat: str = ""
    acc: str = ""
    ins: str = ""
    prep: str = ""
    article: str = ""
    """What stands before the term where an article stands, in the languages of Europe: `la`, `l'`, `las`."""
    gender: Agreement = ""
    """What other words agree with, in Russian and Arabic."""

    def form(self, case: Case) -> str:
        """The term in this case, or empty where the glossary doesn't give it."""
        return str(getattr(self, case))

    @property
    def beside(self) -> dict[str, str]:
        """What is given beside the nominative, by its name."""
        names = (name for name in self.__struct_fields__ if name != "nom")
        return {name: text for name in names if (text := str(getattr(self, name)))}

    @property
    def texts(self) -> tuple[str, ...]:
        """All forms that are given, each once, first the nominative."""
        forms = (self.nom, self.gen, self.dat, self.acc, self.ins, self.prep)
        return tuple(dict.fromkeys(filter(None, forms)))


def inflected(
    translated: str, put_in: Sequence[str], known: Mapping[str, Inflection], target: str
) -> tuple[str, tuple[str, ...]]:
    """The translation and the terms for its placeholders, both with the forms that go together.

    `translated` has placeholders numbered from 1 for `put_in`; `known` has the forms of terms by their nominative;
    `target` is the language (BCP-47). Where a placeholder has a number of no term, nothing is changed.
    """
    if known.keys().isdisjoint(put_in):
        return translated, tuple(put_in)
    made, plain, rest = "", "", translated
    written, last = list(put_in), None
    while (match := MARK.search(rest)) is not None:
        number = int(match[1])
        if not 1 <= number <= len(put_in):
            return translated, tuple(put_in)
        between, behind = rest[: match.start()], rest[match.end() :]
        forms = known.get(put_in[number - 1], _NONE)
        case = last if last and is_list(between, target) else case_between(plain + between, behind, target)
        term = forms.form(case) or put_in[number - 1]
        if forms.article and has_article(between, target):
            term = f"{forms.article}{'' if forms.article.endswith(_APOSTROPHES) else ' '}{term}"
        written[number - 1] = term
        between = agreeing_before(between, case, forms.gender, target)
        made, plain = f"{made}{between}{match[0]}", f"{plain}{between}{term}"
        rest, last = agreeing_behind(behind, case, forms.gender, target), case
    return made + rest, tuple(written)


_NONE = Inflection()
_APOSTROPHES = ("'", "’")  # noqa: RUF001  # Either form is meant.
