"""What pages and files of a machine's translation say, and how they are asked for: `?translation=` and a language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec
from aiohttp import hdrs, web

from moothall.adapters.pages.catalogues import Catalogue, own_name
from moothall.adapters.pages.request_context import HttpProblem, refusal_for
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText

NAME = "translation"
"""The name in the query of an address."""
AGAIN_S = 5
"""After how many seconds a browser asks again for a translation that is being made."""


class MachineText:
    """Keys of the sentences."""

    NOTICE = "Machine translation of version {n}: made by a machine, not official. Only the original counts: {address}"
    MARK = "Machine translation, not official"
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

    @property
    def ending(self) -> str:
        """What stands in the names of files."""
        return f"-machine-translation-{self.target}" if self.target else ""

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
        ]


def machine_made(request: web.Request, languages: Sequence[str], n: int, address: str, ui: Catalogue) -> MachineMade:
    """What a request asks for, of version `n` at an address. Raises HttpProblem where there can be no such one."""
    target = request.query.get(NAME, "")
    if not target:
        return MachineMade(languages=languages)
    if target not in languages:
        raise HttpProblem(404, ErrorText.LANGUAGE)
    return MachineMade(
        target=target,
        notice=ui.text(MachineText.NOTICE, n=n, address=address),
        mark=ui.text(MachineText.MARK),
        languages=languages,
    )


def being_made(request: web.Request, pages: Pages, ui: Catalogue) -> web.Response:
    """The answer while a translation is made."""
    response = refusal_for(request, HttpProblem(503, MachineText.MAKING), pages, ui)
    response.headers[hdrs.RETRY_AFTER] = response.headers["Refresh"] = str(AGAIN_S)
    return response
