"""A form with one file: its fields and the file, never more of either than may be."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from moothall.adapters.admin.request import AdminProblem
from moothall.adapters.admin.texts import AdminText

LONGEST_FIELD = 2_000
"""Bytes of a field."""
MOST_FIELDS = 9


async def read_upload(request: web.Request, most: int) -> tuple[dict[str, str], bytes]:
    """The fields and the one file of a form, of at most `most` bytes; raises AdminProblem."""
    fields: dict[str, str] = {}
    data = b""
    try:
        reader = await request.multipart()
        async for part in reader:
            if not isinstance(part, BodyPartReader) or len(fields) >= MOST_FIELDS:
                raise AdminProblem(400, AdminText.FILE)
            content = await _content(part, most if part.name == "file" else LONGEST_FIELD)
            if part.name == "file":
                data = content
            else:
                fields[part.name or ""] = content.decode("utf-8", "replace")
    except (ValueError, AssertionError, RuntimeError) as error:
        raise AdminProblem(400, AdminText.FILE) from error
    return fields, data


async def _content(part: BodyPartReader, most: int) -> bytes:
    content = bytearray()
    while chunk := await part.read_chunk():
        content += chunk
        if len(content) > most:
            raise AdminProblem(413, AdminText.FILE, f"It is larger than {most} bytes.")
    return bytes(content)
