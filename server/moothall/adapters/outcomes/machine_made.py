"""What pages and files of a machine's translation say, and how they are asked for: `?translation=` and a language."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.request_context import HttpProblem, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText
from moothall.adapters.reading.page_rows import ways_of
from moothall.core.events.lines import MadeFrom
from moothall.core.kernel.languages import primary
from moothall.core.outcomes.translations import VouchedTranslation

NAME = "translation"
"""The name in the query of an address."""
AGAIN_S = 5
"""After how many seconds a browser asks again for a translation that is being made."""


class MachineText:
    """Keys of the sentences."""

    NOTICE = "Machine translation of version {n}: made by a machine, not official. Only the original counts: {address}"
    MARK = "Machine translation, not official"
    VOUCHED = "Translated by {name}, from version {n}. Only the original counts: {address}"
    BY = "Translated by {name}"
    SPOKEN = "Original"
    UNDER = "Machine translation"
    """What stands above quoted words, and above their translation."""
    MAKING = "The translation is being made. It comes by itself as soon as it is done, within a few minutes."


class MachineMade(msgspec.Struct, frozen=True, kw_only=True):
    """Which translation is shown, and which there can be."""

    target: str = ""
    """The language that is shown; empty for the original."""
    notice: str = ""
    """That it is a translation, of which version, and where the original is; empty for the original."""
    mark: str = ""
    """The same in short, for each page of a file."""
    languages: Sequence[str] = ()
    """The languages in which there can be one."""

    people: Mapping[str, str] = {}
    """The languages in which a person's translation stands before a machine's, each with who vouches for it."""

    @property
    def by(self) -> str:
        """Who vouches for the translation that is shown; empty for a machine's, and for the original."""
        return self.people.get(self.target, "")

    @property
    def ending(self) -> str:
        """What stands in the names of files."""
        kind = "translation" if self.by else "machine-translation"
        return f"-{kind}-{self.target}" if self.target else ""

    def by_ways(self, ways: Mapping[str, bool], ui: Catalogue) -> MachineMade:
        """The same with the ways of the texts, by `TranslatedVersion.ways`, in `notice`."""
        made = (MadeFrom(sources=(), route=route, rough=rough) for route, rough in ways.items())
        return msgspec.structs.replace(self, notice=ui.sentences((self.notice, *ways_of(made, ui))))

    def told(self) -> Mapping[str, str] | None:
        """The same for a file of data; None for the original."""
        return {"language": self.target, "notice": self.notice, "by": self.by} if self.target else None

    def rows(self, ui: Catalogue, to: Callable[[str], str]) -> list[Mapping[str, object]]:
        """The links to the translations; `to` returns the address of one."""
        return [
            {
                "address": to(tag),
                "name": own_name(tag) or ui.language_name(tag),
                "language": tag,
                "here": tag == self.target,
            }
            for tag in self.languages
            if tag not in self.people
        ]

    def vouched(self, ui: Catalogue, to: Callable[[str], str]) -> list[Mapping[str, object]]:
        """The links to people's translations."""
        return [
            {
                "address": to(tag),
                "name": own_name(tag) or ui.language_name(tag),
                "language": tag,
                "here": tag == self.target,
                "by": ui.text(MachineText.BY, name=f"\u2068{name}\u2069"),
            }
            for tag, name in self.people.items()
        ]


def entered_for(request: web.Request, translations: Iterable[VouchedTranslation], n: int) -> VouchedTranslation | None:
    """The person's translation of version `n` that a request asks for, or None; of several, such as into `pt-BR` and
    `pt-PT`, the one that was entered last, whose name `machine_made` shows.
    """
    target = request.query.get(NAME, "")
    found = [each for each in translations if each.n == n and primary(each.language) == target]
    return found[-1] if found else None


def machine_made(
    request: web.Request,
    languages: Sequence[str],
    n: int,
    address: str,
    ui: Catalogue,
    *,
    translations: Iterable[VouchedTranslation] = (),
) -> MachineMade:
    """What a request asks for, of version `n` at an address. `translations`: people's. Raises HttpProblem where there
    can be no such one.
    """
    people = {primary(each.language): each.name for each in translations if each.n == n}
    target = request.query.get(NAME, "")
    if not target:
        return MachineMade(languages=languages, people=people)
    if target in people:
        by = f"\u2068{people[target]}\u2069"
        return MachineMade(
            target=target,
            notice=ui.text(MachineText.VOUCHED, name=by, n=n, address=address),
            mark=ui.text(MachineText.BY, name=by),
            languages=languages,
            people=people,
        )
    if target not in languages:
        raise HttpProblem(404, ErrorText.LANGUAGE)
    return MachineMade(
        target=target,
        notice=ui.text(MachineText.NOTICE, n=n, address=address),
        mark=ui.text(MachineText.MARK),
        languages=languages,
        people=people,
    )


def being_made(request: web.Request, pages: Pages, ui: Catalogue) -> web.Response:
    """The answer while a translation is made."""
    response = refusal_for(request, HttpProblem(503, MachineText.MAKING), pages, ui)
    response.headers[hdrs.RETRY_AFTER] = response.headers["Refresh"] = str(AGAIN_S)
    return response
