"""Where the public key is that verifies records: `/.well-known/moothall.json`."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web


class KeysDoor:
    """Publishes the keys' document (`moothall.adapters.store.signing`)."""

    def __init__(self, document: Mapping[str, object]) -> None:
        self._document = dict(document)

    def routes(self) -> list[web.RouteDef]:
        """For `app.add_routes`."""
        return [web.get("/.well-known/moothall.json", self.handle)]

    async def handle(self, request: web.Request) -> web.Response:
        """The document, for everybody and from everywhere."""
        headers = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
        return web.json_response(self._document, headers=headers)
