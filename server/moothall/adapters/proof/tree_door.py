"""The public tree as static files: `/log/checkpoint`, `/log/tile/…` (c2sp.org/tlog-tiles), and what belongs to them.

Tiles never change, so that any cache may keep them. Entries may have to disappear when a session is no longer public.
A tree that succeeds another has files of its own, below `/log/1/` and so on, as its origin says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web

from moothall.adapters.http.security_headers import FOR_ANY_PAGE
from moothall.core.kernel.errors import RecordBroken, StorageUnavailable
from moothall.core.kernel.ids import SessionId
from moothall.core.proof.entries import bundle
from moothall.core.proof.tiles import ENTRIES, tile_name
from moothall.services.proof.tree import PublicTree

CHECKPOINT_CONTROL = "public, max-age=5"
TILE_CONTROL = "public, max-age=31536000, immutable"
ENTRIES_CONTROL = "public, max-age=60"
TEXT = "text/plain; charset=utf-8"
BYTES = "application/octet-stream"
NO_TILE = "The tree has no such tile yet. Its checkpoint says how many leaves it has."
NOT_OPEN = (
    "Not all of these entries are of meetings that public lists name. /log/open-entries/ has the others, and an empty "
    "entry for each of these."
)
NOT_YET = "The tree has no checkpoint yet; it gets one a minute or two after the first meeting began."


@dataclass(eq=False, repr=False)
class TreeDoor:
    """Handlers of the tree's files."""

    tree: PublicTree
    _: KW_ONLY
    open_to_all: Callable[[SessionId], bool]
    """Whether anyone may read a session, and public lists name it."""
    policy: Callable[[], str]
    """Returns the text of the policy file that this server offers."""

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/log/checkpoint", self.checkpoint),
            web.get("/log/{tree:[1-9][0-9]*}/checkpoint", self.checkpoint),
            web.get("/log/tile/{path:.+}", self.tile),
            web.get("/log/{tree:[1-9][0-9]*}/tile/{path:.+}", self.tile),
            web.get("/log/open-entries/{path:.+}", self.open_entries),
            web.get("/log/policy", self.offered_policy),
            web.get("/log/successions", self.successions),
            web.get("/log/conflicts", self.conflicts),
        ]

    async def checkpoint(self, request: web.Request) -> web.Response:
        """The newest checkpoint with all its signatures; of a former tree its last one."""
        note = self.tree.checkpoint(_number(request))
        return _refused(404, NOT_YET) if note is None else _answer(bytes(note), TEXT, CHECKPOINT_CONTROL)

    async def tile(self, request: web.Request) -> web.Response:
        """A tile of hashes, or a bundle of entries."""
        name = tile_name(request.match_info["path"])
        if name is None:
            return _refused(404, NO_TILE)
        try:
            if name.level != ENTRIES:
                hashes = await self.tree.tile_bytes(_number(request), name)
                return _refused(404, NO_TILE) if hashes is None else _answer(hashes, BYTES, TILE_CONTROL)
            now = self.tree.shown is not None and self.tree.shown.number == _number(request)
            entries = await self.tree.entries(name, self.open_to_all) if now else None
        except (StorageUnavailable, RecordBroken) as error:
            return _refused(503, str(error))
        return _refused(404, NOT_OPEN) if entries is None else _answer(bundle(entries), BYTES, ENTRIES_CONTROL)

    async def open_entries(self, request: web.Request) -> web.Response:
        """A bundle in which entries of sessions that aren't open to all are empty."""
        name = tile_name(f"entries/{request.match_info['path']}")
        try:
            entries = None if name is None else await self.tree.entries(name, self.open_to_all, gaps=True)
        except (StorageUnavailable, RecordBroken) as error:
            return _refused(503, str(error))
        return _refused(404, NO_TILE) if entries is None else _answer(bundle(entries), BYTES, ENTRIES_CONTROL)

    async def offered_policy(self, request: web.Request) -> web.Response:
        """A policy file to begin with."""
        return _answer(self.policy().encode(), TEXT, CHECKPOINT_CONTROL)

    async def successions(self, request: web.Request) -> web.Response:
        """The notes by which a tree succeeded another, oldest first; empty where none did."""
        return _answer(b"\n".join(self.tree.successions), TEXT, CHECKPOINT_CONTROL)

    async def conflicts(self, request: web.Request) -> web.Response:
        """Pairs of checkpoints that can't belong to one history: one that a witness has seen, and this server's."""
        pairs = (b"# seen by a witness\n" + seen + b"\n# here\n" + own for seen, own in self.tree.conflicts)
        return _answer(b"\n".join(pairs), TEXT, CHECKPOINT_CONTROL)


def _number(request: web.Request) -> int:
    """The number of the tree: 0 for the first one, whose address has none."""
    return int(request.match_info.get("tree", "0"))


def _answer(body: bytes, kind: str, control: str) -> web.Response:
    headers = {**FOR_ANY_PAGE, hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: control}
    return web.Response(body=body, headers=headers)


def _refused(status: int, sentence: str) -> web.Response:
    headers = {**FOR_ANY_PAGE, hdrs.CACHE_CONTROL: "no-store"}
    return web.Response(status=status, text=f"{sentence}\n", headers=headers)
