"""How much memory it takes to partition a roster.

The roster's pages are made up here, as long as DynamoDB's; botocore reads them as if they came from there.
"""

import io
import json
import tracemalloc
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from chalicelib.aws import clients
from chalicelib.people.members.models import learners_pk, member_sk
from chalicelib.training.batches.recipients import Recipients, partition_of

_ORG_ID = "01MBG28E8087R7CC4MNEG2JTEV"
# Entries of 88 bytes, as many as fit into the 1 MB that a query reads.
_PAGE = 11_900


class _Body(io.BytesIO):
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


class _Roster:
    def __init__(self, num_members: int) -> None:
        self._num_members = num_members

    def answer(self, request: Any, **_: Any) -> AWSResponse:
        after = json.loads(request.body).get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        first = int(after[-7:]) + 1 if after else 0
        end = min(first + _PAGE, self._num_members)
        page: dict[str, Any] = {"Items": [{"sk": {"S": _sk(number)}} for number in range(first, end)]}
        if end < self._num_members:
            page["LastEvaluatedKey"] = {"pk": {"S": learners_pk(_ORG_ID)}, "sk": {"S": _sk(end - 1)}}
        return AWSResponse(request.url, 200, HTTPHeaders(), _Body(json.dumps(page).encode()))


def _sk(number: int) -> str:
    return member_sk(f"01MBG28E8087R7CC4MN{number:07d}")


def peak_of_partition(num_members: int) -> float:
    """The most memory, in MB, that Python held while it partitioned a roster of so many members."""
    clients.forget()
    events: Any = clients.session().get_component("event_emitter")
    events.register("before-send.dynamodb.Query", _Roster(num_members).answer)
    clients.client("dynamodb")
    tracemalloc.start()
    try:
        partition = partition_of(Recipients([learners_pk(_ORG_ID)]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        clients.forget()
    if partition.total != num_members:
        raise RuntimeError(f"{partition.total} of {num_members} members were partitioned")
    return peak / 1e6
