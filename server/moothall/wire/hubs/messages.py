"""The hub link: messages over one WebSocket, each a frame of its own, resumable in both directions.

A hub dials the server above it, the centre or another hub, with the key that it got by pairing, and sends `HubHello`.
The server answers `Welcome` and sends the `HubProgramme`. For each session that the hub wants it sends `Follow`, which
describes its copy. The server answers `Live`, which says where live events begin, then sends live `Batch`es as events
are written, and in between, as the bandwidth allows, batches of the events that the hub missed, oldest first. The hub
acknowledges each batch of missed events by `Taken` once it is on its disk, and at most `WINDOW_BYTES` of them are
unacknowledged, so that live events never queue behind them for long.

What the people in the hub's room do is sent upwards as `Act`s, in order, each with an id; each is answered by
`ActDone` or `ActNotDone`. An act is idempotent: the same id again gets the same answer and changes nothing. Nothing
depends on the hub's clock: a `HubPulse` carries the centre's time, and an act gives its time by the centre's clock.

A hub serves the same link to hubs below it. It prefixes the path of such a hub with its name (`north.kisumu`). `above`
in `Welcome` and `Above` names every node on the way up, so that a node which finds its own name there refuses the loop.
"""

from __future__ import annotations

from enum import IntEnum
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, get_args

import msgspec

from moothall.core.events.types import ChannelKind, LaneHead
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError, RefusalCode
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    Epoch,
    InterventionId,
    Lane,
    SessionId,
    is_command_id,
)
from moothall.core.sessions.state import Status
from moothall.core.signals import ChannelState, Sound, Summary
from moothall.wire.hubs.acts import AnyAct
from moothall.wire.kinds import Kinds, LinkVersions, UnknownKind

PROTOCOL = 1
VERSIONS = LinkVersions(link="hub link", own=PROTOCOL, first={1: "0.1.0"})
PATH = "/hub/link"
"""Path at which a server accepts hubs' links, on the port of its pages."""
KEY_NOT_KNOWN = "This hub's key is not known here: pair it again."
"""The body of a 401 for an unknown key. A hub takes a 401 with another body for a proxy's, which may be temporary."""
MAX_FRAME_BYTES = 256 << 10
"""Largest frame that either side accepts."""
WINDOW_BYTES = 12 << 10
"""Bytes of missed events that may be unacknowledged. A link of 64 kbit/s with a round trip of 600 ms holds 4.8 kB, and
a live event waits at most 1.5 s behind this window."""
MOST_ACTS = 16
"""Acts that may be unanswered. Overflow: the others wait in the hub's outbox, on its disk."""
PULSE_MS = 20_000
"""Interval of pulses of each side, ms. A hub's pulses ask for an answer, by which it learns the latency and the
centre's time; the server above sends none when it has sent another message within the interval."""
ANSWER_MS = 10_000
"""Time without any message after a pulse that asked for an answer, ms, after which a hub shows its readers that the
connection is down, since the last message."""
SILENT_MS = 5 * PULSE_MS // 2
"""Time without any message, ms (two and a half pulses), after which the link counts as dead and the hub dials again."""
SIGNALS = 1
"""The value of `HubHello.signals` of this release: it accepts the signals of `moothall.core.signals.Summary`."""


class OfferedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of an offered session."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A session that a hub may follow."""

    session: SessionId
    title: str
    place: str = ""
    """Name of the room."""
    begins: int | None = None
    """Planned beginning, Unix ms; None when it has no time."""
    ends: int | None = None
    """Planned end, Unix ms."""
    status: Status
    texts: tuple[OfferedText, ...] = ()
    """Its texts; empty while the session has no log."""


class FeedPart(IntEnum):
    """Which part of a session's events a batch belongs to."""

    LIVE = 0
    """Live events: they continue the previous live batch, or begin at `Live.begin`."""
    MISSED = 1
    """Events that the hub lacks between the end of its copy and `Live.begin`."""
    OWN = 2
    """The lanes of the hub itself and of the hubs below it, which no checkpoint signs."""


class HubMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """Base of most messages: encoded as a MessagePack map, to which a later release may add fields."""


class FrequentMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m", array_like=True):
    """Base of the most frequent messages: encoded as a MessagePack array, to save the names of the fields.

    The first element is the tag. A later release may add fields at the end.
    """


# Hub → server above


class HubHello(HubMessage, frozen=True, kw_only=True, tag="hello"):
    """The first message: identifies the hub's machine and release."""

    protocol: int
    node: str
    """Random name of this installation: distinguishes two machines of one hub, and reveals loops."""
    release: str
    """The hub's version of Moothall."""
    wall: int
    """The hub's wall clock, Unix ms; used only to warn when that clock is wrong."""
    signals: int = 0
    """Which `Signalled` messages it accepts: 0 none, as in earlier releases; 1 those of `SIGNALS`."""
    cosigns: bool = False
    """Whether it accepts `AddCheckpoint`; earlier releases don't."""


