"""The hub link: messages over one WebSocket, each a frame of its own, resumable both ways.

A hub dials the server above it, the centre or another hub, with the key that it got when it was paired, and says
`Hello`. It is answered by `Welcome`, and told of `HubProgramme`. For each session that it wants it says `Follow` with
what its copy has. The answer is `Live`: where what is said now begins; then `Batch`es of it as they come, and between
them, as the line allows, batches of what was missed, oldest first.
Each batch of what was missed is answered by `Taken` once
it is on the hub's disk, and no more than `WINDOW_BYTES` are on their way: so what is said now never waits behind them.

What the room does goes up as `Act`s, in order, each with an id of its own; each is answered by `Done` or `NotDone`. The
same id again is answered as the first time and changes nothing. Nothing here depends on the hub's clock: a `Pulse`
carries the time of the server above, and acts say in that time when they were done.

Hubs below hubs: a hub serves the same link. It prefixes the names of those below with their own (`north.kisumu`), and
`above` in `Welcome` and `Above` names every node on the way up, so that one that finds itself there refuses the loop.
"""

from __future__ import annotations

from enum import IntEnum
from functools import reduce
from operator import or_
from types import UnionType
from typing import Any, Literal, get_args

import msgspec

from moothall.core.events.question_parts import InterventionStatus, Kind
from moothall.core.events.types import ChannelKind, LaneHead
from moothall.core.kernel.decoding import Unreadable, read
from moothall.core.kernel.errors import ProtocolError, RefusalCode
from moothall.core.kernel.ids import (
    ChannelId,
    CommandId,
    Epoch,
    InterventionId,
    Lane,
    NoteId,
    PollId,
    SessionId,
    is_command_id,
)
from moothall.core.session.state import Status
from moothall.core.signals import ChannelState, Sound, Summary
from moothall.wire.kinds import Kinds, LinkVersions, UnknownKind

PROTOCOL = 1
VERSIONS = LinkVersions(link="hub link", own=PROTOCOL, first={1: "0.1.0"})
PATH = "/hub/link"
"""Where a server takes hubs' links, on the port of its pages."""
KEY_NOT_KNOWN = "This hub's key is not known here: pair it again."
"""The body of the 401 for a key that nobody has. A proxy's 401 says something else, and may be gone tomorrow."""
MAX_FRAME_BYTES = 256 << 10
"""Largest frame that either side accepts."""
WINDOW_BYTES = 12 << 10
"""Bytes of what was missed that may be on their way: at 64 kbit/s and 600 ms a full line holds 4.8 kB, and what is said
now waits 1.5 s at most behind this much."""
MOST_ACTS = 16
"""Acts that may be on their way. Overflow: the others wait in the hub's outbox, on its disk."""
PULSE_MS = 20_000
"""How often each side says that it is there. A hub asks each time, to know its delay and the centre's clock; the server
above says nothing where it has said something else meanwhile."""
ANSWER_MS = 10_000
"""A hub that has heard nothing for so long after it asked says to its readers that the line is down, since it last
heard anything."""
SILENT_MS = 5 * PULSE_MS // 2
"""Nothing heard for so long, two and a half pulses: the link is dead, and the hub dials again."""
SIGNALS = 1
"""Which signals this release takes (`Hello.signals`): those of `moothall.core.signals.Summary`."""


