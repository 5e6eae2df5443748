"""What each call to the local cloud costs besides what tests are about, left out: for tests make 800,000 of them.

A call goes through all of botocore that can have a say in it (parameters, events, retries, errors) and all of
MiniStack's DynamoDB, SQS and Scheduler. Left out is what comes to the same each time: who signs, where the service is,
how an expression reads. tests/aws/test_quick_calls.py compares the answers with those over the network.
"""

import copy
import importlib
import marshal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any
from unittest import mock

from botocore.client import BaseClient
from botocore.parsers import BaseJSONParser
from botocore.serialize import JSONSerializer
from botocore.signers import RequestSigner
from botocore.useragent import UserAgentString

# Of MiniStack's services, those whose handlers never wait. SQS does, where it is asked to.
SERVICES = ("dynamodb", "scheduler", "ses", "sqs")

# What says all of itself in its one member.
_SIMPLE = ({"S"}, {"N"}, {"BOOL"}, {"NULL"})

# MiniStack's, that have nothing but texts to go by.
_BY_TEXT = ("_condition_syntax_error", "_number_size_bytes", "_number_error")


@contextmanager
def quick_calls() -> Iterator[None]:
    """MiniStack has to be there already."""
    dynamodb: Any = importlib.import_module("ministack.services.dynamodb")
    sign, resolve = RequestSigner.sign, BaseClient._resolve_endpoint_ruleset
    serialize, parse = JSONSerializer._serialize_type_structure, BaseJSONParser._handle_structure

    def unsigned(signer: Any, operation: str, request: Any, *more: Any, **named: Any) -> None:
        if signer.signing_name in SERVICES and not more and not named:
            # Nobody checks it; what is asked of each service is told by it.
            request.headers["Authorization"] = _authorization(signer.signing_name, signer.region_name)
        else:
            sign(signer, operation, request, *more, **named)

    def resolved(client: Any, operation: Any, params: Any, context: dict[str, Any], **named: Any) -> Any:
        """Where they are depends on nothing that a call says."""
        if client.meta.service_model.service_name not in SERVICES:
            return resolve(client, operation, params, context, **named)
        known = client.__dict__.setdefault("_resolved", {})
        if operation.name not in known:
            known[operation.name] = resolve(client, operation, params, context, **named), context.get("signing")
        found, signing = known[operation.name]
        if signing is not None:
            context["signing"] = dict(signing)
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

    with ExitStack() as stack:

        def put(of: Any, name: str, instead: Any) -> None:
            stack.enter_context(mock.patch.object(of, name, instead))

        put(RequestSigner, "sign", unsigned)
        put(BaseClient, "_resolve_endpoint_ruleset", resolved)
        put(JSONSerializer, "_serialize_type_structure", serialized)
        put(BaseJSONParser, "_handle_structure", parsed)
        # What botocore tells about itself takes a tenth of a call to put together.
        put(UserAgentString, "to_string", lambda _: "tests")
        put(dynamodb, "copy", SimpleNamespace(deepcopy=copied, copy=copy.copy))
        put(dynamodb, "_tokenize", _listed(dynamodb._tokenize))
        for name in _BY_TEXT:
            put(dynamodb, name, lru_cache(maxsize=4096)(getattr(dynamodb, name)))
        yield


def copied(value: Any, memo: Any = None) -> Any:
    """A deep copy: of what JSON could say, in a tenth of the time."""
    try:
        return marshal.loads(marshal.dumps(value))
    except ValueError:
        return copy.deepcopy(value, memo)


@lru_cache(maxsize=16)
def _authorization(service: str, region: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20270104/{region}/{service}/aws4_request, SignedHeaders=host, Signature=0"


def _listed(read: Callable[[str], list[Any]]) -> Callable[[str], list[Any]]:
    """Each caller gets a list of its own."""
    known = lru_cache(maxsize=4096)(lambda text: tuple(read(text)))
    return lambda text: list(known(text))
