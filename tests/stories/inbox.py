"""Cognito's mails in the local cloud's mailbox."""

import json
import re
import urllib.request
from typing import Any

from infra.cloud import Cloud
from tests.harness import World


def mails_to(cloud: Cloud, address: str) -> list[dict[str, Any]]:
    """Oldest first."""
    with urllib.request.urlopen(f"{cloud.endpoint}/_ministack/ses/messages", timeout=10) as answer:
        found = json.loads(answer.read())["messages"]
    listed = [mail for mails in found.values() for mail in mails] if isinstance(found, dict) else found
    return [mail for mail in listed if address in mail["To"]]


def code_for(world: World, address: str, count: int = 1) -> str:
    """The newest code that this address got, of at least `count` mails. The mailbox holds other tests' mails, too."""
    mails = mails_to(world.cloud, address)
    assert len(mails) >= count
    return code_in(mails[-1])


def code_in(mail: dict[str, Any]) -> str:
    return re.findall(r"\b\d{6,8}\b", f"{mail.get('BodyText') or ''} {mail.get('BodyHtml') or ''}")[0]
