"""`/control`, the overview of all sessions: tiles that work without scripts, and update live where scripts run; and the
standing of one of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from urllib.parse import quote, urlencode

import msgspec
from aiohttp import hdrs, web
from babel.numbers import format_decimal

from moothall.adapters.desks.control_socket import ROLES, visible
from moothall.adapters.pages.catalogues import Catalogue
from moothall.adapters.pages.meeting_texts import delay_told, quality_line, reach_part, recognition_lines
from moothall.adapters.pages.request_context import language, own_html
from moothall.adapters.pages.staff_frame import Asked, StaffOf, house_frame
from moothall.adapters.pages.templates import Pages, script_json
from moothall.adapters.pages.texts import ErrorText
from moothall.core.events.types import ChannelKind
from moothall.core.kernel.ids import SessionId, is_name
from moothall.core.kernel.times import Zone, clock_time, time_of_day
from moothall.core.sessions.state import State
from moothall.services.control.alarms import GIGABYTE, LATE_MS
from moothall.services.control.control_room import ControlRoom, Overview, RoomCard, gauges
from moothall.services.control.standing import standing
from moothall.services.sessions.staff import MayAct
from moothall.services.translation.text_translation import Reach

OLD_S, DEAD_S = 15, 3
"""The delay is unknown when the last sound is older than `OLD_S`; digital silence for `DEAD_S` is reported. Both in s,
and the same as in control.js."""
_SENTENCE = re.compile(r"((?:\u2068[^\u2069]*\u2069|[^.\u3002\uff1f?\u061f])*[.\u3002\uff1f?\u061f])\s*(.+)", re.DOTALL)


@dataclass(eq=False, repr=False)
class ControlDoor:
    """Serves the page.

    `reach`: which languages can be translated now. `recognition`: of 100 words how many come out wrong, by the models
    that are connected and by language.
    """

    pages: Pages
    control: ControlRoom
    _: KW_ONLY
    staff: StaffOf
    may_act: MayAct
    reach: Callable[[], Reach] = Reach
    recognition: Callable[[], Mapping[str, Mapping[str, float]]] = dict

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/control", self.page)]

    async def page(self, request: web.Request) -> web.Response:
        """The page, or a sentence that says why it isn't shown. `?big=1`: for a wall screen without input."""
        ui = language(self.pages, request)
        everything = self.staff(request)
        links = [staff for staff in everything if staff.role in ROLES]
        if not links:
            return own_html(self.pages.render_error(401, ErrorText.STAFF, ui=ui), ui, status=401)
        big = request.query.get("big") == "1"
        here = Asked(path=request.path, language=ui.chosen)
        frame = house_frame(everything, ui, self.pages.zone(), asked=here)
        self.control.look()
        cards, overview = visible(self.control.cards, links, self.may_act), self.control.overview
        text = self.pages.render(
            "control/control.html",
            ui=ui,
            frame=frame | {"tabs": []} if big else frame,
            rows=[_row(card, ui, self.pages.zone()) for card in cards],
            made=ui.text("As of {time}", time=clock_time(self.pages.zone().at(overview.at))),
            overview=_overview(overview, ui),
            alarms=[_alarm(each.kind, each.values, each.by, urgent=each.urgent, ui=ui) for each in overview.alarms],
            translation=reach_part(self.reach(), ui),
            recognition=recognition_lines(self.recognition(), ui),
            again="/control?" + urlencode({"ui": ui.language}),
            big=big,
            for_big_screen="/control?" + urlencode({"ui": ui.language, "big": "1"}),
            in_language=lambda tag: f"/control?{urlencode({'ui': tag})}",
            data=script_json(
                {
                    "zone": self.pages.zone().name,
                    "cards": msgspec.to_builtins(cards),
                    "overview": msgspec.to_builtins(overview),
                    **ui.script("staff", "control"),
                }
            ),
        )
        return own_html(text, ui)


@dataclass(eq=False, repr=False)
class StandingDoor:
    """Serves `/control/{session}/standing`, for the frame of staff pages that have no live connection: settings,
    figures, microphone.

    `state`: returns a session's state; None for a session that isn't loaded, which doesn't change.
    """

    control: ControlRoom
    _: KW_ONLY
    state: Callable[[SessionId], State | None]
    staff: StaffOf
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


def _row(card: RoomCard, ui: Catalogue, zone: Zone) -> dict[str, object]:
    """A card in words. `web/js/control/control.js` does the same in the browser."""
    said = [_alarm(alarm.kind, alarm.values, alarm.by, urgent=alarm.urgent, ui=ui) for alarm in card.alarms]
    worst = next((n for n, alarm in enumerate(card.alarms) if alarm.by is None), 0)
    further = said[:worst] + said[worst + 1 :]
    return {
        "place": card.place or card.title,
        "title": card.title if card.place else "",
        "language": _title_language(card),
        "address": None if card.session is None else f"/desk/{quote(card.session)}?{urlencode({'ui': ui.language})}",
        "figures_address": None
        if card.session is None
        else f"/figures/{quote(card.session)}?{urlencode({'ui': ui.language})}",
        "stands": card.stands,
        "state": ui.named(f"control/stands.{card.stands}", time=_silent_since(card, zone)),
        "following": ui.text("Next: {title}", title=f"\u2068{card.following}\u2069") if card.following else "",
        "alarm": said[worst] if said else None,
        "further": further,
        "more": ui.text("More to see to: {n}", n=len(further)) if further else ui.text("All figures and buttons"),
        "reports": [
            ui.text(
                "{n} of {all} readers: {what}",
                n=count,
                all=max(count, sum(card.readers.values())),
                what=ui.named(f"staff/report.{kind}"),
            )
            for kind, count in card.reports.items()
        ],
        "figures": [] if card.session is None else _figures(card, ui),
    }


