"""The private links with which those who gave a commitment confirm it themselves, or object to it.

A link is for one message of one session's report. The book has a digest of its secret and no name: as whom somebody
confirms, they say on their page, and the report's log has that.
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import KW_ONLY, dataclass

import msgspec

from moothall.core.kernel.errors import Refusal, RefusalCode, refuse
from moothall.core.kernel.ids import MessageId, SessionId
from moothall.core.ports import Book, BookEntry, Clock, Randomness
from moothall.services.sessions.browsers import digest_of, new_secret

NAMESPACE = "commitment"
MOST_LINKS = 10_000
"""Most links. Overflow: the next one is refused."""
VALID_MS = 90 * 86_400_000
"""How long a link is valid after it was made."""
_ID_BYTES = 5


class CommitmentLink(msgspec.Struct, frozen=True, kw_only=True):
    """The private link of whoever gave a commitment."""

    id: str
    """The pseudonym under which the log names its holder."""
    session: SessionId
    message: MessageId
    """The commitment, in the session's report."""
    digest: str
    """Hexadecimal SHA-256 of the link's secret."""
    made: int
    """When it was made, Unix ms."""

    @property
    def until(self) -> int:
        """When it ends, Unix ms."""
        return self.made + VALID_MS

    @property
    def proof(self) -> str:
        """What a browser keeps in place of the secret."""
        return hmac.digest(bytes.fromhex(self.digest), b"commitment", "sha256").hex()


_Place = tuple[SessionId, MessageId]


@dataclass(eq=False, repr=False)
class CommitmentLinks:
    """All links of those who gave commitments. Call `load` first."""

    _: KW_ONLY
    book: Book
    clock: Clock
    randomness: Randomness
    most: int = MOST_LINKS

    def __post_init__(self) -> None:
        # Bound: MOST_LINKS.
        self._links: dict[_Place, CommitmentLink] = {}
        # Serialises changes. Bound: the requests that wait for an answer.
        self._changing = asyncio.Lock()

    async def load(self) -> None:
        """Read the book. Raises StorageUnavailable."""
        decode = msgspec.json.Decoder(CommitmentLink).decode
        links = [decode(body) for body in (await self.book.read(NAMESPACE)).values()]
        self._links = {(link.session, link.message): link for link in links}

    def of(self, session: SessionId, message: MessageId) -> CommitmentLink | None:
        """The valid link of a commitment, or None."""
        link = self._links.get((session, message))
        return link if link is not None and self.clock.wall() < link.until else None

    def opened(self, session: SessionId, message: MessageId, secret: str) -> str | None:
        """The proof that a browser keeps for the secret of a link; None for a wrong one."""
        link = self.of(session, message)
        return link.proof if link is not None and hmac.compare_digest(link.digest, digest_of(secret)) else None

    def of_proof(self, session: SessionId, message: MessageId, proof: str) -> CommitmentLink | None:
        """The link of a browser's proof, while it is valid."""
        link = self.of(session, message)
        given = proof.encode("utf-8", "replace")
        return link if link is not None and hmac.compare_digest(link.proof.encode(), given) else None

    async def make(self, session: SessionId, message: MessageId) -> str | Refusal:
        """Make the link of a commitment, in place of an earlier one. Return its secret. Raises StorageUnavailable."""
        now = self.clock.wall()
        async with self._changing:
            over = [link for link in self._links.values() if now >= link.until]
            if len(self._links) - len(over) >= self.most and (session, message) not in self._links:
                return refuse(RefusalCode.BUSY, f"There are {self.most} links of commitments already.")
            secret = new_secret(self.randomness)
            link = CommitmentLink(
                id=self.randomness.bytes(_ID_BYTES).hex(),
                session=session,
                message=message,
                digest=digest_of(secret),
                made=now,
            )
            gone = [BookEntry(NAMESPACE, _key(each), None) for each in over]
            await self.book.write([*gone, BookEntry(NAMESPACE, _key(link), msgspec.json.encode(link))])
            for each in over:
                del self._links[each.session, each.message]
            self._links[session, message] = link
        return secret

    async def revoke(self, session: SessionId, message: MessageId) -> None:
        """Make the link of a commitment invalid. Raises StorageUnavailable."""
        async with self._changing:
            await self._drop([link for place, link in self._links.items() if place == (session, message)])

    async def forget(self, session: SessionId) -> None:
        """Delete all links of a session. Raises StorageUnavailable."""
        async with self._changing:
            await self._drop([link for link in self._links.values() if link.session == session])

    async def _drop(self, links: list[CommitmentLink]) -> None:
        if links:
            await self.book.write([BookEntry(NAMESPACE, _key(link), None) for link in links])
        for link in links:
            del self._links[link.session, link.message]


def _key(link: CommitmentLink) -> str:
    return f"{link.session}/{link.message}"
