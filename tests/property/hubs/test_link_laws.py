"""Laws of a hub's uplink: each act is answered once, none overtakes an older one on a new connection, and no message is
passed on that belongs to an earlier choice of sessions.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from moothall.core.kernel.errors import RefusalCode
from moothall.core.kernel.ids import ChannelId, CommandId, Epoch, SessionId
from moothall.wire.hubs import messages as wire
from moothall.wire.hubs.acts import HeadCountAct
from moothall_hub.uplink.link import Link
from moothall_hub.uplink.parts import ClockReading, Do, Down, MessageReceived, Phase, Send

SESSIONS = (SessionId("plenary"), SessionId("water"))
WELCOME = wire.Welcome(protocol=1, hub="kisumu", title="Kisumu", above=(), wall=0, keys=b"{}")


class _Server:
    """Answers each thing once, in order, as long as the line holds; what is on its way is lost with the line."""

    def __init__(self) -> None:
        self.asked: list[wire.FromHub] = []
        self.wishes: dict[SessionId, int] = {}

    def answer(self, fate: int) -> wire.ToHub | None:
        if not self.asked:
            return None
        match self.asked.pop(0):
            case wire.Act(id=name):
                busy = wire.ActNotDone(id=name, code=RefusalCode.BUSY, message="Later.")
                no = wire.ActNotDone(id=name, code=RefusalCode.CONFLICT, message="Too late.")
                return (busy, no, wire.ActDone(id=name))[fate % 3]
            case wire.Follow(session=session, channels=channels):
                number = int(channels[0])
                self.wishes[session] = number
                return wire.Live(
                    session=session, epoch=Epoch("k"), channels=channels, begin=number, heads={}, missed=False
                )
        return None

    def batch(self, session: SessionId) -> wire.Batch:
        return wire.Batch(session=session, part=wire.FeedPart.LIVE, data=b"%d" % self.wishes[session])


def act(n: int) -> wire.Act:
    took = HeadCountAct(people=n)
    return wire.Act(id=CommandId(f"heads:{n}"), session=SESSIONS[0], at=0, act=took)


KINDS = ["follow", "leave", "act", "answer", "answer", "batch", "cut", "time"]
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)))


@given(STEPS)
def test_acts_and_wishes_survive_any_link(steps: list[tuple[str, int]]) -> None:
    link, server = Link("a" * 16, "0.1.0", lambda: 0.5), _Server()
    now, wishes, wanted = 0, 0, dict[SessionId, int]()
    outbox, answered = list[wire.Act](), list[CommandId]()
    on_link: list[CommandId] = []

    def do(done: list[Do]) -> None:
        for each in done:
            match each:
                case Send(message=message):
                    server.asked.append(message)
                    if isinstance(message, wire.Act):
                        on_link.append(message.id)
                case Down():
                    server.asked.clear()
                    server.wishes.clear()
                    on_link.clear()
                case MessageReceived(news=wire.ActDone(id=name) | wire.ActNotDone(id=name)):
                    answered.append(name)
                    outbox[:] = [each for each in outbox if each.id != name]
                case MessageReceived(news=wire.Live(session=session, begin=begin)):
                    assert begin == wanted[session], "the answer to the last wish"
                case MessageReceived(news=wire.Batch(session=session, data=data)):
                    assert int(data) == wanted[session], "of the last wish"

    for kind, number in steps:
        now += 700
        at, session = ClockReading(now, now), SESSIONS[number % 2]
        match kind:
            case "follow" if link.phase is Phase.UP:
                wishes += 1
                wanted[session] = wishes
                do(link.follow(wire.Follow(session=session, channels=(ChannelId(str(wishes)),))))
            case "leave":
                do(link.leave(session))
            case "act":
                outbox.append(act(len(outbox) + len(answered)))
                do(link.offer(outbox))
            case "answer":
                said = server.answer(number)
                if said is not None and link.phase is Phase.UP:
                    do(link.received(at, said))
            case "batch" if session in server.wishes and link.phase is Phase.UP:
                do(link.received(at, server.batch(session)))
            case "cut" if link.phase is Phase.UP:
                do(link.lost(at, 1006))
            case "time":
                now += 10_000
                do(link.tick(ClockReading(now, now)))
                if link.phase is Phase.DIALLING:
                    do(link.dialled(ClockReading(now, now)))
                    do(link.opened(ClockReading(now, now)))
                    do(link.received(ClockReading(now, now), WELCOME))
                    assert on_link == [each.id for each in outbox[: wire.MOST_ACTS]], "all again, the oldest first"
        assert len(answered) == len(set(answered)), "each once"
        assert len([each for each in server.asked if isinstance(each, wire.Act)]) <= wire.MOST_ACTS
