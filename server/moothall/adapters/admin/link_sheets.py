"""Role links as they are handed out: printed sheets with QR codes, and a table for a mail merge.

A sheet shows an address as a QR code and says what it is for. It can be shown only once, as only the digest of a link's
secret is stored. The table is CSV as spreadsheets read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin import view
from moothall.adapters.admin.request import AdminRequest, StaffPages
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.actors import Role
from moothall.core.programme.plan import Planned
from moothall.core.programme.table_writing import table
from moothall.services.programme.programme import Programme
from moothall.services.sessions.link_terms import WantedLink
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import Staff

PAPERS = ("a5", "a4")
"""Paper sizes for printing; each sheet takes a page."""
COLUMNS = ("day", "time", "meeting", "room", "role", "label", "address")
Sheet = dict[str, object]


@dataclass(eq=False, repr=False, kw_only=True)
class LinkSheets:
    """Makes role links and their sheets.

    `public`: the address in links and codes, without a slash at its end; `key`: the id of the key that signs records.
    """

    pages: StaffPages
    programme: Programme
    links: RoleLinks
    public: str
    qr_svg: view.QrSvg
    key: str

    @property
    def local(self) -> str:
        """The public address where it works on this machine only, so that no phone can open it; otherwise empty."""
        return view.local_address(self.public)

    async def make(self, wanted: Sequence[WantedLink], ui: Catalogue) -> list[Sheet]:
        """Make role links and return their sheets. Raises NoLink and StorageUnavailable; then no link is made."""
        made = await self.links.create_all(wanted)
        return [self.sheet(staff, token, ui) for staff, token in made]

    def sheet(self, staff: Staff, token: str, ui: Catalogue) -> Sheet:
        """The sheet of a role link."""
        row = view.sheet(staff, self.address(staff, token), self.programme, ui, self.qr_svg)
        return row | {"scope": staff.scope, "role": staff.role, "item": token}

    def public_sheet(self, planned: Planned, ui: Catalogue) -> Sheet:
        """The sheet of a public text, which needs no link."""
        address = f"{self.public}/s/{planned.session}"
        row = view.public_sheet(planned, address, self.programme, ui, self.qr_svg)
        return row | {"scope": f"session:{planned.session}", "role": Role.READER, "item": f"={planned.session}"}

    def address(self, staff: Staff, token: str) -> str:
        """The address in a link's QR code."""
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

        `planned`: the meeting that was made together with the links; `there`: rows of links that existed already and
        are not shown; `hours`: how long links that end with their session stay valid after its close.
        """
        return self.pages.show(
            "admin/admin_sheets.html",
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


def link_table(rows: Iterable[Sequence[str]]) -> bytes:
    """The table as CSV. Each row has one cell for each of `COLUMNS`."""
    return table((COLUMNS, *rows))
