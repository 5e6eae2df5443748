"""Shortcuts in botocore and MiniStack for calls in process, of which the tests make some hundred thousand.

What a test can depend on stays: parameters, retries, errors and most events of botocore, and MiniStack's handlers. What
is the same for each call is skipped or cached: signatures, headers, endpoints, parsed expressions; and of the events
`request-created`, `before-parse` and `response-received`.
tests/aws/test_quick_calls.py compares the answers with those over the network.
"""

import base64
import copy
import importlib
import marshal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest
from botocore.client import BaseClient
from botocore.endpoint import Endpoint, convert_to_response_dict, first_non_none_response
from botocore.parsers import BaseJSONParser
from botocore.serialize import JSONSerializer
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString

from tests.quick_items import QuickItems, tried

# MiniStack's services whose handlers do not wait (SQS does when WaitTimeSeconds is set).
SERVICES = ("dynamodb", "scheduler", "ses", "sns", "sqs")

# Attribute values that look the same in Python and in JSON.
_SIMPLE = ({"S"}, {"N"}, {"BOOL"}, {"NULL"})

# Those whose requests are JSON sent to one address.
_JSON = ("dynamodb", "sqs")

# What botocore keeps in the context of a request when it resolves the endpoint.
_RESOLVED = ("auth_type", "signing")

# MiniStack's functions of nothing but text.
_OF_TEXT = ("_condition_syntax_error", "_number_size_bytes", "_number_error")

# All that quick_calls changes.
patches: list[Any] = []


@contextmanager
def quick_calls(endpoint: str) -> Iterator[None]:
    """For clients of this endpoint. MiniStack must be imported already."""
    dynamodb: Any = importlib.import_module("ministack.services.dynamodb")
    ses: Any = importlib.import_module("ministack.services.ses")
    sign, resolve = RequestSigner.sign, BaseClient._resolve_endpoint_ruleset
    serialize, parse = JSONSerializer._serialize_type_structure, BaseJSONParser._handle_structure

    create, respond = Endpoint.create_request, Endpoint._get_response

    def is_near(at: Any, model: Any) -> bool:
        return model is not None and model.service_model.service_name in _JSON and at.host.startswith(endpoint)

    def created(at: Any, params: Any, model: Any = None) -> Any:
        if not is_near(at, model):
            return create(at, params, model)
        service = model.service_model.service_name
        region = params["context"]["client_region"]
        headers = {**params["headers"], "Authorization": _authorization(service, region)}
        return AWSPreparedRequest(params["method"], params["url"], headers, params["body"], stream_output=False)

    def responded(at: Any, request: Any, model: Any, context: Any) -> Any:
        """A pair: response and what it says, or nothing; and the exception in its place."""
        if not is_near(at, model):
            return respond(at, request, model, context)
        event = f"before-send.{model.service_model.service_id.hyphenize()}.{model.name}"
        if (outcome := tried(context)) is not None:
            http, error = outcome
            if error is not None:
                return None, error
        else:
            try:
                http = first_non_none_response(at._event_emitter.emit(event, request=request))
                http = at._send(request) if http is None else http
            except Exception as error:
                return None, error
        answer = convert_to_response_dict(http, model)
        parser = at._response_parser_factory.create_parser(model.service_model.resolved_protocol)
        said = parser.parse(answer, model.output_shape)
        if http.status_code >= 300:
            at._add_modeled_error_fields(answer, said, model, parser)
        return (http, said), None

    def unsigned(signer: Any, operation: str, request: Any, *more: Any, **named: Any) -> None:
        if signer.signing_name in SERVICES and request.url.startswith(endpoint):
            # MiniStack does not check signatures; in_process_cloud reads the service from it.
            request.headers["Authorization"] = _authorization(signer.signing_name, signer.region_name)
        else:
            sign(signer, operation, request, *more, **named)

    def resolved(client: Any, operation: Any, params: Any, context: dict[str, Any], **named: Any) -> Any:
        """The endpoint of these services does not depend on the parameters."""
        if client.meta.service_model.service_name not in SERVICES:
            return resolve(client, operation, params, context, **named)
        known = client.__dict__.setdefault("_resolved", {})
        if operation.name not in known:
            found = resolve(client, operation, params, context, **named)
            known[operation.name] = found, {name: context[name] for name in _RESOLVED if name in context}
        found, resolved_context = known[operation.name]
        context.update(copied(resolved_context))
        return found

    def serialized(serializer: Any, into: Any, value: Any, shape: Any, key: Any) -> None:
        if shape.name == "AttributeValue" and key is not None and value.keys() in _SIMPLE:
            into[key] = value
        else:
            serialize(serializer, into, value, shape, key)

    def parsed(parser: Any, shape: Any, value: Any) -> Any:
        if shape.name == "AttributeValue" and value.keys() in _SIMPLE:
            return value
        return parse(parser, shape, value)

    def patch(of: Any, name: str, instead: Any) -> None:
        patches.append(mock.patch.object(of, name, instead))

    items = QuickItems(endpoint, _authorization)
    patch(BaseClient, "_convert_to_request_dict", lambda *given, **named: items.convert(*given, **named))
    patch(BaseClient, "_make_request", lambda *given: items.make(*given))
    patch(RequestSigner, "sign", unsigned)
    patch(Endpoint, "create_request", created)
    patch(Endpoint, "_get_response", responded)
    patch(BaseClient, "_resolve_endpoint_ruleset", resolved)
    patch(JSONSerializer, "_serialize_type_structure", serialized)
    patch(BaseJSONParser, "_handle_structure", parsed)
    patch(UserAgentString, "to_string", lambda _: "tests")
    patch(dynamodb, "copy", SimpleNamespace(deepcopy=copied, copy=copy.copy))
    patch(ses, "_parse_raw_mime", _read_mail)
    patch(dynamodb, "_tokenize", _listed(dynamodb._tokenize))
    for name in _OF_TEXT:
        patch(dynamodb, name, lru_cache(maxsize=4096)(getattr(dynamodb, name)))
    with ExitStack() as stack:
        for one in patches:
            stack.enter_context(one)
        yield
    patches.clear()


def copied(value: Any, memo: Any = None) -> Any:
    """A deep copy. Of plain values, which items consist of, it takes a tenth of the time of copy.deepcopy."""
    try:
        return marshal.loads(marshal.dumps(value))
    except ValueError:
        return copy.deepcopy(value, memo)


@lru_cache(maxsize=16)
def _authorization(service: str, region: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20270104/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"


def _read_mail(raw: str) -> dict[str, Any]:
    """As MiniStack reads it, with the parser that leaves headers alone: the other takes five times as long."""
    mail = message_from_bytes(base64.b64decode(raw))
    headers = {name: str(make_header(decode_header(mail.get(name, "")))) for name in ("From", "To", "Subject")}
    texts = [part for part in mail.walk() if part.get_content_type() in ("text/plain", "text/html")]
    bodies = [{"ContentType": part.get_content_type(), "Data": _text_of(part)} for part in texts]
    return {**headers, "ContentType": mail.get_content_type(), "BodyParts": bodies}


def _text_of(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode(part.get_content_charset("utf-8"))


def _listed(read: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    """With a cache; each caller gets a list of its own."""
    known = lru_cache(maxsize=4096)(lambda text: tuple(read(text)))
    return lambda text: list(known(text))
