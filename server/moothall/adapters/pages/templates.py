"""Renders every page as HTML from its template: values in, text out."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode

from babel.dates import format_date
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket
from markupsafe import Markup

from moothall.adapters.pages.catalogues import Catalogue, Catalogues
from moothall.adapters.pages.static_files import StaticFiles
from moothall.core.events.types import Access
from moothall.core.kernel.times import UTC_ZONE, Zone
from moothall.core.views.captions import Session
from moothall.services.programme.house_look import ConferenceLook

CARD = "card.png"
"""The picture that other sites show beside the address of a page."""


_SHAPE = re.compile(r"<(?:path|circle|rect|line|polyline|ellipse)\b[^>]*/>")


def script_json(value: object) -> Markup:
    """Encode JSON for a data block in a page: nothing in it can end the block or start markup."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704  # every character that means something in HTML was replaced above


TURNED = frozenset({"undo-2", "circle-question-mark", "message-circle-question-mark"})
"""Icons that are mirrored in a page from right to left: an arrow back, and marks of a question."""


@lru_cache(maxsize=4)
def _read_icons(folder: Path, _version: str) -> dict[str, Markup]:
    """Icons as inline SVG, by name. Each is beside a label, so screen readers skip it. Cached by the version of all
    static files.
    """
    icons: dict[str, Markup] = {}
    for path in sorted(folder.glob("*.svg")):
        shapes = "".join(_SHAPE.findall(path.read_text("utf-8")))
        kind = "icon turns" if path.stem in TURNED else "icon"
        icons[path.stem] = Markup(f'<svg class="{kind}" viewBox="0 0 24 24" aria-hidden="true">{shapes}</svg>')  # noqa: S704  # shapes out of our own files
    return icons


class _Compiled(BytecodeCache):
    """A cache of compiled templates, which take 0.4 s to compile, for everything in the process that makes pages."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Load the code of a template that hasn't changed."""
        if code := self._code.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Store the code of a template."""
        self._code[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


_COMPILED = _Compiled()


class Pages:
    """Renders the pages. One object serves the whole server; it holds templates and catalogues and no state."""

    def __init__(self, web_folder: Path, zone: Callable[[], Zone] = lambda: UTC_ZONE) -> None:
        """Read templates, catalogues and static files. `zone` returns the zone of all times on the pages.

        Raises ConfigurationError when a catalogue or a file can't be read.
        """
        self.catalogues = Catalogues(web_folder / "locales")
        self.static = StaticFiles(web_folder)
        self.zone = zone
        self.look: Callable[[], ConferenceLook] = ConferenceLook
        """Returns the name, logo and colours that every page shows."""
        self.of_the_moment = False
        """Whether pages show the present state of a hub's uplink, so that no two renderings are the same."""
        self.cards = False
        """Whether sessions that everybody may read have a picture of their own, `/s/{session}/card.png`."""
        self._templates = Environment(
            loader=FileSystemLoader(web_folder / "pages"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
        )
        self._templates.globals["asset"] = self.static.address
        self._templates.globals["icon"] = _read_icons(web_folder / "icons", self.static.version).__getitem__
        self._templates.globals["hub_status_bar"] = None
        self.show_look(self.look)
        self.card = self.static.address(CARD)

    def show_look(self, look: Callable[[], ConferenceLook]) -> None:
        """Show the name, logo and colours that `look` returns, on every page. A hub's pages keep those of the house."""
        self.look = look
        self._templates.globals["house_look"] = look

    def status_bar(self, made: Callable[[Catalogue, str, str], Markup]) -> None:
        """At a hub: begin every page with the bar that `made` returns for a session's id and a text's id, or "" for
        either.
        """
        self._templates.globals["hub_status_bar"] = made
        self.of_the_moment = True

    def render(self, template: str, *, ui: Catalogue, **values: object) -> str:
        """Render a template by its file name; `ui` and `catalogues` are passed to every template."""
        return self._templates.get_template(template).render(ui=ui, catalogues=self.catalogues, **values)

    def render_error(self, status: int, key: str, *, ui: Catalogue) -> str:
        """Render the page that says in one sentence what is wrong; `key` is the key of the sentence."""
        return self.render("lib/error.html", ui=ui, status=status, sentence=ui.text(key))

    def card_of(self, session: Session, ui: Catalogue) -> str:
        """The path of the picture that other sites show beside the page of a session. It is another one for another
        title or stage, since they keep pictures for days.
        """
        if not self.cards or session.rehearsal or session.access is not Access.PUBLIC:
            return self.card
        named = f"{session.title}\n{session.status}\n{session.cancelled is None}"
        version = sha256(named.encode()).hexdigest()[:8]
        return f"/s/{quote(session.id)}/card.png?{urlencode({'ui': ui.language, 'v': version})}"

    def date(self, session: Session, ui: Catalogue) -> str | None:
        """The day of a meeting in words; None before it was opened."""
        if session.opened is None:
            return None
        return format_date(self.zone().at(session.opened), "long", locale=ui.locale)
