"""`/admin/speakers`: the secretariat says who is who among the speakers that the programme lists."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin.request import AdminProblem, AdminRequest, StaffPages, runs_the_house, staff_page
from moothall.adapters.admin.texts import AdminText
from moothall.core.kernel.ids import SessionId, SpeakerId
from moothall.core.programme.plan import Planned
from moothall.core.search.people import KnownSpeaker, SpeakerOf, Unjoined
from moothall.services.search.people import KnownSpeakers


@dataclass(eq=False, repr=False, kw_only=True)
class PeopleDeskDoor:
    """Handlers of the page. `plan_of` returns the plan of a session, `public` is the server's address; `fill` has the
    catalogue filled, which says in which meetings young people take part.
    """

    pages: StaffPages
    people: KnownSpeakers
    plan_of: Callable[[SessionId], Planned | None]
    public: str
    fill: Callable[[], Awaitable[None]]

    def routes(self) -> list[web.RouteDef]:
        """The routes, for `app.add_routes`."""
        return [web.get("/admin/speakers", self.show), web.post("/admin/speakers", self.act)]

    @staff_page(runs_the_house)
    async def show(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Show the people, and the speakers of whom nobody has said who they are."""
        await self.fill()
        return self._page(asked)

    @staff_page(runs_the_house)
    async def act(self, request: web.Request, asked: AdminRequest) -> web.Response:
        """Join speakers, list or unlist a page, replace a private link, or take a person back."""
        await self.fill()
        sent = await self.pages.sent(request)
        fields = self.pages.checked(sent, asked)
        if fields.get("act") == "join":
            speakers = [SpeakerOf(SessionId(one), SpeakerId(two)) for one, _, two in map(_parted, sent.get("of", ()))]
            to = fields.get("to", "")
            known = self.people.find(to)
            if known is not None:
                if not await self.people.add(known, speakers):
                    raise AdminProblem(409, AdminText.CONFLICT)
                return self._page(asked)
            name = next((each.name for each in self.people.unjoined if set(each.speakers) & set(speakers)), "")
            made = await self.people.join(name, speakers)
            if made is None:
                raise AdminProblem(409, AdminText.CONFLICT)
            return self._page(asked, *made)
        person = self.people.find(fields.get("person", ""))
        if person is None:
            raise AdminProblem(404, AdminText.GONE)
        match fields.get("act"):
            case "list" | "unlist" as which:
                await self.people.list(person, listed=which == "list")
            case "link":
                return self._page(asked, person, await self.people.new_link(person))
            case "forget":
                await self.people.forget(person)
            case _:
                raise AdminProblem(400, AdminText.FORM)
        return self._page(asked)

    def _page(self, asked: AdminRequest, of: KnownSpeaker | None = None, secret: str = "") -> web.Response:
        people = self.people.all
        return self.pages.show(
            "admin/admin_speakers.html",
            asked,
            link=f"{self.public}/speakers/{of.id}/own/{secret}" if of is not None and secret else "",
            of=of,
            people=[
                {
                    "person": person,
                    "address": asked.to(f"/speakers/{person.id}"),
                    "titles": [self._title(each) for each in person.speakers],
                }
                for person in people
            ],
            unjoined=[self._unjoined(each, people) for each in self.people.unjoined],
        )

    def _title(self, each: SpeakerOf) -> dict[str, str]:
        """The title of a session, and the language that it is probably in."""
        plan = self.plan_of(each.session)
        if plan is None:
            return {"text": each.session, "language": ""}
        return {"text": plan.title, "language": plan.languages[0] if plan.languages else ""}

    def _unjoined(self, each: Unjoined, people: list[KnownSpeaker]) -> dict[str, object]:
        return {
            "name": each.name,
            "speakers": [{"value": f"{one.session}/{one.speaker}", "of": self._title(one)} for one in each.speakers],
            "like": [person for person in people if person.name.casefold() == each.name.casefold()],
        }


def _parted(value: str) -> tuple[str, str, str]:
    return value.partition("/")