class OfferedText(msgspec.Struct, frozen=True, kw_only=True):
    """A text of a session."""

    channel: ChannelId
    kind: ChannelKind
    languages: tuple[str, ...]


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A session that a hub may follow."""

    session: SessionId
    title: str
    place: str = ""
    begins: int | None = None
    """When it is planned, Unix ms."""
    ends: int | None = None
    status: Status
    texts: tuple[OfferedText, ...] = ()
    """Empty while there is no log of it."""


class AskAct(msgspec.Struct, frozen=True, kw_only=True, tag="ask"):
    """Somebody in the room asks or comments, or wants to speak."""

    intervention: InterventionId
    kind: Kind
    text: str
    language: str
    name: str = ""
    asker: str = ""
    """Tells those who ask apart, in this room alone; no name."""


class StandAct(msgspec.Struct, frozen=True, kw_only=True, tag="stand"):
    """The author of an intervention takes it back, puts it off, or brings it into the queue or the check again."""

    intervention: InterventionId
    status: InterventionStatus


class HoldAct(msgspec.Struct, frozen=True, kw_only=True, tag="hold"):
    """The author of an intervention, whose turn it is, needs longer to begin."""

    intervention: InterventionId


class TypeAct(msgspec.Struct, frozen=True, kw_only=True, tag="type"):
    """The author of an intervention, whose turn it is, has typed a line."""

    intervention: InterventionId
    line: str
    """Its name, that the author's page has chosen: up to 24 small letters and digits."""
    text: str


class ReportAct(msgspec.Struct, frozen=True, kw_only=True, tag="report"):
    """Somebody in the room reports an intervention as rude."""

    intervention: InterventionId


class SupportAct(msgspec.Struct, frozen=True, kw_only=True, tag="support"):
    """How many in the room would ask this too, altogether."""

    intervention: InterventionId
    count: int


class HandsAct(msgspec.Struct, frozen=True, kw_only=True, tag="hands"):
    """How many in the room have chosen each option of a show of hands, altogether; no ballot leaves the room."""

    poll: PollId
    counts: tuple[int, ...]


class HeadCountAct(msgspec.Struct, frozen=True, kw_only=True, tag="heads"):
    """How many are in the room."""

    people: int


class NoteAct(msgspec.Struct, frozen=True, kw_only=True, tag="note"):
    """The coordinator tells the moderator something."""

    note: NoteId
    text: str


class NoteReadAct(msgspec.Struct, frozen=True, kw_only=True, tag="note-read"):
    """The coordinator has read a note."""

    note: NoteId


AnyAct = (
    AskAct | StandAct | HoldAct | TypeAct | ReportAct | SupportAct | HandsAct | HeadCountAct | NoteAct | NoteReadAct
)
"""What a room can do."""


class FeedPart(IntEnum):
    """What a batch is of."""

    LIVE = 0
    """What is said now: it follows on the batch of this part before it, or on `Live`."""
    MISSED = 1
    """What the hub lacks between its copy and where `Live` begins."""
    OWN = 2
    """The hub's own lane and those of the hubs below it, which nobody signs."""


class Message(msgspec.Struct, frozen=True, kw_only=True, tag_field="m"):
    """A frame of the hub link: a MessagePack map, to which a later release may add fields."""


class FrequentMessage(msgspec.Struct, frozen=True, kw_only=True, tag_field="m", array_like=True):
    """A frame that is sent all the time: a MessagePack array, since the names of its fields would be longer than the
    rest. The tag stands first. A later release may add fields at the end.
    """


# Hub → server above


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First: who I am."""

    protocol: int
    node: str
    """Random name of this installation: tells two machines of one hub apart, and shows loops."""
    release: str
    """Moothall's version there."""
    wall: int
    """What the hub's own clock says, Unix ms: only to be named where it is wrong."""
    signals: int = 0
    """Which `Signalled` it takes: 0, as hubs of before say, none; 1 those of `SIGNALS`."""


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a hub's copy."""

    offset: int
    """Its last event."""
    heads: dict[Lane, LaneHead]
    """Where its lanes end."""


class Follow(Message, frozen=True, kw_only=True, tag="follow"):
    """I want this session. Said again it takes the place of what was wanted before."""

    session: SessionId
    channels: tuple[ChannelId, ...]
    """Its texts; the lanes `session` and `questions` come with them. Empty: the first one."""
    words: bool = False
    """Whether words are wanted as they come, and not only finished lines."""
    epoch: Epoch | None = None
    """Of the copy; None: there is none."""
    known: Held | None = None
    """What the copy holds from the first event on without a hole. A lane that isn't named is wanted from its first."""
    live: Held | None = None
    """What it holds behind a hole; where that begins, `live_begin` says."""
    live_begin: int = 0
    own: dict[Lane, LaneHead] = {}
    """Where its own lane ends, and those of the hubs below."""
    number: int = 0
    """Of the hub's choice, comes back in `Live`: tells the answer from one to a `Follow` before."""


