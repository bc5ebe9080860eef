"""`/admin/retention`: how long what is kept is kept, what is removed next, and the removal of one person's words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from aiohttp import web
from babel.dates import format_date

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.adapters.pages.visitor_request import see_other
from moothall.core.kernel.errors import Refusal, RefusalCode
from moothall.core.kernel.ids import SessionId
from moothall.core.retention.periods import FOR_EVER, LONGEST_DAYS, KeptKind, days_of
from moothall.core.search.people import KnownSpeaker
from moothall.services.retention.people import PersonPart, PersonRemovals
from moothall.services.retention.retention import Retention

PATH = "/admin/retention"
MOST_ADDRESSES = 200
"""Addresses of questions in one request. Overflow: the rest is left out."""
_ASKED = re.compile(r"/s/([^/?#\s]+)/asked/([^/?#\s]+)")
_NAMED = re.compile(r"[0-9]{1,6}")


KINDS = {
    KeptKind.TEXT: "What was said and asked in public",
    KeptKind.SOUND: "Published sound",
    KeptKind.STAFF: "Notes and marks of those who work here",
    KeptKind.QUESTIONS: "Questions that nobody published, and who asked",
}
"""Message keys of the kinds."""


class RetentionText:
    """Message keys of the sentences that handlers show."""

    PERIOD = "Write how long as a number of days, from 1 to 99999."
    PUT_OFF = "To keep something for longer, say why, and for how many days."
    NOT_LISTED = "That is not in the list any more."
    NOBODY = "Choose a person, or paste the private address of a question. A name alone is not enough."
    NOTHING = "Nothing of this is in any meeting."
    MANY = "Too many removals are under way. Try again when one is done."


@dataclass(eq=False, repr=False, kw_only=True)
class RetentionDoor:
    """Handlers of the page. `label` returns the label of a link by the pseudonym of its holder, `language_of` the
    language that a session is probably in; each empty for none.
    """

    pages: StaffPages
    retention: Retention
    removals: PersonRemovals
    label: Callable[[str], str]
    language_of: Callable[[SessionId], str]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [
            web.get("/admin/retention", self.show),
            web.post("/admin/retention/periods", self.state),
            web.post("/admin/retention/put-off", self.put_off),
            web.post("/admin/retention/person", self.person),
        ]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the periods, what is removed next, and whose words are being removed."""
        return self._page(asked)

    @staff_page(runs_the_house)
    async def state(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """State periods: `default`, `ever`, or `days` with a number, for each kind."""
        fields = await self.pages.form(request, asked)
        wanted: dict[KeptKind, str | None] = {}
        for kind in KeptKind:
            match fields.get(kind.value):
                case "default":
                    wanted[kind] = None
                case "ever":
                    wanted[kind] = FOR_EVER
                case "days":
                    wanted[kind] = f"{fields.get(f'{kind.value}_days', '').strip()} days"
                case _:
                    raise AdminProblem(400, AdminText.FORM)
        if isinstance(await self.retention.state(wanted, asked.staff[0].link), Refusal):
            return self._page(asked, RetentionText.PERIOD, given=fields)
        return see_other(asked.to(PATH))

    @staff_page(runs_the_house)
    async def put_off(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Keep `kind` of `session` for `days` more, for a `reason`."""
        fields = await self.pages.form(request, asked)
        if fields.get("kind") not in {each.value for each in KeptKind}:
            raise AdminProblem(400, AdminText.FORM)
        session, kind = SessionId(fields.get("session", "")), KeptKind(fields["kind"])
        days = int(text) if _NAMED.fullmatch(text := fields.get("days", "").strip()) else 0
        refused = await self.retention.put_off(session, kind, days, fields.get("reason", ""), asked.staff[0].link)
        if refused is None:
            return see_other(asked.to(PATH))
        gone = refused.code is RefusalCode.UNKNOWN
        return self._page(asked, RetentionText.NOT_LISTED if gone else RetentionText.PUT_OFF)

    @staff_page(runs_the_house)
    async def person(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """`count` what a person's removal takes, `remove` it, or `give-up` what is left of a removal."""
        fields = await self.pages.form(request, asked)
        act = fields.get("act")
        if act == "give-up":
            await self.removals.give_up(fields.get("job", ""))
            return see_other(asked.to(PATH))
        if act not in ("count", "remove"):
            raise AdminProblem(400, AdminText.FORM)
        person = self.removals.people.find(fields.get("person", ""))
        pages = [(SessionId(unquote(one)), unquote(two)) for one, two in _ASKED.findall(fields.get("addresses", ""))]
        parts: Sequence[PersonPart] = () if person is None else self.removals.of_person(person)
        parts = (*parts, *await self.removals.of_askers(pages[:MOST_ADDRESSES]))
        if not parts:
            return self._page(asked, RetentionText.NOBODY, given=fields)
        counts = await self.removals.preview(parts)
        if not counts:
            return self._page(asked, RetentionText.NOTHING, given=fields)
        if act == "remove":
            if self.pages.once(fields):
                by, whose = asked.staff[0].link, "" if person is None else person.id
                if not await self.removals.begin(parts, by, whose):
                    return self._page(asked, RetentionText.MANY, given=fields)
            return see_other(asked.to(PATH))
        return self.pages.show(
            "admin/admin_removal.html",
            asked,
            counts=[{"count": each, "language": self.language_of(each.session)} for each in counts],
            person=person,
            addresses=fields.get("addresses", ""),
            all={
                "lines": sum(each.lines for each in counts),
                "words": sum(each.words for each in counts),
                "questions": sum(each.questions for each in counts),
            },
        )

    def _page(self, asked: AdminRequest, problem: str = "", given: Mapping[str, str] | None = None) -> web.Response:
        ui, zone = asked.ui, self.pages.pages.zone()

        def day(ms: int) -> str:
            return str(format_date(zone.at(ms), "long", locale=ui.locale))

        def length(period: str) -> str:
            days = days_of(period)
            return ui.text("for ever") if days is None else ui.text("days: {n}", n=days)

        periods = [
            {
                "kind": each.kind.value,
                "name": ui.text(KINDS[each.kind]),
                "now": length(each.period),
                "default": length(each.default),
                "days": days_of(each.period) or "",
                "chosen": "default" if each.stated is None else "ever" if each.period == FOR_EVER else "days",
                "by": "" if each.stated is None else self.label(each.stated.by),
                "at": "" if each.stated is None else day(each.stated.at),
            }
            for each in self.retention.periods
        ]
        items = [
            {
                "session": each.session,
                "title": each.title,
                "language": self.language_of(each.session),
                "kind": each.kind.value,
                "name": ui.text(KINDS[each.kind]),
                "day": day(each.removed),
                "off": each.put_off,
                "until": "" if each.put_off is None else day(each.put_off.until),
            }
            for each in self.retention.due()
        ]
        jobs = [
            {
                "id": job.id,
                "since": day(job.at),
                "done": sum(part.done for part in job.parts),
                "of": len(job.parts),
                "refused": [part.refused for part in job.parts if part.refused],
            }
            for job in self.removals.jobs
        ]
        people: list[KnownSpeaker] = self.removals.people.all
        return self.pages.show(
            "admin/admin_retention.html",
            asked,
            status=400 if problem else 200,
            problem=ui.text(problem) if problem else "",
            periods=periods,
            items=items,
            jobs=jobs,
            people=people,
            wished=[{"person": each, "at": day(each.wished)} for each in people if each.wished],
            given=given or {},
            notice=self.retention.notice_days,
            most=LONGEST_DAYS,
        )