class HeldEvents(msgspec.Struct, frozen=True, kw_only=True):
    """A contiguous part of a hub's copy of a session."""

    offset: int
    """Offset of its last event."""
    heads: dict[Lane, LaneHead]
    """The heads of its lanes."""


class Follow(HubMessage, frozen=True, kw_only=True, tag="follow"):
    """The hub wants to follow this session. A later `Follow` replaces an earlier one of the session."""

    session: SessionId
    channels: tuple[ChannelId, ...]
    """The texts that it wants; the lanes `session` and `questions` are always included. Empty: the first text."""
    words: bool = False
    """Whether it wants single words as they are committed, and not only finished lines."""
    epoch: Epoch | None = None
    """Epoch of the hub's copy; None when it has no copy."""
    known: HeldEvents | None = None
    """The part of the copy that is complete from the first event on. A lane that isn't named in it is wanted from its
    first event."""
    live: HeldEvents | None = None
    """The part of the copy after a hole; it begins at `live_begin`. None when the copy has no hole."""
    live_begin: int = 0
    own: dict[Lane, LaneHead] = {}
    """The heads of the lanes of the hub itself and of the hubs below it."""
    number: int = 0
    """Chosen by the hub and repeated in `Live`, by which the hub matches the answer to the newest `Follow`."""


class Leave(HubMessage, frozen=True, kw_only=True, tag="leave"):
    """The hub stops following this session."""

    session: SessionId


class Taken(HubMessage, frozen=True, kw_only=True, tag="taken"):
    """Acknowledgement: all batches of missed events up to this number are on the hub's disk."""

    session: SessionId
    number: int


class Erased(HubMessage, frozen=True, kw_only=True, tag="erased"):
    """The hub and all hubs below it have erased from their disks what a `body.removed` event names."""

    session: SessionId
    offset: int
    """Offset of the `body.removed`; 0: see `Recall`."""


class Act(HubMessage, frozen=True, kw_only=True, tag="act"):
    """An act of the people in a hub's room."""

    id: CommandId
    """Chosen by the hub where it was done. For an `AskAct` it is `ask:` and the intervention's id, so that either
    machine of a hub sends the same."""
    session: SessionId
    at: int
    """When it was done, Unix ms by the centre's clock."""
    hub: str = ""
    """Path of the hub below from which it comes, with dots; empty when it comes from the sender's own room."""
    title: str = ""
    """The name that people use for that hub, which servers further up don't know."""
    act: AnyAct


class HubPulse(FrequentMessage, frozen=True, kw_only=True, tag=0):
    """A sign of life, both ways. A pulse with `echo` 0 is answered at once by a pulse that echoes its `sent`."""

    sent: int
    """Time of the sender's monotonic clock, ms."""
    echo: int = 0
    """The `sent` of the pulse that is answered; 0: this pulse asks for an answer."""
    wall: int
    """Unix ms: from a hub its own clock, from the server above the centre's."""
    age: int = 0
    """Downwards from a hub: how long ago the centre was last heard, ms."""


class TranslateQuestion(HubMessage, frozen=True, kw_only=True, tag="translate"):
    """A request to translate a published question for a reader. Answered by `QuestionTranslated` or
    `QuestionNotTranslated`.
    """

    number: int
    """Chosen by the hub and repeated in the answer."""
    session: SessionId
    intervention: InterventionId
    check: int
    """CRC-32 of the question's text (UTF-8) in the hub's copy; a translation of another wording is not wanted."""
    language: str
    """BCP-47 tag of the language to translate into."""


class CheckpointAnswer(HubMessage, frozen=True, kw_only=True, tag="checkpoint-answer", omit_defaults=True):
    """The answer to `AddCheckpoint`, as a witness gives it (c2sp.org/tlog-witness)."""

    number: int
    """That of the `AddCheckpoint`."""
    status: int
    """200: it cosigned. Else why it didn't, as a status of HTTP; 503: it can't store anything now."""
    lines: str = ""
    """The lines of its signatures."""
    size: int = 0
    """Size of the tree that it has cosigned last; 0: none."""
    known: bytes = b""
    """The checkpoint that it knows, where it didn't cosign and knows one."""
    key: str = ""
    """Its key for cosignatures, as a vkey; empty while it isn't paired."""


# Server above → hub


