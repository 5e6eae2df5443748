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
    server._handle_ses_messages_request = _with_raw_mails(ses, server._handle_ses_messages_request)


def _with_raw_mails(ses: Any, original: Callable[..., Any]) -> Callable[..., Any]:
    async def handler(*request: Any) -> Any:
        answer = await original(*request)
        if answer is None or answer[0] != 200:
            return answer
        shown = json.loads(answer[2])
        stored = [value for value in ses._sent_emails.to_dict().values() if isinstance(value, list)]
        raw_by_id = {mail["MessageId"]: mail.get("Raw") for mails in stored for mail in mails}
        for mails in shown["messages"].values():
            for mail in mails:
                mail["Raw"] = raw_by_id.get(mail["MessageId"])
        return answer[0], answer[1], json.dumps(shown).encode()

    return handler


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
