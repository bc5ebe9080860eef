"""How a spreadsheet reads the table of links."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from moothall.adapters.admin.link_sheets import COLUMNS, link_table
from moothall.core.programme.table_writing import as_before

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=20)


@given(st.lists(st.tuples(*[CELLS] * len(COLUMNS)), max_size=5))
def test_no_cell_is_a_formula_and_every_cell_comes_back(rows: list[tuple[str, ...]]) -> None:
    data = link_table(rows)
    assert data.startswith(b"\xef\xbb\xbf")
    head, *lines = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    assert tuple(head) == COLUMNS
    assert [tuple(map(as_before, line)) for line in lines] == rows
    assert not any(cell.lstrip().startswith(("=", "+", "-", "@")) for line in lines for cell in line)
