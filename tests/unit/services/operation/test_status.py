from __future__ import annotations

import msgspec

from moothall.services.operation.status import NodeStatus, ServerStatus, SessionStatus, status_lines, total_readers

OPEN = SessionStatus(
    session="plenary",
    title="Plenary",
    place="Main hall",
    status="open",
    readers=120,
    lag_s=2,
    words_age_s=75,
    alarms=("silence",),
)
QUIET = SessionStatus(
    session="s2", title="Second", place="", status="paused", readers=None, lag_s=0, words_age_s=None, alarms=()
)
STATUS = ServerStatus(
    release="1.2.3",
    address="http://127.0.0.1:8080",
    public="https://hall.example.org",
    since=1_000_000,
    at=1_000_000 + 2 * 86_400_000 + 3 * 3_600_000 + 59_000,
    draining=False,
    sessions=(OPEN, QUIET),
    readers=total_readers((OPEN, QUIET)),
    engines=2,
    engines_refused=1,
    engine_room=3,
    translators=True,
    directions=4,
    hubs=("kisumu",),
    hubs_known=2,
    disk_free=40_000_000_000,
    disk_all=100_000_000_000,
)


def test_all_of_it_in_sentences() -> None:
    assert status_lines(STATUS) == [
        "Moothall 1.2.3 at https://hall.example.org, up for 2 days 3 h.",
        (
            "- plenary (Plenary, Main hall): open, readers: 120, text 2 s behind, last words 1 min 15 s ago; "
            "to be seen to: silence"
        ),
        "- s2 (Second): paused, readers: fewer than 5, text 0 s behind, no words yet",
        "Readers: 120, without those of sessions that fewer than 5 read.",
        (
            "Engines: 2 connected, no more texts fit in time, and 3 with text that is late, whose service refuses the "
            "key: 1."
        ),
        "Translators: 4 directions.",
        "Hubs: 1 of 2 connected: kisumu.",
        "Disk: 40.0 GB of 100.0 GB are free.",
    ]


def test_a_server_that_has_nothing() -> None:
    bare = msgspec.structs.replace(
        STATUS,
        at=STATUS.since,
        draining=True,
        sessions=(),
        readers=0,
        engines=0,
        translators=False,
        hubs=(),
        hubs_known=0,
        disk_free=None,
    )
    assert status_lines(bare) == [
        "Moothall 1.2.3 at https://hall.example.org, up for 0 s.",
        "It drains: no new session begins, and it ends once those that are on are closed.",
        "No session is on.",
        "Readers: 0.",
        "Engines: none is connected, so nothing is recognised.",
        "Translators: none is connected, so nothing is translated.",
        "Hubs: 0 of 0 connected.",
    ]
    one_day = msgspec.structs.replace(bare, at=STATUS.since + 86_400_000)
    assert status_lines(one_day)[0].endswith("up for 1 day.")


def test_engines_with_room() -> None:
    roomy = msgspec.structs.replace(STATUS, engine_room=None, engines_refused=0)
    assert "Engines: 2 connected." in status_lines(roomy)


def test_a_node_says_who_keeps_the_house() -> None:
    def said(node: NodeStatus) -> list[str]:
        return status_lines(msgspec.structs.replace(STATUS, node=node, disk_free=None))[1:3]

    keeper = NodeStatus(name="north", keeper="north", keeper_address="http://10.0.0.1:8080")
    assert keeper.keeps
    assert said(keeper)[0] == "Node north keeps the house."
    assert said(keeper)[1].startswith("- plenary")
    assert said(msgspec.structs.replace(keeper, one_copy=True))[0] == (
        "Node north keeps the house on one copy: Redis is away, and what comes now is on this disk alone."
    )
    missing = msgspec.structs.replace(keeper, unconfirmed={"west": 2, "south": 1})
    assert status_lines(msgspec.structs.replace(STATUS, node=missing))[2:4] == [
        "Node south has not confirmed 1 removal: its disk may still hold what was removed, until it is back.",
        "Node west has not confirmed 2 removals: its disk may still hold what was removed, until it is back.",
    ]
    fault = msgspec.structs.replace(keeper, faults=("It keeps no append-only file.",))
    assert status_lines(msgspec.structs.replace(STATUS, node=fault))[2] == (
        "Redis can't be trusted any more. It keeps no append-only file."
    )
    unfilled = msgspec.structs.replace(keeper, unfilled=2)
    assert status_lines(msgspec.structs.replace(STATUS, node=unfilled))[2] == (
        "Redis lacks events of 2 sessions, which are filled again from this disk: leave it as it is meanwhile."
    )
    stuck = msgspec.structs.replace(keeper, stuck={"south": ("plenary:345", "other:7")})
    assert status_lines(msgspec.structs.replace(STATUS, node=stuck))[2] == (
        "Node south can't apply plenary:345, other:7, though it has applied later removals: its disk still holds what "
        "was removed. Its log says why."
    )
    other = msgspec.structs.replace(keeper, name="south")
    assert said(other) == [
        "Node south stands by; north keeps the house, at http://10.0.0.1:8080.",
        "Readers here: 120, without those of sessions that fewer than 5 read.",
    ]
    copied = msgspec.structs.replace(other, copied_ms=95_000)
    assert status_lines(msgspec.structs.replace(STATUS, node=copied))[3] == (
        "Sound that waits for its words at the keeper: 1 min 35 s are copied."
    )
    alone = NodeStatus(name="south", keeper=None, keeper_address="")
    assert said(alone)[0] == "Node south stands by; no node keeps the house at the moment."
