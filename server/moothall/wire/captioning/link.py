"""The protocol between a caption bridge and the server, and the bridge's buffer of text that isn't acknowledged yet.

JSON text messages over one WebSocket (`/captions/link`). The server begins with the number of the last post that it
accepted by this staff link, and with the marks of the last posts. The bridge sends one post at a time and waits for the
answer before the next. After a broken connection it continues from the number that the server then sends, so that no
text is duplicated or lost, even when other programs post by the same staff link meanwhile. When another program has
used a number first, the server closes the connection. To a server that was restarted the bridge says what text its
first deletes belong to (`Characters.behind`).
"""

from __future__ import annotations

import hashlib

import msgspec

from moothall.core.captioning.stream import DELETES, IGNORED

MOST_POST = 2_000
"""Most characters of one post, so that its bytes stay within what a server accepts."""
MOST_UNSENT = 100_000
"""Characters that a bridge buffers: more than an hour of speech. Overflow: the bridge stops reading from the captioning
program until the server has accepted some."""


MOST_BEHIND = 1_000
"""Characters of accepted text that a bridge remembers. Overflow: the oldest are forgotten, and deletes don't reach them
over a restart of the server."""


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin", tag_field="type"):
    """The server's first message."""

    seq: int
    """Number of the last post that was accepted; 0: none."""
    title: str = ""
    """Title of the session."""
    taken: tuple[str, ...] = ()
    """`mark`s of the last accepted posts, of any program."""


class PostAnswer(msgspec.Struct, frozen=True, kw_only=True, tag="taken", tag_field="type"):
    """The server's answer to a post: whether it was accepted, and if not, why."""

    seq: int
    kept: bool = True
    """Whether the text of the post is kept; False with `again` or, for good, with `sentence`."""
    again: bool = False
    """Whether the post was not accepted and should be sent again after a while."""
    sentence: str = ""
    """Why the text is not kept or the post was not accepted; a sentence for a person."""


class Characters(msgspec.Struct, frozen=True, kw_only=True, tag="text", tag_field="type"):
    """The bridge's post: the next characters, including delete characters."""

    seq: int
    text: str
    behind: str = ""
    """Where `text` begins with deletes and the server was restarted: the text before them, as the server accepted it
    before. A server from before this field passes it over."""

    @property
    def body(self) -> bytes:
        """The text in UTF-8, the bytes of which `mark` takes the digest."""
        return self.text.encode("utf-8", "replace")


FromServer = Begin | PostAnswer


def mark(seq: int, digest: bytes) -> str:
    """The identifier by which a post is recognised after a reconnection; `digest`: SHA-256 of its bytes."""
    return f"{seq}:{digest.hex()[:16]}"


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """The bridge's buffer: characters that the server hasn't accepted yet. Immutable."""

    waiting: str = ""
    """Characters that are in no post yet."""
    posted: Characters | None = None
    """The post that waits for its answer; None when none does."""
    seq: int = 0
    """The number of the newest post."""
    known: bool = False
    """Whether `Begin` has been received on the current connection."""
    accepted: str = ""
    """The newest text that the server has accepted, with its deletes applied."""
    forgot: bool = False
    """Whether the server has forgotten it, since it was restarted, and no post was accepted since then."""

    @property
    def size(self) -> int:
        """Characters that the server hasn't acknowledged."""
        return len(self.waiting) + (0 if self.posted is None else len(self.posted.text))

    @property
    def full(self) -> bool:
        """Whether the bridge has to stop reading from the captioning program."""
        return self.size >= MOST_UNSENT


def typed(unsent: Unsent, text: str) -> Unsent:
    """The buffer with `text` of the captioning program appended.

    A delete character removes the last character that is in no post yet; when there is none, it is sent.
    """
    waiting = list(unsent.waiting)
    for character in text:
        if character in DELETES and waiting and waiting[-1] not in DELETES:
            waiting.pop()
        elif character not in IGNORED:
            waiting.append(character)
    return msgspec.structs.replace(unsent, waiting="".join(waiting))


def next_post(unsent: Unsent) -> tuple[Unsent, Characters | None]:
    """The buffer after the next post was made, and that post.

    The post is None when no text waits, before `Begin`, and while an answer is outstanding.
    """
    if not unsent.known or unsent.posted is not None or not unsent.waiting:
        return unsent, None
    post = _behind(unsent, Characters(seq=unsent.seq + 1, text=unsent.waiting[:MOST_POST]))
    rest = unsent.waiting[MOST_POST:]
    return msgspec.structs.replace(unsent, waiting=rest, posted=post, seq=post.seq), post


def answered(unsent: Unsent, answer: PostAnswer) -> Unsent:
    """The buffer after an answer.

    A post that is to be sent again stays in it. An answer to any other than the outstanding post is ignored.
    """
    if unsent.posted is None or answer.seq != unsent.posted.seq or answer.again:
        return unsent
    accepted = _applied(unsent.accepted, unsent.posted.text)[-MOST_BEHIND:] if answer.kept else ""
    return msgspec.structs.replace(unsent, posted=None, accepted=accepted, forgot=False)


def begun(unsent: Unsent, begin: Begin) -> tuple[Unsent, Characters | None]:
    """The buffer after `Begin` on a new connection, and the post to be sent again, if the server lacks it.

    A restarted server has forgotten the numbers, and another program may have used a number; in both cases the post
    gets the next number after that of the server.
    """
    posted = unsent.posted
    unsent = msgspec.structs.replace(unsent, forgot=unsent.forgot or begin.seq < unsent.seq)
    if posted is not None and mark(posted.seq, hashlib.sha256(posted.body).digest()) in begin.taken:
        posted = None
    if posted is not None and posted.seq <= begin.seq:
        posted = msgspec.structs.replace(posted, seq=begin.seq + 1)
    posted = None if posted is None else _behind(unsent, posted)
    seq = max(begin.seq, 0 if posted is None else posted.seq)
    return msgspec.structs.replace(unsent, posted=posted, seq=seq, known=True), posted


def broken(unsent: Unsent) -> Unsent:
    """The buffer after the connection was lost."""
    return msgspec.structs.replace(unsent, known=False)


def left(unsent: Unsent) -> str:
    """The buffered text with its deletes applied, to show the captioner what was not sent.

    Deletes that reach back into text that was already accepted are ignored.
    """
    return _applied("", ("" if unsent.posted is None else unsent.posted.text) + unsent.waiting)


def _behind(unsent: Unsent, post: Characters) -> Characters:
    """The post with the text to which its deletes belong, where the server has forgotten that."""
    deletes = unsent.forgot and post.text[:1] in DELETES
    return msgspec.structs.replace(post, behind=unsent.accepted if deletes else "")


def _applied(text: str, more: str) -> str:
    """A text after further characters; deletes beyond its beginning are ignored."""
    signs = list(text)
    for sign in more:
        if sign not in DELETES:
            signs.append(sign)
        elif signs:
            signs.pop()
    return "".join(signs)