class Leave(Message, frozen=True, kw_only=True, tag="leave"):
    """I want nothing more of this session."""

    session: SessionId


class Taken(Message, frozen=True, kw_only=True, tag="taken"):
    """All batches of what was missed, up to this number, are on my disk."""

    session: SessionId
    number: int


class Erased(Message, frozen=True, kw_only=True, tag="erased"):
    """What the event at this offset (`body.removed`; 0: see `Recall`) names is gone from my disk and those below me."""

    session: SessionId
    offset: int


class Act(Message, frozen=True, kw_only=True, tag="act"):
    """Something that the room did."""

    id: CommandId
    """Chosen where it was done. Of an `AskAct` it is `ask:` and the intervention: from either machine the same."""
    session: SessionId
    at: int
    """When it was done, Unix ms of the centre's clock."""
    hub: str = ""
    """The hub below, from which it comes, as a dotted path; empty: this one's own room."""
    title: str = ""
    """What people call that hub: those further up don't know it."""
    act: AnyAct


class Pulse(FrequentMessage, frozen=True, kw_only=True, tag=0):
    """Both ways: I am there. A pulse with `echo` 0 is answered at once by one that echoes its `sent`."""

    sent: int
    """ms of the sender's monotonic clock."""
    echo: int = 0
    """The `sent` that is answered."""
    wall: int
    """Unix ms of the sender's clock; downwards it is the centre's."""
    age: int = 0
    """Downwards from a hub: how long ago it was that the centre was last heard, ms."""


class Translate(Message, frozen=True, kw_only=True, tag="translate"):
    """Somebody here reads a published question in another language. Answered by `Translated` or `NotTranslated`."""

    number: int
    """Of the hub's choice, comes back in the answer."""
    session: SessionId
    intervention: InterventionId
    check: int
    """CRC-32 of the question's text (UTF-8) in the hub's copy: no translation of another wording is wanted."""
    language: str
    """BCP-47."""


# Server above → hub


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `Hello`."""

    protocol: int
    hub: str
    """The hub's name here."""
    title: str
    """What people call it."""
    above: tuple[str, ...]
    """The nodes from the centre down to this server."""
    wall: int
    """Unix ms of the centre's clock."""
    keys: bytes
    """The centre's public keys: the JSON of its `/.well-known/moothall.json`."""
    zone: str = ""
    """IANA name of the conference's time zone."""
    address: str = ""
    """The centre's public address, for people."""
    up: bool = True
    """Whether the way up to the centre stands: a hub that serves others says so when its own line is down."""
    age: int = 0
    """As in `Pulse`."""


class Above(Message, frozen=True, kw_only=True, tag="above"):
    """The way up has changed, or its line came or went."""

    above: tuple[str, ...]
    up: bool = True
    """As in `Welcome`."""
    age: int = 0
    """As in `Pulse`."""


class HubProgramme(Message, frozen=True, kw_only=True, tag="programme", omit_defaults=True):
    """What may be followed: all of it at the beginning, and then what has changed."""

    sessions: tuple[Offered, ...]
    changes: bool = False
    """Whether it is no more than what is new or has changed since the one before (`moothall.wire.hub.programme`)."""
    gone: tuple[SessionId, ...] = ()
    """With `changes`: what isn't offered any more."""
    more: bool = False
    """Whether it goes on in another one, so that nothing of it is to be gone by before."""


class Live(Message, frozen=True, kw_only=True, tag="live"):
    """The answer to `Follow`: live batches begin behind `begin`, where the lanes stood at `heads`."""

    session: SessionId
    epoch: Epoch
    channels: tuple[ChannelId, ...]
    begin: int
    heads: dict[Lane, LaneHead]
    missed: bool
    """False: that is where the hub's copy ends, and no batch of what was missed comes."""
    goes_on: bool = False
    """Whether it continues what the hub holds behind its hole (`Follow.live`)."""
    number: int = 0
    """That of the `Follow` that is answered."""


