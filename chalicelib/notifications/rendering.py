"""Renders a mail: texts by jinja2, the MIME message by the standard library's email package."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from chalicelib.core.addresses import mailable, shown_if_address

if TYPE_CHECKING:
    from jinja2 import Environment

MAIL_HEADER = "X-Muster-Mail"

_FOLDER = Path(__file__).parent / "mails"
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")


@dataclass(frozen=True)
class CalendarPart:
    """An iCalendar object that mail programs show with buttons (RFC 6047); its METHOD is `method`."""

    method: Literal["REQUEST", "CANCEL"]
    text: str


@dataclass(frozen=True)
class MailContent:
    """The recipient of a mail and the facts that its templates need, read at the moment of sending."""

    to: str
    sender_name: str
    reply_to: str | None = None
    # For recurring mails: a person who wants no more of them writes to the organization.
    may_unsubscribe: bool = False
    facts: Mapping[str, str] = field(default_factory=dict)
    calendar: CalendarPart | None = None


@dataclass(frozen=True)
class Suppressed:
    """The mail is not sent, for this reason."""

    reason: str


@dataclass(frozen=True)
class MimeMessage:
    sender: str
    to: str
    raw: bytes


class NotAddressable(Exception):
    """SES does not take this address."""


class _HeaderTypes(HeaderRegistry):
    """Keeps the types of headers. The standard library makes one for each header, in a third of the time of a mail."""

    def __init__(self) -> None:
        super().__init__()
        self._known: dict[str, type] = {}

    def __getitem__(self, name: str) -> type:
        found = self._known.get(name)
        if found is None:
            found = self._known[name] = super().__getitem__(name)
        return found


_POLICY = SMTP.clone(header_factory=_HeaderTypes())


def mime_message(mail_id: str, kind: str, content: MailContent, mail_from: str, front_url: str) -> MimeMessage:
    """`front_url` is where the portal begins. Raises NotAddressable.

    Control characters are removed from facts, so that none can start another header.
    """
    to, sender = ascii_address(content.to), ascii_address(mail_from)
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(_one_line(content.sender_name), addr_spec=sender)
    message["To"] = Address(addr_spec=to)
    if content.reply_to:
        reply_to = ascii_address(content.reply_to)
        message["Reply-To"] = Address(addr_spec=reply_to)
        if content.may_unsubscribe:
            message["List-Unsubscribe"] = f"<mailto:{reply_to}?subject=unsubscribe>"
    facts = {"front_url": front_url, **content.facts, "sender_name": content.sender_name}
    message["Subject"] = _one_line(_rendered(kind, "subject.txt", facts))
    message["Auto-Submitted"] = "auto-generated"
    message[MAIL_HEADER] = mail_id
    message.set_content(_rendered(kind, "body.txt", facts), cte="quoted-printable")
    message.add_alternative(_rendered(kind, "body.html", facts), subtype="html", cte="quoted-printable")
    if content.calendar:
        # The last alternative is the one that programs prefer which know it. Base64 keeps its line ends as they are.
        parameters = {"method": content.calendar.method}
        message.add_alternative(content.calendar.text, subtype="calendar", params=parameters, cte="base64")
    return MimeMessage(sender, to, message.as_bytes())


def ascii_address(address: str) -> str:
    """The address in the ASCII form of plain SMTP, the only one that SES takes. Raises NotAddressable."""
    written = mailable(address)
    if written is None or _CONTROLS.search(written):
        raise NotAddressable()
    try:
        Address(addr_spec=written)
    except (UnicodeError, ValueError, IndexError) as error:
        raise NotAddressable() from error
    except Exception as error:
        # The standard library has parse errors of its own for text that is no address.
        raise NotAddressable() from error
    return written


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text).strip()


def _rendered(kind: str, part: str, facts: Mapping[str, str]) -> str:
    return str(_environment().get_template(f"{kind}/{part}").render(facts)).strip() + "\n"


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    # Heavy, and only the mailer needs it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(["html"], default=False),
        undefined=StrictUndefined,
        finalize=shown_if_address,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = _day
    return environment


def _day(text: str) -> str:
    """31 January 2027."""
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B %Y}"
