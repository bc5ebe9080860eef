"""The door of style sheets, scripts and images: the files that a page needs besides its text, served from memory."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from moothall.adapters.pages.error_pages import error_page
from moothall.adapters.pages.joining import LATE
from moothall.adapters.pages.templates import Pages
from moothall.adapters.pages.texts import ErrorText

MOVED = {
    f"js/{before}.js": f"js/{now}.js"
    for before, now in {
        "lib/bar": "reader/bar",
        "reader/bookmark": "panels/bookmark",
        "reader/menu": "panels/menu",
        "reader/quote": "panels/quote",
        "reader/report": "panels/report",
        "reader/sheet": "panels/sheet",
        "desk/edit": "lines/edit",
        "desk/lines": "lines/lines",
        "desk/state": "lines/state",
        "microphone/line": "microphone/audio_link",
        "moderation/line": "moderation/question_desk",
        "reader/place": "reader/scroll_position",
    }.items()
}
"""Present names of scripts that still open pages of release 0.2.0 may load by their old names."""
FOR_EVER = "public, max-age=31536000, immutable"
ASK_AGAIN = "no-cache"


class StaticDoor:
    """Serves `/static/{version}/…`. The version in an address is that of all files together."""

    def __init__(self, pages: Pages, otherwise: Handler | None = None) -> None:
        """`otherwise` answers requests for files of another version, such as those of a node with another release."""
        self._pages = pages
        self._otherwise = otherwise

    def routes(self) -> Sequence[web.RouteDef]:
        """The route, for `app.add_routes`."""
        return [web.get("/static/{version}/{name:.+}", self.file)]

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Answer with a file. Under the current version browsers may cache it for ever."""
        current = request.match_info["version"] == self._pages.static.version
        if not current and self._otherwise is not None:
            return await self._otherwise(request)
        name = request.match_info["name"]
        if not current and name.removeprefix(LATE) in MOVED:  # A page may stay open for longer than a release.
            raise web.HTTPFound(f"/static/{request.match_info['version']}/{MOVED[name.removeprefix(LATE)]}")
        # A page of another release may not have run all modules that the short form leaves out, so it gets the whole
        # file.
        file = self._pages.static.get(name if current else name.removeprefix(LATE))
        if file is None:
            return error_page(self._pages, request, 404, ErrorText.NOTHING)
        headers = {
            hdrs.CONTENT_TYPE: file.type,
            hdrs.CACHE_CONTROL: FOR_EVER if current else ASK_AGAIN,
            hdrs.VARY: hdrs.ACCEPT_ENCODING,
        }
        if "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            return web.Response(body=file.packed, headers={**headers, hdrs.CONTENT_ENCODING: "gzip"})
        return web.Response(body=file.body, headers=headers)
