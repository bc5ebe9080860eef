"""Letters through a mail server on this machine."""

from __future__ import annotations

import email
import ssl
from email.message import EmailMessage
from email.policy import default

import pytest

from moothall.adapters.outcomes.smtp_mail import SmtpMail
from moothall.services.outcomes.sending import Letter
from support.halls.mail_server import MailServer, mail_server

ADDRESS = "office@cstd.example"
LETTER = Letter("Outcomes\nof «Lagos», ação", "Summary.\n\n1. Nadie.", "outcomes-2026-1.docx", b"PK-file")


def client(server: MailServer, *, tls: str = "none", user: str = "", port: int = 0) -> SmtpMail:
    return SmtpMail(
        host="127.0.0.1",
        port=port or server.port,
        tls=tls,
        user=user,
        password="secret",  # noqa: S106  # of a test
        sender="office@forum.example",
        trust=ssl.create_default_context(),
    )


async def test_a_letter_arrives_with_its_file() -> None:
    async with mail_server() as server:
        assert await client(server, user="forum").send(ADDRESS, LETTER) == ""
    [raw] = server.letters
    letter = email.message_from_bytes(raw, policy=default)
    assert isinstance(letter, EmailMessage)
    assert letter["To"] == ADDRESS
    assert letter["From"] == "office@forum.example"
    assert letter["Subject"] == "Outcomes of «Lagos», ação"
    assert letter["Message-ID"].endswith("@forum.example>")
    text = letter.get_body()
    assert text is not None
    assert text.get_content().strip().splitlines() == ["Summary.", "", "1. Nadie."]
    [file] = letter.iter_attachments()
    assert (file.get_filename(), file.get_content().rstrip()) == ("outcomes-2026-1.docx", b"PK-file")
    assert [each.lower() for each in server.recipients] == [f"rcpt to:<{ADDRESS}>"]
    assert len(server.signed_in) == 1


async def test_a_letter_without_a_file_has_no_attachment() -> None:
    async with mail_server() as server:
        assert await client(server).send(ADDRESS, Letter("Due", "Write it.")) == ""
    letter = email.message_from_bytes(server.letters[0], policy=default)
    assert isinstance(letter, EmailMessage)
    assert list(letter.iter_attachments()) == []


@pytest.mark.parametrize(
    ("verb", "answer", "why"),
    [
        ("RCPT", "550 no such mailbox", "The mail server refuses the address (550)."),
        ("DATA", "451 later", "The mail server answered 451."),
        ("AUTH", "535 wrong", "The mail server answered 535."),
    ],
)
async def test_why_a_letter_is_not_taken(verb: str, answer: str, why: str) -> None:
    async with mail_server() as server:
        server.refusing[verb] = answer
        said = await client(server, user="forum").send(ADDRESS, LETTER)
    assert said == why
    assert ADDRESS not in said


async def test_nothing_is_sent_in_clear_unless_the_settings_say_so() -> None:
    async with mail_server() as server:
        assert await client(server, tls="starttls").send(ADDRESS, LETTER) == (
            "The mail server lacks what `tls` or `user` of [mail] ask for."
        )
        assert await client(server, tls="tls").send(ADDRESS, LETTER) == (
            "The mail server's certificate is not trusted, or it speaks no TLS."
        )
        server.offers = ()
        assert "lacks what" in await client(server, user="forum").send(ADDRESS, LETTER)
        assert server.letters == []
        assert server.recipients == []


async def test_a_mail_server_that_is_away() -> None:
    async with mail_server() as server:
        port = server.port
    assert await client(server, port=port).send(ADDRESS, LETTER) == (
        "The mail server can't be reached, or it broke off."
    )
