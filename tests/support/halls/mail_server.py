"""A mail server for tests (RFC 5321), without TLS: it takes letters, or refuses as it is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class MailServer:
    """What it was told, and what it answers."""

    def __init__(self) -> None:
        self.port = 0
        self.letters: list[bytes] = []
        self.recipients: list[str] = []
        self.signed_in: list[str] = []
        self.refusing: dict[str, str] = {}
        """Answers to commands, in place of those that take all."""
        self.offers: tuple[str, ...] = ("AUTH PLAIN",)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())
            await writer.drain()

        await say("220 mail.example")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(maxsplit=1)[0].upper()
            if verb in self.refusing:
                await say(self.refusing[verb])
            elif verb == "EHLO":
                await say("\r\n".join([*(f"250-{each}" for each in ("mail.example", *self.offers)), "250 8BITMIME"]))
            elif verb == "AUTH":
                self.signed_in.append(line)
                await say("235 welcome")
            elif verb == "DATA":
                await say("354 go on")
                self.letters.append(await reader.readuntil(b"\r\n.\r\n"))
                await say("250 taken")
            elif verb == "QUIT":
                await say("221 bye")
                break
            else:
                if verb == "RCPT":
                    self.recipients.append(line)
                await say("250 well")
        writer.close()


@asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server on this machine."""
    made = MailServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