def _silent_since(card: RoomCard, zone: Zone) -> str:
    """Since when a room is silent, as hours and minutes in the meetings' time zone; empty where it isn't silent."""
    return "" if card.silent_since is None else time_of_day(zone.at(card.silent_since))


def _title_language(card: RoomCard) -> str:
    """The language of a meeting's title, which is that of its floor; empty where there is no title."""
    return next((tag for kind, tag in card.channels.values() if kind == ChannelKind.FLOOR), "") if card.title else ""


def _figures(card: RoomCard, ui: Catalogue) -> list[tuple[str, str]]:
    heard = None if card.heard is None else ui.language_name(card.heard)
    expected = "" if card.expected is None else ui.language_name(card.expected)
    language = ui.text("none yet") if heard is None else heard
    if heard is not None and heard != expected:
        language = ui.text("{heard}, expected {expected}", heard=heard, expected=expected)
    old, dead = card.sound is None or card.sound >= OLD_S, card.dead >= DEAD_S
    people = [str(each["name"] or each["label"] or ui.named(f"staff/role.{each['role']}")) for each in card.here]
    readers = [
        ui.named(f"staff/kind.{kind}", language=ui.language_name(tag)) + f": {card.readers.get(channel, 0)}"
        for channel, (kind, tag) in card.channels.items()
    ]
    return [
        (ui.text("Last sound"), ui.text("digital silence for {n} s", n=card.dead) if dead else _ago(card.sound, ui)),
        (ui.text("Last words"), _ago(card.words, ui)),
        (ui.text("Words a minute"), str(card.rate)),
        (ui.text("Delay"), ui.text("no sound comes") if old or dead else lateness(card.lag, ui)),
        (ui.text("Language"), language),
        (ui.text("The text so far"), quality_line(card.quality, ui, staff=True) or ui.text("none yet")),
        (ui.text("On air"), card.on_air or ui.text("the machine")),
        (ui.text("Who works here now"), ui.listed(people) or ui.text("nobody")),
        (ui.text("Readers"), " · ".join(readers)),
    ]


def lateness(seconds: int, ui: Catalogue) -> str:
    """The delay; from where it is an alarm it is called late."""
    if seconds * 1000 < LATE_MS:
        return ui.text("{n} s", n=seconds)
    unit, n = delay_told(seconds * 1000)
    return ui.named(f"control/late{unit}", n=n)


def _ago(seconds: int | None, ui: Catalogue) -> str:
    if seconds is None:
        return ui.text("none yet")
    return ui.text("{n} s ago", n=seconds) if seconds < 120 else ui.text("{n} min ago", n=seconds // 60)


def _said(name: str, value: int | str, ui: Catalogue) -> int | str:
    """A value of an alarm for display: the names of languages; titles and names isolated by their writing direction."""
    if isinstance(value, int):
        return value
    if name not in ("expected", "heard"):
        return f"\u2068{value}\u2069"
    return ui.listed(ui.language_name(tag) for tag in value.split(","))


def _alarm(
    kind: str, values: dict[str, int | str], by: str | None, *, urgent: bool, ui: Catalogue
) -> dict[str, object]:
    said = {name: _said(name, value, ui) for name, value in values.items()}
    unit = ""
    if kind == "late":
        unit, said["n"] = delay_told(int(values["n"]) * 1000)
    fault, remedy = parted(ui.named(f"staff/alarm.{kind}{unit}", **said))
    return {
        "sign": ui.text("Urgent" if urgent else "Look at it"),
        "urgent": urgent,
        "fault": fault,
        "remedy": remedy,
        "by": None if by is None else ui.text("{name} sees to it", name=by),
    }


def parted(text: str) -> tuple[str, str]:
    """Split an alarm's text into what is wrong, its first sentence, and what to do, the rest (`remedy` in
    `web/js/control/control.js`).

    A full stop inside a title doesn't end the sentence, as titles are enclosed in isolates (U+2068, U+2069).
    """
    found = _SENTENCE.match(text)
    return (found[1], found[2]) if found else (text, "")


def _gigabytes(size: int, ui: Catalogue) -> str:
    """Bytes in GB, with one decimal below 10 GB."""
    return str(format_decimal(size / GIGABYTE, "0.#" if size < 10 * GIGABYTE else "0", locale=ui.locale))


def _overview(overview: Overview, ui: Catalogue) -> list[str]:
    said = [ui.text("Writing machines connected: {n}", n=overview.engines)]
    if overview.disk_free is not None and overview.disk_all is not None:
        free, whole = _gigabytes(overview.disk_free, ui), _gigabytes(overview.disk_all, ui)
        said.append(ui.text("Free disk: {free} of {all} GB", free=free, all=whole))
    return said
