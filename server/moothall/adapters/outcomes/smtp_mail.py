"""Mails letters through the mail server of the settings (`[mail]`), in a thread, each with a connection of its own."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from moothall.services.outcomes.sending import Letter

PATIENCE_S = 20.0
"""How long each answer of the mail server may take."""
DOCX = "vnd.openxmlformats-officedocument.wordprocessingml.document"


@dataclass(frozen=True, repr=False, kw_only=True)
class SmtpMail:
    """The client (`Mailer`). `tls`: `starttls`, `tls` or `none`; `trust` verifies the server's certificate."""

    host: str
    port: int
    tls: str
    user: str
    password: str
    sender: str
    trust: ssl.SSLContext

    async def send(self, address: str, letter: Letter) -> str:
        """Mail a letter. Return why that failed, in a sentence without the address; empty when it was taken."""
        try:
            await asyncio.to_thread(self._send, self._message(address, letter))
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 0)
            return f"The mail server refuses the address ({code})."
        except smtplib.SMTPResponseException as error:
            return f"The mail server answered {error.smtp_code}."
        except smtplib.SMTPNotSupportedError:
            return "The mail server lacks what `tls` or `user` of [mail] ask for."
        except ssl.SSLError:
            return "The mail server's certificate is not trusted, or it speaks no TLS."
        except (OSError, smtplib.SMTPException, ValueError):
            return "The mail server can't be reached, or it broke off."
        return ""

    def _message(self, address: str, letter: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"] = self.sender, address
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = formatdate()
        message["Message-ID"] = make_msgid(domain=self._domain)
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        if letter.file_name:
            message.add_attachment(letter.file, maintype="application", subtype=DOCX, filename=letter.file_name)
        return message

    @property
    def _domain(self) -> str:
        return self.sender.rpartition("@")[2].rstrip(">") or "localhost"

    def _send(self, message: EmailMessage) -> None:
        # With a name given, the machine's own isn't looked up, nor told.
        if self.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, local_hostname=self._domain, timeout=PATIENCE_S, context=self.trust
            )
        else:
            server = smtplib.SMTP(self.host, self.port, local_hostname=self._domain, timeout=PATIENCE_S)
        with server:
            if self.tls == "starttls":
                server.starttls(context=self.trust)
            if self.user:
                server.login(self.user, self.password)
            server.send_message(message)