class Batch(FrequentMessage, frozen=True, kw_only=True, tag=1):
    """Events, as `moothall.wire.hub.records` packs them."""

    session: SessionId
    part: FeedPart
    number: int = 0
    """Of those of what was missed: counts from 1 since `Live`; else 0."""
    data: bytes


class Caught(Message, frozen=True, kw_only=True, tag="caught"):
    """All that was missed has been sent, up to where `Live` begins."""

    session: SessionId


class Signalled(Message, frozen=True, kw_only=True, tag="signal"):
    """How a text of a session is doing at the moment; the newest of a key (`Signal.key`) counts, on this link.

    It comes behind `Live`, and when it has changed by as much as people notice. Of what is as always nothing is said.
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


class Stopped(Message, frozen=True, kw_only=True, tag="stopped"):
    """Nothing more comes of this session: why, for a person."""

    session: SessionId
    message: str
    lane: Lane | None = None
    """Where the copy differs from the log: in which lane,"""
    offset: int | None = None
    """and at which event."""


class Recall(Message, frozen=True, kw_only=True, tag="recall"):
    """Your machine may hold what was removed: follow the session until you have that event, and say `Erased` then."""

    session: SessionId
    epoch: Epoch
    """Of the log that the machine has a copy of."""
    offset: int
    """Of the `body.removed`. 0: the session is no more, or not everybody may read it any more, and all of it goes."""


class Done(Message, frozen=True, kw_only=True, tag="done"):
    """An act is in the log, or in the centre's book."""

    id: CommandId


class NotDone(Message, frozen=True, kw_only=True, tag="not-done"):
    """An act was refused. `busy` and `unavailable` are not for good: it is to be sent again, after 5 s."""

    id: CommandId
    code: RefusalCode
    message: str
    """A sentence."""


class Translated(Message, frozen=True, kw_only=True, tag="translated"):
    """The answer to `Translate`."""

    number: int
    text: str
    route: str
    """The translators that made it (`moothall.core.translating.routes.Route.name`)."""
    rough: bool = False
    """Whether it gives the gist only."""


class NotTranslated(Message, frozen=True, kw_only=True, tag="not-translated"):
    """The refusal of `Translate`. `unknown`: nothing translates between the two languages at the moment."""

    number: int
    code: RefusalCode
    message: str
    """A sentence."""


FromHub = Hello | Follow | Leave | Taken | Erased | Act | Translate | Pulse
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
    | Done
    | NotDone
    | Translated
    | NotTranslated
    | Pulse
)


class UnknownAct(UnknownKind):
    """A room did something of a kind that this release doesn't know: it is answered, and the next one comes."""

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
    """Of those that are maps, and of those that are arrays: a union can't have both."""
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
    """Read what a hub sent; raises ProtocolError with a sentence when it isn't a message.

    Of those UnknownKind may be passed over, and UnknownAct is to be answered.
    """
    try:
        message: FromHub = (_frequent_from_hub if _is_array(frame) else _from_hub).read(frame)
    except Unreadable as error:
        if (unknown := _unknown_act(frame)) is not None:
            raise UnknownAct(unknown) from None
        raise _unreadable(frame, "a hub", error) from error
    return message


def decode_to_hub(frame: bytes) -> ToHub:
    """Read what the server above sent; raises ProtocolError with a sentence when it isn't a message.

    Of those UnknownKind may be passed over.
    """
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
    """Whether it begins as a MessagePack array of at most 15 elements."""
    return b"\x90" <= frame[:1] <= b"\x9f"


def _unreadable(frame: bytes, sender: str, error: Exception) -> ProtocolError:
    why = str(error).rstrip(".")
    return ProtocolError(f"A frame of {len(frame)} bytes from {sender} can't be read: {why}.")
