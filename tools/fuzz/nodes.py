"""Targets for the link of nodes, in both directions, for the events and the list of sound that one node requests of
another, and for a node's proof.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fuzz.hub_links import log
from fuzz.target import Target
from moothall.core.events.types import LaneHead
from moothall.core.kernel.errors import ProtocolError
from moothall.core.kernel.ids import ChannelId, Epoch, Lane, SessionId, SourceId
from moothall.wire.cluster import node_link, node_proof, node_sound
from moothall.wire.cluster.node_proof import Doubt, Proofs

SESSION = SessionId("s")
KEY, NONCE, NOW = bytes(range(32)), bytes(12), 1_764_000_000_000
STANDS = {Lane("session"): LaneHead(4, "00" * 32)}
TO_KEEPER: tuple[node_link.ToKeeper, ...] = (
    node_link.FollowSession(session=SESSION),
    node_link.LeaveSession(session=SESSION),
    node_link.ReadHere(session=SESSION, readers={ChannelId("floor"): 3}),
    node_link.Kept(session=SESSION, epoch=Epoch("1"), lanes=STANDS),
    node_link.Without(number=1, redis=True),
)
TO_NODE: tuple[node_link.ToNode, ...] = (
    node_link.News(
        session=SESSION,
        offset=4,
        signals=b'[{"kind":"partial","channel":"floor","segment":"s","first":0,"text":"x","language":"en"},{"kind":"y"}]',
    ),
    node_link.Tick(),
    node_link.Compare(session=SESSION, epoch=Epoch("1"), lanes=STANDS),
    node_link.AskWithout(number=1),
)


def link(data: bytes) -> None:
    """Check that a message, or a batch of events, is written as it was read; the first byte says which kind it is."""
    reads: tuple[Callable[[bytes], object], ...] = (_to_keeper, _to_node, _events)
    reads[data[0] % len(reads) if data else 0](data[1:])


def _to_keeper(frame: bytes) -> None:
    said = node_link.decode_to_keeper(frame)
    if node_link.decode_to_keeper(node_link.encode(said)) != said:
        raise AssertionError("A message to the keeper is read otherwise once more.")


def _to_node(frame: bytes) -> None:
    said = node_link.decode_to_node(frame)
    if node_link.decode_to_node(node_link.encode(said)) != said:
        raise AssertionError("A message to a node is read otherwise once more.")
    if isinstance(said, node_link.News):
        node_link.signals_of(said)


def _events(packed: bytes) -> None:
    records = node_link.unpack(packed)
    if node_link.unpack(node_link.pack(records)) != records:
        raise AssertionError("Events are read otherwise once more.")


def sound(data: bytes) -> None:
    """Check that a list of sound is written as it was read."""
    listed = node_sound.decode(data)
    if node_sound.decode(node_sound.encode(listed)) != listed:
        raise AssertionError("A list of sound is read otherwise once more.")


def proof(data: bytes) -> None:
    """Try a request with the fields of a node, a line each: method, target, node, address, scheme, host, proof, key.

    A stranger's proof is never accepted. The node's own proof of the same request is accepted, once.
    """
    lines = [line.decode("utf-8", "surrogateescape") for line in data.split(b"\n", 7)] + [""] * 7
    method, target, node, address, scheme, host, given, key = lines[:8]
    headers = {
        node_proof.NODE: node,
        node_proof.FOR: address,
        node_proof.PROTO: scheme,
        node_proof.HOST: host,
    }
    what = node_proof.carried(headers, method, target)
    if what is not None:
        proofs = Proofs(KEY, most=4)
        if proofs.doubt(given, what, wall=NOW, monotonic=0) is None:
            raise AssertionError("A stranger's proof is taken.")
        said = node_proof.proved(KEY, what, wall=NOW, nonce=NONCE)
        if node_proof.carried(said, method, target) != what:
            raise AssertionError("What a node says is read otherwise.")
        doubts = [proofs.doubt(said[node_proof.PROOF], what, wall=NOW, monotonic=0) for _ in range(2)]
        if doubts != [None, Doubt.REPEATED]:
            raise AssertionError(f"A node's own proof is answered {doubts}.")
        other = msgspec.structs.replace(what, host=what.host + "x")
        if proofs.doubt(said[node_proof.PROOF], other, wall=NOW, monotonic=0) is not Doubt.FORGED:
            raise AssertionError("A proof is good for another request.")
    node_proof.read_key(key)


ASKED = b"GET\n/s/s?ui=en\nnode-b\n2001:db8::1\nhttps\nhall.example.org:8443\n%d.AAAAAAAAAAAAAAAA.%b\n%b"

TARGETS = (
    Target(
        name="node-link",
        call=link,
        declared=(ProtocolError,),
        seeds=(
            *(b"\0" + node_link.encode(each) for each in TO_KEEPER),
            *(b"\1" + node_link.encode(each) for each in TO_NODE),
            b"\2" + node_link.pack(log()),
        ),
    ),
    Target(
        name="node-sound",
        call=sound,
        declared=(ProtocolError,),
        seeds=(
            node_sound.encode(
                (
                    node_sound.SpooledSound(
                        session=SESSION, source=SourceId("live-pull-0"), start=1, safe=480_001, version="1.0"
                    ),
                )
            ),
            b"[]",
        ),
    ),
    Target(
        name="node-proof",
        call=proof,
        declared=(ValueError,),
        seeds=(ASKED % (NOW, b"A" * 43, node_proof.key_text(KEY).encode()), b"GET\n/\n\n\n\n\n\nAAAA"),
        most=1_000,
    ),
)
