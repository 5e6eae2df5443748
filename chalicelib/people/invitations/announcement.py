"""What an admin can send to the people before the invitations go out, so that these are expected (I10)."""

import tomllib
from pathlib import Path
from string import Template

from chalicelib.core.settings import settings
from chalicelib.people.invitations.schemas import Announcement
from chalicelib.tenants.organizations.models import Org

_TEXTS = Path(__file__).with_name("announcement.toml")


def announcement_of(org: Org) -> Announcement:
    known = settings()
    guide_url = f"{known.public_url}/guide"
    facts = {
        "organization": org.name,
        "sender": known.mail_from,
        "reply_to": org.reply_to or known.mail_from,
        "days": str(int(org.invitation_days)),
        "guide_url": guide_url,
    }
    texts = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return Announcement(
        subject=Template(texts["subject"]).substitute(facts),
        text=Template(texts["text"]).substitute(facts),
        guide_url=guide_url,
    )
