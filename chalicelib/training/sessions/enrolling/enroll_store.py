"""Requests to enroll people in trainings: the request, its people, the results of its chunks."""

from collections.abc import Iterable, Sequence
from typing import Any

from chalicelib.aws import bulk, table
from chalicelib.aws.table import Action, Ref, Write, put_new
from chalicelib.core.paging import Page
from chalicelib.core.settings import settings
from chalicelib.training.sessions.models import (
    PEOPLE_PER_ITEM,
    RESULTS_PREFIX,
    Enroll,
    EnrollPeople,
    EnrollResult,
    enroll_pk,
    enroll_ref,
    enroll_sk,
    enrolls_pk,
    people_sk,
    result_sk,
)

# A chunk of as many as 20 trainings each takes a worker a few seconds.
CHUNK_SIZE = 25


def enroll(org_id: str, enroll_id: str) -> Enroll | None:
    return table.get(Enroll, enrolls_pk(org_id), enroll_sk(enroll_id))


def enrolls_by_id(org_id: str, enroll_ids: Iterable[str]) -> dict[str, Enroll]:
    """Those that exist, by id."""
    refs = [enroll_ref(org_id, enroll_id) for enroll_id in dict.fromkeys(enroll_ids)]
    return {enroll.enroll_id: enroll for enroll in table.fetch_all(refs, consistent=False)}


def create_writes(enroll: Enroll, member_ids: Sequence[str]) -> list[Write]:
    """ConditionFailed with index 0 when the request was saved before."""
    return [put_new(enroll), *map(put_new, _people(enroll, member_ids))]


def fix_people(enroll: Enroll, member_ids: Sequence[str], failed_code: str | None = None) -> None:
    """These are the people, from now on. ConditionFailed when another delivery fixed them first."""
    open_ = Enroll.pk.exists() & Enroll.num_people.does_not_exist()
    actions: list[Action] = [Enroll.num_people.set(len(member_ids))]
    if failed_code is not None:
        actions.append(Enroll.failed_code.set(failed_code))
    key = Enroll(enroll.pk, enroll.sk)
    table.transact([Write("update", key, open_, tuple(actions)), *map(put_new, _people(enroll, member_ids))])


def _people(enroll: Enroll, member_ids: Sequence[str]) -> list[EnrollPeople]:
    pk = enroll_pk(enroll.org_id, enroll.enroll_id)
    parts = [member_ids[start : start + PEOPLE_PER_ITEM] for start in range(0, len(member_ids), PEOPLE_PER_ITEM)]
    return [EnrollPeople(pk, people_sk(number), member_ids=list(part)) for number, part in enumerate(parts)]


def num_people(enroll: Enroll) -> int | None:
    """None until those who match a filter are known."""
    return None if enroll.num_people is None else int(enroll.num_people)


def num_chunks(enroll: Enroll) -> int:
    """Of people who are known: see `Enroll`."""
    return -(-int(enroll.num_people) // CHUNK_SIZE)


def chunk_people(enroll: Enroll, chunk: int) -> list[str]:
    start = chunk * CHUNK_SIZE
    number, offset = divmod(start, PEOPLE_PER_ITEM)
    part = table.get(EnrollPeople, enroll_pk(enroll.org_id, enroll.enroll_id), people_sk(number), consistent=False)
    return list(part.member_ids)[offset : offset + CHUNK_SIZE] if part else []


def result(enroll: Enroll, chunk: int) -> EnrollResult | None:
    return table.get(EnrollResult, enroll_pk(enroll.org_id, enroll.enroll_id), result_sk(chunk))


def results(enroll: Enroll, chunks: Iterable[int]) -> list[EnrollResult]:
    """Of these chunks, in their order; those that have none are left out."""
    pk = enroll_pk(enroll.org_id, enroll.enroll_id)
    return table.fetch_all(Ref(EnrollResult, pk, result_sk(chunk)) for chunk in chunks)


def put_result(
    enroll: Enroll, chunk: int, results: Sequence[Sequence[Any]], overlapping: Sequence[tuple[str, str]]
) -> None:
    """Nothing when another delivery of the chunk ended first."""
    key = enroll_pk(enroll.org_id, enroll.enroll_id), result_sk(chunk)
    table.put_if_new(EnrollResult(*key, results=list(results), overlapping=[list(pair) for pair in overlapping]))


def result_page(enroll: Enroll, limit: int, after: str | None) -> Page[EnrollResult]:
    pk = enroll_pk(enroll.org_id, enroll.enroll_id)
    return table.query(EnrollResult, pk, prefix=RESULTS_PREFIX, limit=limit, after=after, consistent=True)


def chunks_done(enroll: Enroll) -> set[int]:
    """Chunks that have a result. Read eventually consistently: a chunk that is sent again ends with one read."""
    pk = enroll_pk(enroll.org_id, enroll.enroll_id)
    keys = bulk.sort_keys(settings().core_table, pk, after=RESULTS_PREFIX, until=None)
    return {int(key.removeprefix(RESULTS_PREFIX)) for key in keys if key.startswith(RESULTS_PREFIX)}


def chunk_of_result(result: EnrollResult) -> int:
    return int(result.sk.removeprefix(RESULTS_PREFIX))
