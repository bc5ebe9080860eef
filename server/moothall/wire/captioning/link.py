"""What a caption bridge and the server say to one another, and what the bridge holds back until it was taken.

JSON text messages over one WebSocket (`/captions/link`). The server begins with the number of the last post that was
taken from this link, and with what the last ones were; the bridge sends one post at a time, and the next when the
answer has come. After a broken line it goes on from the number that the server says then, so that nothing comes twice
and nothing is left out, whatever other programs post by the same link meanwhile. Where one of them was quicker with a
number, the server ends the line.
"""

from __future__ import annotations

import hashlib

import msgspec

from moothall.core.captioning.stream import DELETES, IGNORED

MOST_POST = 2_000
"""Characters of one post: no more than the bytes that a server takes."""
MOST_UNSENT = 100_000
"""Characters that a bridge holds: more than an hour of speech. Overflow: it reads no more from the program until some
were taken."""


class Begin(msgspec.Struct, frozen=True, kw_only=True, tag="begin", tag_field="type"):
    """The server's first message."""

    seq: int
    """The last post that was taken; 0: none."""
    title: str = ""
    """Of the session."""
    taken: tuple[str, ...] = ()
    """`mark` of the last posts that were taken, of whichever program."""


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="taken", tag_field="type"):
    """A post was taken, or why it was not."""

    seq: int
    kept: bool = True
    again: bool = False
    """Whether it was not taken, and should be sent again in a while."""
    sentence: str = ""
    """Why nothing of it is kept, or why it was not taken, for a person."""


class Characters(msgspec.Struct, frozen=True, kw_only=True, tag="text", tag_field="type"):
    """The bridge's post: the next characters, deletes among them."""

    seq: int
    text: str

    @property
    def body(self) -> bytes:
        """What the server takes."""
        return self.text.encode("utf-8", "replace")


FromServer = Begin | Answer


def mark(seq: int, digest: bytes) -> str:
    """By what a post is known again; `digest`: SHA-256 of its bytes."""
    return f"{seq}:{digest.hex()[:16]}"


class Unsent(msgspec.Struct, frozen=True, kw_only=True):
    """What a bridge holds."""

    waiting: str = ""
    """Characters that are in no post yet."""
    posted: Characters | None = None
    """The post of which no answer has come."""
    seq: int = 0
    """The number of the newest post."""
    known: bool = False
    """Whether the server has said where it stands, on the line that there is now."""

    @property
    def size(self) -> int:
        """Characters of which it isn't known that they were taken."""
        return len(self.waiting) + (0 if self.posted is None else len(self.posted.text))

    @property
    def full(self) -> bool:
        """Whether nothing more is to be read from the program."""
        return self.size >= MOST_UNSENT


def typed(unsent: Unsent, text: str) -> Unsent:
    """With what came from the program. A delete takes away what is in no post yet, and else is sent."""
    waiting = list(unsent.waiting)
    for character in text:
        if character in DELETES and waiting and waiting[-1] not in DELETES:
            waiting.pop()
        elif character not in IGNORED:
            waiting.append(character)
    return msgspec.structs.replace(unsent, waiting="".join(waiting))


def next_post(unsent: Unsent) -> tuple[Unsent, Characters | None]:
    """The post to be sent now; None while there is nothing, or while an answer is awaited."""
    if not unsent.known or unsent.posted is not None or not unsent.waiting:
        return unsent, None
    post = Characters(seq=unsent.seq + 1, text=unsent.waiting[:MOST_POST])
    rest = unsent.waiting[MOST_POST:]
    return msgspec.structs.replace(unsent, waiting=rest, posted=post, seq=post.seq), post


def answered(unsent: Unsent, answer: Answer) -> Unsent:
    """After an answer; one that is awaited no more changes nothing. What is to be sent again stays."""
    if unsent.posted is None or answer.seq != unsent.posted.seq or answer.again:
        return unsent
    return msgspec.structs.replace(unsent, posted=None)


def begun(unsent: Unsent, begin: Begin) -> tuple[Unsent, Characters | None]:
    """On a new line: what has to be sent once more, if it was not taken.

    A server that was started anew has forgotten the numbers, and another program may have used them; then the post has
    the next one that the server knows.
    """
    posted = unsent.posted
    if posted is not None and mark(posted.seq, hashlib.sha256(posted.body).digest()) in begin.taken:
        posted = None
    if posted is not None and posted.seq <= begin.seq:
        posted = msgspec.structs.replace(posted, seq=begin.seq + 1)
    seq = max(begin.seq, 0 if posted is None else posted.seq)
    return msgspec.structs.replace(unsent, posted=posted, seq=seq, known=True), posted


def broken(unsent: Unsent) -> Unsent:
    """The line is gone."""
    return msgspec.structs.replace(unsent, known=False)


def left(unsent: Unsent) -> str:
    """What is held, as it reads: for whoever typed it, when nothing more can be sent. Deletes that reach what was taken
    before take nothing away.
    """
    text: list[str] = []
    for character in ("" if unsent.posted is None else unsent.posted.text) + unsent.waiting:
        if character not in DELETES:
            text.append(character)
        elif text:
            text.pop()
    return "".join(text)
