"""Links as they are handed out: sheets with codes, and a table for a mail merge.

A sheet says an address as a code, with what it is for. It is shown once, as only digests are kept. The table is CSV as
spreadsheets read it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from aiohttp import web

from moothall.adapters.admin import view
from moothall.adapters.admin.request import AdminRequest, StaffPages
from moothall.adapters.pages.catalogues import Catalogue
from moothall.core.kernel.actors import Role
from moothall.core.programme.plan import Planned
from moothall.services.programme.programme import Programme
from moothall.services.sessions.link_terms import WantedLink
from moothall.services.sessions.role_links import RoleLinks
from moothall.services.sessions.staff import Staff

PAPERS = ("a5", "a4")
"""On what sheets are printed; each sheet is a page."""
COLUMNS = ("day", "time", "meeting", "room", "role", "label", "address")
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""By it spreadsheets know UTF-8."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
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
    """The table, UTF-8 with a byte order mark, lines ended as RFC 4180 says; each row has a cell for each column."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([defused(cell) for cell in row] for row in rows)
    return (_BOM + text.getvalue()).encode("utf-8", "replace")


def defused(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: it gets an apostrophe where it begins as one would."""
    return f"'{cell}" if cell.lstrip().startswith(_FORMULA) or cell.startswith(_FORMULA) else cell
