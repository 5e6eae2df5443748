"""The mails in the local cloud's mailbox."""

import json
import re
from typing import Any
from urllib.parse import urlencode

from infra.cloud import Cloud
from tests.harness import World
from tests.patience import fetched


def mails_to(cloud: Cloud, address: str) -> list[dict[str, Any]]:
    """Oldest first."""
    return _mails(cloud, {"to": address})


def mails_from(cloud: Cloud, sender: str) -> list[dict[str, Any]]:
    """Those whose sender contains this, oldest first."""
    return _mails(cloud, {"from": sender})


def _mails(cloud: Cloud, asked: dict[str, str]) -> list[dict[str, Any]]:
    content, _ = fetched(f"{cloud.endpoint}/_ministack/ses/messages?{urlencode(asked)}")
    return [mail for mails in json.loads(content)["messages"].values() for mail in mails]


def code_for(world: World, address: str, count: int = 1) -> str:
    """The newest code that this address got, of at least `count` mails. The mailbox holds other tests' mails, too."""
    mails = mails_to(world.cloud, address)
    assert len(mails) >= count
    return code_in(mails[-1])


def code_in(mail: dict[str, Any]) -> str:
    return re.findall(r"\b\d{6,8}\b", f"{mail.get('BodyText') or ''} {mail.get('BodyHtml') or ''}")[0]
