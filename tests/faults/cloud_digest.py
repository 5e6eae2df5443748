"""The state of the local cloud in short: the same for equal states, and for no others.

Left out is what neither Muster nor the local cloud looks at in these tests: by when the machine's clock something was
stored, names of messages, and the order in which items were written, since nothing scans a table.
"""

import hashlib
import importlib
import marshal
import pickle
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict
from ministack.services import cognito, dynamodb

from tests import in_process_cloud

_SERVICES = ("cognito", "dynamodb", "s3", "scheduler", "ses", "sns", "sqs")

# By the machine's clock.
_INSTANTS = frozenset(
    {
        "CreationDate", "LastModificationDate", "LastModifiedDate", "UserCreateDate", "UserLastModifiedDate",
        "Timestamp", "created", "last_modified",
    }
)  # fmt: skip

# What Cognito keeps beside its pools, and which no snapshot has.
_OF_COGNITO = ("_authorization_codes", "_auth_codes", "_refresh_tokens", "_pending_new_password", "_pending_user_auth")

_Store = AccountRegionScopedDict | AccountScopedDict


class Unknown(Exception):
    """A state that cannot be told from others."""


@lru_cache(maxsize=1)
def _stores() -> list[tuple[str, str, _Store]]:
    """MiniStack's modules have many names: they are looked through once."""
    return [
        (service, name, value)
        for service in _SERVICES
        for name, value in vars(importlib.import_module(f"ministack.services.{service}")).items()
        if isinstance(value, _Store) and value is not dynamodb._txn_idempotency
    ]


def snapshot() -> bytes:
    return pickle.dumps([store._data for *_, store in _stores()], pickle.HIGHEST_PROTOCOL)


def restore(taken: bytes) -> None:
    for (*_, store), data in zip(_stores(), pickle.loads(taken), strict=True):
        # Replaced rather than changed: MiniStack's threads iterate over it.
        store._data = data
    forget_tokens()
    in_process_cloud.num_changing += 1


def forget_tokens() -> None:
    """Tokens of transactions are for tries of one call, and each call draws another one."""
    dynamodb._txn_idempotency._data = {}


def digest() -> bytes:
    """Raises Unknown for a state that depends on the machine's clock, or that holds what is not plain."""
    if any(getattr(cognito, name) for name in _OF_COGNITO):
        raise Unknown
    told = []
    for service, name, store in _stores():
        if store._data:
            plain = _PLAIN.get((service, name))
            told.append((service, name, plain(store._data) if plain else _digest_without_instants(written(store._data))))
    return digest_of(told)


def written(plain: Any) -> bytes:
    try:
        # In this version equal values are the same bytes, whether or not parts of them are the same objects.
        return marshal.dumps(plain, 2)
    except ValueError as error:
        raise Unknown from error


def digest_of(plain: Any) -> bytes:
    return hashlib.blake2b(written(plain), digest_size=16).digest()


@lru_cache(maxsize=1024)
def _digest_without_instants(of_store: bytes) -> bytes:
    """Most of these stores are the same most of the time."""
    return digest_of(_without_instants(marshal.loads(of_store)))


def _without_instants(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_instants(one) for key, one in value.items() if key not in _INSTANTS}
    if isinstance(value, list):
        return [_without_instants(one) for one in value]
    return value


# Follows from the items.
_COUNTED = ("items", "ItemCount", "TableSizeBytes")


def _tables(data: Mapping[Any, Any]) -> list[Any]:
    told: list[Any] = []
    for key, table in data.items():
        told += [key, {name: value for name, value in table.items() if name not in _COUNTED}]
        items = table["items"]
        for pk in sorted(items):
            # Looking for a partition makes one without items.
            told += [item for _, item in sorted(items[pk].items())]
    return told


def _queues(data: Mapping[Any, Any]) -> list[Any]:
    told: list[Any] = []
    for key, queue in data.items():
        if queue["dedup_cache"]:
            raise Unknown
        told.append(key)
        for message in queue["messages"]:
            if message["receive_count"] or message["visible_at"] > message["sent_at"]:
                # When it can be seen depends on the machine's clock.
                raise Unknown
            told += [message["body"], message["message_attributes"], message["group_id"], message["dedup_id"]]
    return told


_PLAIN: Mapping[tuple[str, str], Callable[[Mapping[Any, Any]], Any]] = {
    ("dynamodb", "_tables"): _tables,
    ("sqs", "_queues"): _queues,
}
