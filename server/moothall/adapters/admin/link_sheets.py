"""The sheets of links: an address as a code, with what it is for. They are shown once, as only digests are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin import view
from moothall.adapters.admin.request import AdminRequest, StaffPages
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.actors import Role
from moothall.core.programme.plan import Planned
from moothall.services.programme.programme import Programme
from moothall.services.sessions.link_terms import WantedLink
from moothall.services.sessions.role_links import RoleLinks, Staff

PAPERS = ("a5", "a4")
"""On what sheets are printed; each sheet is a page."""
Sheet = dict[str, object]


@dataclass(eq=False, repr=False, kw_only=True)
class LinkSheets:
    """Makes links and their sheets.

    `public` is the address that links and codes say, with no slash at its end; `key` is the id of the key that signs
    records.
    """

    pages: StaffPages
    programme: Programme
    links: RoleLinks
    public: str
    qr_svg: view.QrSvg
    key: str

    @property
    def local(self) -> str:
        """The address that the sheets say, where no phone opens it; else empty."""
        return view.local_address(self.public)

    async def make(self, wanted: Sequence[WantedLink], ui: Catalogue) -> list[Sheet]:
        """Make links; their sheets. Raises NoLink, StorageUnavailable, and then none is made."""
        made = await self.links.create_all(wanted)
        return [self.sheet(staff, token, ui) for staff, token in made]

    def sheet(self, staff: Staff, token: str, ui: Catalogue) -> Sheet:
        """The sheet of a link."""
        row = view.sheet(staff, self.address(staff, token), self.programme, ui, self.qr_svg)
        return row | {"scope": staff.scope, "role": staff.role, "item": token}

    def public_sheet(self, planned: Planned, ui: Catalogue) -> Sheet:
        """The sheet of a text that everybody may read."""
        address = f"{self.public}/s/{planned.session}"
        row = view.public_sheet(planned, address, self.programme, ui, self.qr_svg)
        return row | {"scope": f"session:{planned.session}", "role": Role.READER, "item": f"={planned.session}"}

    def address(self, staff: Staff, token: str) -> str:
        """What a link's code says."""
        session = staff.scope.removeprefix("session:")
        return f"{self.public}/s/{session}?key={token}" if staff.role is Role.READER else f"{self.public}/enter/{token}"

    def show(
        self,
        asked: AdminRequest,
        sheets: Sequence[Sheet],
        *,
        planned: Planned | None = None,
        paper: str = PAPERS[0],
        there: Sequence[dict[str, object]] = (),
        hours: int = 0,
    ) -> web.Response:
        """The page with the sheets, which no cache keeps.

        `planned`: the meeting that was made with them; `there`: rows of links that were good already and are not shown.
        """
        return self.pages.show(
            "admin_sheets.html",
            asked,
            sheets=sheets,
            paper=paper,
            there=there,
            hours=hours,
            pages=[] if planned is None else view.jobs(planned.session, Role.SECRETARIAT, asked.ui),
            meeting=planned and planned.session,
            key=self.key,
            local=self.local,
        )
