"""What SES does and the local cloud's does not, done there too; and what its mailbox leaves out of a mail.

* A mail that names a configuration set which there is not is refused.
* The set's event destinations are told what became of a mail, with its headers and tags, as SES tells them.
* The mailbox shows each mail whole, too, as `Raw` in base64: it takes no calendar parts out of mails.
"""

import base64
import importlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes
from typing import Any

_Params = Mapping[str, Any]
_Answer = tuple[int, dict[str, str], bytes]


def mend() -> None:
    """To be called once, in the local cloud's process."""
    ses: Any = importlib.import_module("ministack.services.ses")
    ses._send_raw_email = _with_configuration_set(ses, ses._send_raw_email)
    server: Any = importlib.import_module("ministack.app")
    server._handle_ses_messages_request = _mailbox(ses, server._handle_ses_messages_request)


def _mailbox(ses: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    """`?to=` and `?from=` give the mails to an address, or of senders that contain this: a box of hundreds is slow."""

    async def handler(method: str, path: str, headers: Any, asked: Mapping[str, Any]) -> Any:
        if (method, path) != ("GET", "/_ministack/ses/messages"):
            return await original(method, path, headers, asked)
        (to, *_), (sender, *_) = asked.get("to", [""]), asked.get("from", [""])
        shown: dict[str, list[dict[str, Any]]] = {}
        for (account, *_), mails in ses._sent_emails.to_dict().items():
            if isinstance(mails, list):
                found = [_shown(one) for one in mails if (not to or to in one["To"]) and sender in one["Source"]]
                shown.setdefault(account, []).extend(found)
        return 200, {"Content-Type": "application/json"}, json.dumps({"messages": shown}).encode()

    return handler


def _shown(mail: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: mail.get(name) for name in ("MessageId", "Source", "To", "Timestamp", "Type", "Raw")}
    texts = {name: mail.get(f"Rendered{name}") or mail.get(name) for name in ("Subject", "BodyText", "BodyHtml")}
    return {**kept, **texts, "To": kept["To"] or [], "BodyText": texts["BodyText"] or ""}


def _with_configuration_set(ses: Any, original: Callable[[_Params], _Answer]) -> Callable[[_Params], _Answer]:
    def handler(params: _Params) -> _Answer:
        name = ses._p(params, "ConfigurationSetName")
        if name and name not in ses._configuration_sets:
            refused: _Answer = ses._config_set_missing(name)
            return refused
        answer = original(params)
        if answer[0] == 200:
            ses._sent_emails_list()[-1]["Raw"] = ses._p(params, "RawMessage.Data")
        if name and answer[0] == 200:
            _tell(ses, name, params, answer[2])
        return answer

    return handler


def _tell(ses: Any, name: str, params: _Params, answer: bytes) -> None:
    found = re.search(rb"<MessageId>(.*?)</MessageId>", answer)
    known = importlib.import_module("ministack.services.ses_v2")._config_sets.get(name) or {}
    mail = {
        "timestamp": ses._iso_now(),
        "source": ses._p(params, "Source"),
        "messageId": found[1].decode() if found else "",
        "destination": list(_numbered(ses, params, "Destinations.member.{}")),
        **_headers(ses._p(params, "RawMessage.Data")),
        "tags": dict(_tags(ses, params)),
    }
    for destination in (known.get("EventDestinations") or {}).values():
        topic = (destination.get("SnsDestination") or {}).get("TopicArn")
        if topic and destination.get("Enabled"):
            for event in _events(ses, mail):
                if event["eventType"].upper() in destination["MatchingEventTypes"]:
                    ses._publish_notification(topic, event)


def _events(ses: Any, mail: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for address in mail["destination"]:
        local, _, domain = address.lower().partition("@")
        is_simulated = domain == ses._SIMULATOR_DOMAIN
        plain = (("Delivery", None),)
        outcomes = ses._SIMULATOR_OUTCOMES.get(local.split("+")[0], plain) if is_simulated else plain
        for kind, subtype in outcomes:
            detail = ses._notification_detail(kind, address, mail["timestamp"], subtype)
            yield {"eventType": kind, "mail": mail, **detail}


def _headers(raw: str) -> dict[str, Any]:
    message = message_from_bytes(base64.b64decode(raw))
    return {"headersTruncated": False, "headers": [{"name": k, "value": str(v)} for k, v in message.items()]}


def _tags(ses: Any, params: _Params) -> Iterator[tuple[str, list[str]]]:
    names = list(_numbered(ses, params, "Tags.member.{}.Name"))
    return zip(names, ([value] for value in _numbered(ses, params, "Tags.member.{}.Value")), strict=True)


def _numbered(ses: Any, params: _Params, name: str) -> Iterator[str]:
    number = 1
    while value := ses._p(params, name.format(number)):
        yield str(value)
        number += 1
