"""The state of the local cloud in short: the same for equal states, and for no others.

Left out is what neither Muster nor the local cloud looks at in these tests: by when the machine's clock something was
stored, names of messages, and the order in which items were written, since nothing scans a table.
"""

import hashlib
import importlib
import marshal
import pickle
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

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

# Of transactions.
_TOKENS = "_txn_idempotency"

_Store = AccountRegionScopedDict | AccountScopedDict


class Unknown(Exception):
    """A state that cannot be told from others."""


@lru_cache(maxsize=1)
def _stores() -> list[tuple[str, str, _Store]]:
    """MiniStack's modules have many names: they are looked through once."""
    return [
        (service, name, value)
        for service in _SERVICES
        for name, value in vars(_service(service)).items()
        if isinstance(value, _Store) and name != _TOKENS
    ]


def _service(name: str) -> Any:
    """MiniStack's modules read the environment when they are imported, which is when the cloud starts."""
    return importlib.import_module(f"ministack.services.{name}")


def snapshot() -> bytes:
    told: list[Any] = []
    for _, name, store in _stores():
        if name == "_tables":
            told.append({key: {**table, "items": dict(table["items"])} for key, table in store._data.items()})
        else:
            told.append(store._data)
    try:
        # In a third of the time that pickle takes.
        return b"m" + marshal.dumps(told)
    except ValueError:
        return b"p" + pickle.dumps(told, pickle.HIGHEST_PROTOCOL)


def restore(taken: bytes) -> None:
    kept = marshal.loads(taken[1:]) if taken[:1] == b"m" else pickle.loads(taken[1:])
    for (_, name, store), data in zip(_stores(), kept, strict=True):
        if name == "_tables":
            for table in data.values():
                table["items"] = defaultdict(dict, table["items"])
        # Replaced rather than changed: MiniStack's threads iterate over it.
        store._data = data
    forget_tokens()
    in_process_cloud.num_changing += 1


def forget_tokens() -> None:
    """Tokens of transactions are for tries of one call, and each call draws another one."""
    getattr(_service("dynamodb"), _TOKENS)._data = {}


def has_messages(queue_url: str) -> bool:
    """Read from memory: most of the time there is nothing to receive."""
    name = queue_url.rpartition("/")[2]
    queues = _service("sqs")._queues._data.values()
    return any(queue["messages"] for queue in queues if queue["name"] == name)


def has_schedules() -> bool:
    return bool(_service("scheduler")._schedules._data)


def digest() -> bytes:
    """Raises Unknown for a state that depends on the machine's clock, or that holds what is not plain."""
    cognito = _service("cognito")
    if any(getattr(cognito, name) for name in _OF_COGNITO):
        raise Unknown
    told = []
    for service, name, store in _stores():
        if store._data:
            plain = _PLAIN.get((service, name))
            told.append(
                (service, name, plain(store._data) if plain else _digest_without_instants(written(store._data)))
            )
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
