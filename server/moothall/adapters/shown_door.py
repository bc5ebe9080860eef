"""The door for whoever shows the text elsewhere: on a wall (`/screen`), over a picture (`/overlay`), in another site's
page (`/embed`).

The pages are made with the newest lines in them; scripts carry on from there over server-sent events. Only the box
may stand in a frame, and only in pages of the origins that the operator named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import msgspec
from aiohttp import web

from moothall.adapters import shown_look
from moothall.adapters.door_texts import DoorText
from moothall.adapters.limits import security_headers
from moothall.adapters.page_asking import Asked, SnapshotOf, Wrong, asked, html, language, refusal
from moothall.adapters.page_catalogues import Catalogue
from moothall.adapters.page_rows import last_words, standing
from moothall.adapters.page_texts import SCRIPT_TEXTS, SEALS, STANDING
from moothall.adapters.pages import Pages, script_json
from moothall.adapters.qr import qr_svg
from moothall.core.languages import direction
from moothall.core.ports import Clock
from moothall.core.session import Status
from moothall.core.views.captions import Line, Session

Look = TypeVar("Look", bound=msgspec.Struct)

KEPT = 40
"""Lines that a page begins with."""
FULL = 320
"""Characters after which a paragraph begins anew, as in `web/js/tail.js`."""
QUIET_S = 15
"""How often the wall's page is made anew where there is no JavaScript."""


class Paragraph(msgspec.Struct, kw_only=True):
    """Lines in a row of one speaker in one language."""

    name: str
    language: str
    direction: str
    texts: list[str]


class ShownDoor:
    """Serves the three pages."""

    def __init__(
        self,
        pages: Pages,
        *,
        clock: Clock,
        snapshot_of: SnapshotOf,
        public: str,
        framers: Sequence[str] = (),
    ) -> None:
        """`public` is the server's address as codes say it, without a path.

        `framers` are the origins whose pages may hold the box; `*` stands for all of them.
        """
        self._pages = pages
        self._clock = clock
        self._snapshot_of = snapshot_of
        self._public = public
        ancestors = ("*",) if "*" in framers else ("'self'", *framers)
        policy = security_headers(ancestors)["Content-Security-Policy"]
        self._framed = {"Content-Security-Policy": policy, "Cross-Origin-Resource-Policy": "cross-origin"}

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [
            web.get("/s/{session}/screen", self.screen),
            web.get("/s/{session}/overlay", self.overlay),
            web.get("/s/{session}/embed", self.embed),
        ]

    async def screen(self, request: web.Request) -> web.Response:
        """The page for a room's screen: large, with the state in words and the way to the reader's page."""
        ui, _ = language(self._pages, request)
        try:
            look = _look(shown_look.screen, request)
            wanted = await asked(request, self._snapshot_of)
        except Wrong as wrong:
            return refusal(wrong, self._pages, ui)
        address = f"{self._public}/s/{wanted.session}"
        text = self._render(
            "screen.html",
            wanted,
            ui,
            look,
            qr=qr_svg(address),
            short=address.partition("://")[2],
            renew=QUIET_S if wanted.snapshot.session.status is not Status.CLOSED else None,
        )
        return html(text, ui)

    async def overlay(self, request: web.Request) -> web.Response:
        """The newest lines on nothing, for a program that mixes pictures."""
        ui, _ = language(self._pages, request)
        try:
            look = _look(shown_look.overlay, request)
            wanted = await asked(request, self._snapshot_of)
        except Wrong as wrong:
            return refusal(wrong, self._pages, ui)
        return html(self._render("overlay.html", wanted, ui, look), ui)

    async def embed(self, request: web.Request) -> web.Response:
        """A box for another site's page."""
        ui, chosen = language(self._pages, request)
        try:
            look = _look(shown_look.box, request)
            wanted = await asked(request, self._snapshot_of)
        except Wrong as wrong:
            response = refusal(wrong, self._pages, ui)
            response.headers.update(self._framed)  # Why there is no text belongs in the box as well.
            return response
        query = {"channel": wanted.feed.channel, **({"ui": ui.language} if chosen else {})}
        whole = f"/s/{wanted.session}?{urlencode(query)}"
        return html(self._render("embed.html", wanted, ui, look, whole=whole), ui, headers=self._framed)

    def _render(self, template: str, wanted: Asked, ui: Catalogue, look: msgspec.Struct, **values: object) -> str:
        snapshot, now = wanted.snapshot, self._clock.wall()
        session = snapshot.session
        shown = [line for line in snapshot.lines if not line.gone][-KEPT:]
        first = (snapshot.before or 0) + len(snapshot.lines) - len(shown)
        query = urlencode({"channel": wanted.feed.channel, "feed": "live" if wanted.feed.live else "lines"})
        kind, places = standing(snapshot, now)
        marks = {"unsaved": ui.text("Not yet saved"), "unrecorded": ui.text("Not recorded")}
        texts = {name: ui.text(key) for name, key in SCRIPT_TEXTS.items() if name.startswith(("standing.", "seal."))}
        return self._pages.render(
            template,
            ui=ui,
            session=session,
            look=look,
            title=session.title.strip() or ui.text("Meeting without a title"),
            untitled=not session.title.strip(),
            paragraphs=paragraphs(session, shown),
            off=session.not_recorded is not None,
            kind=kind,
            state=ui.text(STANDING[kind], **places),
            seal="" if session.seal is None else ui.text(SEALS[session.seal]),
            data=script_json(
                {
                    "epoch": snapshot.epoch,
                    "offset": snapshot.offset,
                    "session": msgspec.to_builtins(session),
                    "lines": [
                        {**msgspec.to_builtins(line), "number": number} for number, line in enumerate(shown, first)
                    ],
                    "events": f"/s/{wanted.session}/events?{query}",
                    "now": now,
                    "spoke": last_words(snapshot),
                    "ui": ui.language,
                    "texts": {**texts, **marks},
                    "counted": {},
                    "look": msgspec.to_builtins(look),
                }
            ),
            **values,
        )


def paragraphs(session: Session, lines: Iterable[Line]) -> list[Paragraph]:
    """The lines as they run on: a new paragraph where speaker or language change, or one has grown long."""
    made: list[Paragraph] = []
    speaker: str | None = None
    for line in lines:
        text = line.text.strip()
        if not text:
            continue
        last = made[-1] if made else None
        fits = last is not None and line.speaker == speaker and line.language == last.language
        if last is not None and fits and sum(map(len, last.texts)) < FULL:
            last.texts.append(text)
            continue
        name = session.speakers.get(line.speaker, "") if line.speaker and not fits else ""
        made.append(Paragraph(name=name, language=line.language, direction=direction(line.language), texts=[text]))
        speaker = line.speaker
    return made


def _look(read: Callable[[Mapping[str, str]], Look], request: web.Request) -> Look:
    try:
        return read(request.query)
    except shown_look.BadLook as bad:
        raise Wrong(400, DoorText.CHOICE, name=bad.name, value=bad.value[:40]) from bad