class AddCheckpoint(HubMessage, frozen=True, kw_only=True, tag="add-checkpoint"):
    """The centre asks the hub to cosign the newest checkpoint of its public tree. Sent only to hubs that said that they
    do (`HubHello.cosigns`), and only by the centre itself.
    """

    number: int
    """Chosen by the centre and repeated in the answer."""
    request: bytes
    """The body of `add-checkpoint` (c2sp.org/tlog-witness)."""


class Welcome(HubMessage, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `HubHello`."""

    protocol: int
    hub: str
    """The hub's id at this server."""
    title: str
    """The hub's name for people."""
    above: tuple[str, ...]
    """Names of the nodes from the centre down to this server."""
    wall: int
    """Time of the centre's clock, Unix ms."""
    keys: bytes
    """The centre's public keys: the JSON of its `/.well-known/moothall.json`."""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's public address, for people."""
    up: bool = True
    """Whether the server is connected to the centre; False from a hub that has lost its own uplink."""
    age: int = 0
    """As in `HubPulse`."""


class Above(HubMessage, frozen=True, kw_only=True, tag="above"):
    """The nodes above have changed, or the server has lost or regained its own uplink."""

    above: tuple[str, ...]
    up: bool = True
    """As in `Welcome`."""
    age: int = 0
    """As in `HubPulse`."""


class HubProgramme(HubMessage, frozen=True, kw_only=True, tag="programme", omit_defaults=True):
    """The sessions that the hub may follow: first all of them, then changes."""

    sessions: tuple[Offered, ...]
    changes: bool = False
    """Whether it lists only the sessions that are new or changed since the last one (`wire.hubs.programme`)."""
    gone: tuple[SessionId, ...] = ()
    """With `changes`: sessions that are no longer offered."""
    more: bool = False
    """Whether another message continues it, so that the hub must not yet treat missing sessions as gone."""


class Live(HubMessage, frozen=True, kw_only=True, tag="live"):
    """The answer to `Follow`: where live batches begin."""

    session: SessionId
    epoch: Epoch
    channels: tuple[ChannelId, ...]
    begin: int
    """Offset after which live batches begin."""
    heads: dict[Lane, LaneHead]
    """The heads of the lanes at `begin`."""
    missed: bool
    """Whether the hub lacks events up to `begin`, which are sent in batches of `FeedPart.MISSED`."""
    goes_on: bool = False
    """Whether live batches continue the part of the hub's copy after its hole (`Follow.live`)."""
    number: int = 0
    """The `number` of the `Follow` that is answered."""


class Batch(FrequentMessage, frozen=True, kw_only=True, tag=1):
    """A batch of events, packed by `moothall.wire.hubs.records`."""

    session: SessionId
    part: FeedPart
    number: int = 0
    """For `FeedPart.MISSED` the batch's number, counted from 1 since `Live`; 0 otherwise."""
    data: bytes


class Caught(HubMessage, frozen=True, kw_only=True, tag="caught"):
    """All missed events up to `Live.begin` have been sent."""

    session: SessionId


class Signalled(HubMessage, frozen=True, kw_only=True, tag="signal"):
    """The current state of a text of a session; the newest signal of a key (`Signal.key`) replaces earlier ones.

    Sent after `Live`, and again after changes that people would notice. Nothing is sent for a normal state.
    """

    session: SessionId
    signal: Summary


class _State(FrequentMessage, frozen=True, kw_only=True, tag=2):
    """`Signalled` with a `ChannelState`: while an engine is late it is sent every few seconds."""

    session: SessionId
    channel: ChannelId
    sound: Sound
    lag: int
    t: int


class Stopped(HubMessage, frozen=True, kw_only=True, tag="stopped"):
    """The server stops sending events of this session."""

    session: SessionId
    message: str
    """Why, as a sentence for a person."""
    lane: Lane | None = None
    """The lane in which the hub's copy differs from the log; None when it doesn't."""
    offset: int | None = None
    """The offset of the first event that differs; None when none does."""


class Recall(HubMessage, frozen=True, kw_only=True, tag="recall"):
    """The hub's machine may hold data that was removed: it has to erase it and answer `Erased`.

    To do so it follows the session until it has received the `body.removed` event.
    """

    session: SessionId
    epoch: Epoch
    """Epoch of the log that the machine has a copy of."""
    offset: int
    """Offset of the `body.removed`. 0: the session was deleted or is no longer public, and the whole copy is erased."""


class ActDone(HubMessage, frozen=True, kw_only=True, tag="done"):
    """An act is stored in the log or in the centre's book."""

    id: CommandId


class ActNotDone(HubMessage, frozen=True, kw_only=True, tag="not-done"):
    """An act was refused. After `busy` and `unavailable` the hub sends it again 5 s later; other codes are final."""

    id: CommandId
    code: RefusalCode
    message: str
    """Why, as a sentence for a person."""


class QuestionTranslated(HubMessage, frozen=True, kw_only=True, tag="translated"):
    """The answer to `TranslateQuestion`."""

    number: int
    text: str
    route: str
    """Name of the route by which it was made (`moothall.core.translation.routes.Route.name`)."""
    rough: bool = False
    """Whether the translation gives only the gist."""


class QuestionNotTranslated(HubMessage, frozen=True, kw_only=True, tag="not-translated"):
    """The refusal of `TranslateQuestion`. The code `unknown`: no translator is available between the two languages
    now.
    """

    number: int
    code: RefusalCode
    message: str
    """Why, as a sentence for a person."""


FromHub = HubHello | Follow | Leave | Taken | Erased | Act | TranslateQuestion | CheckpointAnswer | HubPulse
ToHub = (
    Welcome
    | Above
    | HubProgramme
    | Live
    | Batch
    | Caught
    | Signalled
    | Stopped
    | Recall
    | ActDone
    | ActNotDone
    | QuestionTranslated
    | QuestionNotTranslated
    | AddCheckpoint
    | HubPulse
)


class UnknownAct(UnknownKind):
    """An act is of a kind that this release doesn't know. The server has to answer it, so that the next one follows."""

    def __init__(self, name: CommandId) -> None:
        super().__init__("An act is of a kind that this release does not know.")
        self.id = name


class _AnyKind(msgspec.Struct):
    type: str


class _ActOfAnyKind(msgspec.Struct):
    m: Literal["act"]
    id: CommandId
    act: _AnyKind


_encoder = msgspec.msgpack.Encoder()


def _kinds(messages: UnionType) -> tuple[Kinds[Any], Kinds[Any]]:
    """The decoders of the messages that are maps and of those that are arrays: msgspec allows no union of both."""
    arrays = [kind for kind in get_args(messages) if issubclass(kind, FrequentMessage)]
    maps = [kind for kind in get_args(messages) if kind not in arrays]
    known = get_args(FromHub | ToHub | _State)
    return (
        Kinds(msgspec.msgpack.Decoder(reduce(or_, maps)), known),
        Kinds(msgspec.msgpack.Decoder(reduce(or_, arrays)), known, arrays=True),
    )


_from_hub, _frequent_from_hub = _kinds(FromHub)
_to_hub, _frequent_to_hub = _kinds(ToHub | _State)
_acts = {kind.__struct_config__.tag for kind in get_args(AnyAct)}
_act_of_any_kind = msgspec.msgpack.Decoder(_ActOfAnyKind)


def encode(message: FromHub | ToHub) -> bytes:
    """The frame of a message."""
    if isinstance(message, Signalled) and isinstance(message.signal, ChannelState):
        return _encoder.encode(_State(session=message.session, **msgspec.structs.asdict(message.signal)))
    return _encoder.encode(message)


def decode_from_hub(frame: bytes) -> FromHub:
    """Decode a frame that a hub sent; raises ProtocolError.

    Of its subclasses UnknownKind may be ignored, and UnknownAct has to be answered.
    """
    try:
        message: FromHub = (_frequent_from_hub if _is_array(frame) else _from_hub).read(frame)
    except Unreadable as error:
        if (unknown := _unknown_act(frame)) is not None:
            raise UnknownAct(unknown) from None
        raise _unreadable(frame, "a hub", error) from error
    return message


def decode_to_hub(frame: bytes) -> ToHub:
    """Decode a frame that the server above sent; raises ProtocolError, whose subclass UnknownKind may be ignored."""
    try:
        message: ToHub | _State = (_frequent_to_hub if _is_array(frame) else _to_hub).read(frame)
    except Unreadable as error:
        raise _unreadable(frame, "the server above", error) from error
    if not isinstance(message, _State):
        return message
    state = ChannelState(channel=message.channel, sound=message.sound, lag=message.lag, t=message.t)
    return Signalled(session=message.session, signal=state)


def _unknown_act(frame: bytes) -> CommandId | None:
    """The id of an act of an unknown kind; None for every other frame."""
    try:
        act = read(_act_of_any_kind, frame)
    except Unreadable:
        return None
    return None if act.act.type in _acts or not is_command_id(act.id) else act.id


def _is_array(frame: bytes) -> bool:
    """Whether the frame begins as a MessagePack array of at most 15 elements."""
    return b"\x90" <= frame[:1] <= b"\x9f"


def _unreadable(frame: bytes, sender: str, error: Exception) -> ProtocolError:
    why = str(error).rstrip(".")
    return ProtocolError(f"A frame of {len(frame)} bytes from {sender} can't be read: {why}.")
