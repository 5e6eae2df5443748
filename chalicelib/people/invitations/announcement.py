"""A text that admins can send beforehand, so that people expect their invitations (I10)."""

import tomllib
from pathlib import Path
from string import Template

from chalicelib.core.settings import settings
from chalicelib.people.invitations.schemas import Announcement
from chalicelib.tenants.organizations.models import Org

_TEXTS = Path(__file__).with_name("announcement.toml")


def announcement_of(org: Org) -> Announcement:
    config = settings()
    guide_url = f"{config.public_url}/guide"
    facts = {
        "organization": org.name,
        "sender": config.mail_from,
        "reply_to": org.reply_to or config.mail_from,
        "days": str(int(org.invitation_days)),
        "guide_url": guide_url,
    }
    texts = tomllib.loads(_TEXTS.read_text(encoding="utf-8"))
    return Announcement(
        subject=Template(texts["subject"]).substitute(facts),
        text=Template(texts["text"]).substitute(facts),
        guide_url=guide_url,
    )
