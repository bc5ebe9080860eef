"""The standing of a meeting, for the frame of staff pages that have no live connection: settings, figures,
microphone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass

from aiohttp import hdrs, web

from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.session.state import State
from moothall.services.control.control_room import ControlRoom, gauges
from moothall.services.control.standing import standing
from moothall.services.sessions.staff import MayAct, Staff


@dataclass(eq=False, repr=False)
class StandingDoor:
    """Serves `/control/{session}/standing`.

    `state`: returns a session's state; None for a session that isn't loaded, which doesn't change.
    """

    control: ControlRoom
    _: KW_ONLY
    state: Callable[[SessionId], State | None]
    staff: Callable[[web.Request], Sequence[Staff]]
    may_act: MayAct

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/control/{session}/standing", self.tell, allow_head=False)]

    async def tell(self, request: web.Request) -> web.Response:
        """JSON with `stands`, the `Standing` by the meeting's own state, and `gauges` while it is on; either is null
        otherwise.
        """
        session = SessionId(request.match_info["session"])
        if not is_name(session) or not any(self.may_act(each, session) for each in self.staff(request)):
            return web.Response(status=403, text="The staff of this meeting see this: open your link.\n")
        state = self.state(session)
        card = next((each for each in self.control.cards if each.session == session), None)
        return web.json_response(
            {
                "stands": None if state is None else standing(state.status, (), off=not state.recorded),
                "gauges": None if card is None else gauges(card),
            },
            headers={hdrs.CACHE_CONTROL: "no-store"},
        )
