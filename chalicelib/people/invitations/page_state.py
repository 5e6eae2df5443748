"""Who is on which page of an invitation, and what the page shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.core.ids import new_id
from chalicelib.people.invitations.links import InvitationView
from chalicelib.people.invitations.schemas import AnswerForm
from chalicelib.web.html import Redirect


@dataclass(frozen=True)
class PageState:
    """The next page, and what it shows. `status` is that of the HTTP answer."""

    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    retry_after: int | None = None


@dataclass(frozen=True)
class Visit:
    """Somebody on a page of an invitation's link: what the link is, what was entered, and from where."""

    view: InvitationView
    token: str
    form: AnswerForm
    source: str
    now: datetime

    @property
    def proof(self) -> str:
        """The holder of the link has proven to be meant; mails have a count of their own by this."""
        return f"{self.view.org.org_id}.{self.view.member.member_id}"

    def to(self, step: str = "") -> Redirect:
        return Redirect(f"/invites/{self.token}{step and '/'}{step}")

    def page(self, name: str, status: int = 200, retry_after: int | None = None, **facts: Any) -> PageState:
        return PageState(name, {**_facts(self), **facts}, status, retry_after)


def _facts(visit: Visit) -> dict[str, Any]:
    """What every page may show. A password never comes back."""
    form, view = visit.form, visit.view
    return {
        "organization": view.org.name,
        "email": view.member.email,
        "status": view.member.status,
        "token": visit.token,
        "request": form.request or new_id(visit.now),
        "login_email": form.email or view.member.email,
        "first_name": form.first_name,
        "last_name": form.last_name,
        "registration_id": form.registration_id,
        "ticket": form.ticket,
        "sent": form.sent,
        "errors": {},
    }
