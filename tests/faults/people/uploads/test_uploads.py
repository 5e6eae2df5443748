"""Uploads of people: the upload, the decision, the jobs that invite, and their dead letters, broken at every call.

Whatever breaks, everybody whose row is good is invited once and mailed once, and the upload says what became of each.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.core.clock import to_text
from chalicelib.people.uploads import store as upload_store
from tests.faults import later
from tests.faults.fake_sqs import Delivery, Request
from tests.faults.injector import Injector
from tests.faults.inviting_calls import ANSWER, AUDIT, CLAIM
from tests.faults.inviting_scenarios import ANN, BOB, People, distinct_faults, faults_on_writes, named
from tests.faults.kinds import (
    DELETE_FILE,
    GET,
    GET_FILE,
    GET_MANY,
    INSERT,
    KILLED_AFTER,
    PUT_FILE,
    QUERY,
    SEND,
    TRANSACT,
    Fault,
    each,
    pairs,
)
from tests.gateway import Answer
from tests.harness import World

_HEAD = "E-mail,First name,Last name,Groups,Department,Location"
_ROWS = [f"{ANN},Ann,Lee,Finance,,", f"{BOB},Bob,Ray,Finance,,", "nobody,No,Body,Finance,,"]

UPLOAD = [*CLAIM, GET, GET_MANY, QUERY, QUERY, QUERY, GET_MANY, PUT_FILE, INSERT, *AUDIT, *ANSWER, GET, QUERY, QUERY]
MAP = [
    *CLAIM, GET, GET, GET_FILE, GET, QUERY, QUERY, QUERY, GET_MANY, INSERT, *AUDIT, *ANSWER, GET, QUERY, QUERY,
]  # fmt: skip
APPROVE = [*CLAIM, GET, GET, *AUDIT, DELETE_FILE, SEND, *ANSWER]
# Without an Accept header: the file goes to the bucket.
TEMPLATE = [QUERY, PUT_FILE]
DISAPPROVE = [*CLAIM, GET, *AUDIT, DELETE_FILE, *ANSWER]

RUN = [GET, DELETE_FILE, QUERY, SEND]
_MAILS, _END = [INSERT, INSERT, TRANSACT, SEND], [TRANSACT, GET, TRANSACT]
_ROWS_OF_CHUNK = [GET, QUERY, GET, GET]
CHUNK = [*_ROWS_OF_CHUNK, GET_MANY, GET_MANY, TRANSACT, TRANSACT, *_MAILS, *_END]
CHUNK_LATER = [*CHUNK[:8], TRANSACT, SEND, *_END]
DEAD_LETTER = [*_ROWS_OF_CHUNK, GET_MANY, GET_MANY, *_MAILS, *_END]


@pytest.fixture
def people(world: World, hook: Injector, small: None, monkeypatch: pytest.MonkeyPatch) -> People:
    return People(world, hook, monkeypatch)


# ------------------------------------------------------------ requests


def _uploading(people: People) -> Request:
    content = "\r\n".join([_HEAD, *_ROWS]).encode()
    path = f"/orgs/{people.org_id}/imports"
    return Request("POST", path, people.org_admin, key="upload", raw=content, content_type="text/csv")


def _uploaded(people: People) -> str:
    answer = people.ask(_uploading(people))
    assert answer.status == 201, answer.text
    return str(answer.json["import_id"])


def _mapping(people: People) -> Request:
    path = f"/orgs/{people.org_id}/imports/{_uploaded(people)}/mapping"
    return Request("POST", path, people.org_admin, {"columns": {"Department": None}}, "map")


def _deciding(people: People, import_id: str, what: str, notify: str = "now") -> Request:
    body = {"notify": notify} if what == "approve" else None
    return Request("POST", f"/orgs/{people.org_id}/imports/{import_id}/{what}", people.org_admin, body, what)


def _approving(people: People) -> Request:
    return _deciding(people, _uploaded(people), "approve")


def _disapproving(people: People) -> Request:
    return _deciding(people, _uploaded(people), "disapprove")


def _files(people: People) -> list[str]:
    bucket = people.world.stage.environment["FILES_BUCKET"]
    listed = people.world.client("s3").list_objects_v2(Bucket=bucket).get("Contents", [])
    return [entry["Key"] for entry in listed]


def _shown(people: People) -> tuple[str, int, int, list[str | None]]:
    """Of the one upload: status, numbers invited and failed, and what became of each row."""
    path = f"/orgs/{people.org_id}/imports"
    (listed,) = people.world.every(path, people.org_admin)
    detail = people.world.get(f"{path}/{listed['import_id']}", people.org_admin).json
    outcomes = [row["outcome"] for row in detail["rows"]]
    return detail["status"], detail["num_invited"], detail["num_failed"], outcomes


def _is_previewed(people: People) -> None:
    people.rest()
    assert _shown(people) == ("preview", 0, 1, [None, None, None])
    assert len(_files(people)) == 1
    assert people.members() == []
    assert people.audit_actions() == {"import.uploaded": 1}


def _is_mapped(people: People) -> None:
    people.rest()
    assert _shown(people) == ("preview", 0, 1, [None, None, None])
    assert len(_files(people)) == 1
    assert people.audit_actions() == {"import.uploaded": 1, "import.mapped": 1}
    (listed,) = people.world.every(f"/orgs/{people.org_id}/imports", people.org_admin)
    detail = people.world.get(f"/orgs/{people.org_id}/imports/{listed['import_id']}", people.org_admin).json
    assert [(column["heading"], column["reason"]) for column in detail["columns"]][4] == ("Department", "chosen")


def _is_done(people: People) -> None:
    people.rest()
    assert _shown(people) == ("done", 2, 1, ["invited", "invited", None])
    assert _files(people) == []
    assert people.statuses() == {"prospect": 2}
    assert sorted(mail["To"][0] for mail in people.sent()) == [ANN, BOB]
    assert people.audit_actions()["import.approved"] == 1


def _is_discarded(people: People) -> None:
    people.rest()
    assert _shown(people) == ("disapproved", 0, 1, [None, None, None])
    assert _files(people) == []
    assert people.members() == []
    assert people.audit_actions()["import.disapproved"] == 1


_REQUESTS: dict[str, tuple[Callable[[People], Request], list[str], int, Callable[[People], None]]] = {
    "upload": (_uploading, UPLOAD, 201, _is_previewed),
    "map": (_mapping, MAP, 200, _is_mapped),
    "approve": (_approving, APPROVE, 202, _is_done),
    "disapprove": (_disapproving, DISAPPROVE, 200, _is_discarded),
}
# The key is claimed, and answered under, as in test_invites.py.
_OWN = 4
_EACH_REQUEST = [
    one for name, (_, calls, _, _) in _REQUESTS.items() for one in named(name, faults_on_writes(calls, _OWN))
]


@pytest.mark.parametrize("name", _REQUESTS)
def test_requests_about_uploads_make_these_calls_and_come_to_this(people: People, name: str) -> None:
    scene, expected, status, check = _REQUESTS[name]
    request = people.starting(scene)
    with people.injector.watched() as calls:
        answer = people.ask(request)
    assert (answer.status, calls) == (status, expected)
    assert people.ask(request).json == answer.json
    check(people)


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_REQUEST)
def test_an_upload_is_made_and_decided_once_whichever_call_breaks(
    people: People, name: str, at: int, fault: Fault
) -> None:
    scene, _, status, check = _REQUESTS[name]
    later.broken_request(people, people.starting(scene), at, fault, status)
    check(people)


def _asking_for_the_template(people: People) -> Request:
    return Request("GET", f"/orgs/{people.org_id}/invites/template?format=xlsx", people.org_admin)


def test_asking_for_the_template_makes_these_calls(people: People) -> None:
    with people.injector.watched() as calls:
        assert people.ask(_asking_for_the_template(people)).status == 303
    # The link is signed without a call.
    assert calls == [*TEMPLATE, GET_FILE]


@pytest.mark.parametrize(("at", "fault"), pairs(TEMPLATE))
def test_the_template_is_given_whichever_call_breaks(people: People, at: int, fault: Fault) -> None:
    answer = later.broken_request(people, _asking_for_the_template(people), at, fault, 303)
    assert answer.headers["location"]


@pytest.mark.parametrize(("at", "fault"), pairs(APPROVE, [KILLED_AFTER]))
def test_an_approval_that_nobody_asks_for_again_is_carried_out_or_did_not_happen(
    people: People, at: int, fault: Fault
) -> None:
    request = people.starting(_approving)
    with people.injector.fault(at, fault):
        assert people.outside.ask(request) is None
    if at >= APPROVE.index(DELETE_FILE):
        _is_done(people)
    else:
        people.rest()
        assert _shown(people) == ("preview", 0, 1, [None, None, None])
        assert people.members() == []


@pytest.mark.parametrize("at", each(MAP))
def test_an_approval_while_the_file_is_judged_again_invites_by_the_rows_that_count(people: People, at: int) -> None:
    request = people.starting(_mapping)
    import_id = request.path.split("/")[-2]
    answers: list[Answer] = []
    mapped = later.while_asking(
        people, request, at, lambda: answers.append(people.ask(_deciding(people, import_id, "approve")))
    )
    assert answers[0].status == 202
    assert (mapped.status, mapped.json.get("code")) in [(200, None), (409, "already_decided")]
    _is_done(people)


@pytest.mark.parametrize("at", each(APPROVE))
def test_a_file_that_is_judged_again_while_it_is_approved_is_approved_as_it_was_seen(people: People, at: int) -> None:
    mapping = people.starting(_mapping)
    import_id = mapping.path.split("/")[-2]
    answers: list[Answer] = []
    approved = later.while_asking(
        people, _deciding(people, import_id, "approve"), at, lambda: answers.append(people.ask(mapping))
    )
    if approved.status == 202:
        _is_done(people)
        return
    assert (approved.status, approved.json["code"], answers[0].status) == (409, "changed_meanwhile", 200)
    people.rest()
    assert people.members() == []


# ------------------------------------------------------------ jobs


def _approved(people: People, notify: str = "now") -> None:
    assert people.ask(_deciding(people, _uploaded(people), "approve", notify)).status == 202


def _run(people: People) -> Delivery:
    _approved(people)
    return people.outside.take_one(job="import")


def _chunk(people: People) -> Delivery:
    _approved(people)
    return people.outside.take_one(job="import_chunk")


def _chunk_later(people: People) -> Delivery:
    _approved(people, to_text(people.world.now + timedelta(days=2)))
    return people.outside.take_one(job="import_chunk")


def _is_planned_and_done(people: People) -> None:
    people.come_to_rest()
    assert people.sent() == []
    people.outside.until(people.world.now + timedelta(days=2))
    _is_done(people)


_JOBS: dict[str, tuple[Callable[[People], Delivery], list[str], Callable[[People], None]]] = {
    "run": (_run, RUN, _is_done),
    "chunk": (_chunk, CHUNK, _is_done),
    "chunk for later": (_chunk_later, CHUNK_LATER, _is_planned_and_done),
}
_EACH_JOB = [
    *named("run", faults_on_writes(RUN)),
    *named("chunk", distinct_faults(CHUNK)),
    *named("chunk for later", [one for one in faults_on_writes(CHUNK_LATER) if int(str(one.values[0])) in (9, 10)]),
]


@pytest.mark.parametrize("name", _JOBS)
def test_inviting_the_people_of_an_upload_makes_these_calls(people: People, name: str) -> None:
    scene, expected, check = _JOBS[name]
    delivery = people.starting(scene)
    with people.injector.watched() as calls:
        assert people.outside.deliver(delivery)
    assert calls == expected
    people.outside.work_off()
    before = people.world.dump("core")
    assert people.outside.deliver(Delivery(delivery.body))
    people.outside.work_off()
    assert people.world.dump("core") == before
    check(people)


@pytest.mark.parametrize(("name", "at", "fault"), _EACH_JOB)
def test_the_people_of_an_upload_are_invited_once_whichever_call_breaks(
    people: People, name: str, at: int, fault: Fault
) -> None:
    scene, _, check = _JOBS[name]
    later.broken_delivery(people, people.starting(scene), at, fault)
    check(people)


@pytest.mark.parametrize("at", each(CHUNK))
def test_a_chunk_that_is_delivered_twice_at_once_invites_once(people: People, at: int) -> None:
    delivery = people.starting(_chunk)
    later.while_delivering(people, delivery, at, lambda: people.deliver_at_once(Delivery(delivery.body)))
    _is_done(people)


@pytest.mark.parametrize("at", each(CHUNK))
def test_an_address_that_is_invited_by_hand_meanwhile_is_invited_once(people: People, at: int) -> None:
    delivery = people.starting(_chunk)
    later.while_delivering(people, delivery, at, lambda: people.invite(BOB))
    people.rest()
    assert people.statuses() == {"prospect": 2}
    assert sorted(mail["To"][0] for mail in people.sent()) == [ANN, BOB]
    status, num_invited, num_failed, outcomes = _shown(people)
    assert (status, num_invited + num_failed) == ("done", 3)
    assert outcomes[1] in ("invited", "failed")


def test_rows_of_several_chunks_are_all_invited(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_store, "_MAX_ROWS", 1)
    _approved(people)
    _is_done(people)


# ------------------------------------------------------------ dead letters


def _dead(people: People) -> Delivery:
    """Of two people one is invited, not mailed, when the chunk broke for the last time."""
    delivery = _chunk(people)
    with people.injector.fault(CHUNK.index(TRANSACT) + 1, KILLED_AFTER):
        assert not people.outside.deliver(delivery)
    people.outside.waiting.remove(delivery)
    return delivery


def _is_given_up(people: People) -> None:
    people.rest()
    status, num_invited, num_failed, outcomes = _shown(people)
    assert (status, num_invited, num_failed) == ("done", 1, 2)
    assert sorted(map(str, outcomes)) == ["None", "failed", "invited"]
    assert people.statuses() == {"prospect": 1}
    assert people.num_links() == 1


def test_giving_a_chunk_up_makes_these_calls(people: People) -> None:
    delivery = people.starting(_dead)
    with people.injector.watched() as calls:
        assert people.outside.handle_dead_letter(delivery)
    assert calls == DEAD_LETTER
    assert people.outside.handle_dead_letter(Delivery(delivery.body))
    _is_given_up(people)


@pytest.mark.parametrize(("at", "fault"), faults_on_writes(DEAD_LETTER))
def test_a_chunk_is_given_up_once_whichever_call_breaks(people: People, at: int, fault: Fault) -> None:
    delivery = people.starting(_dead)
    with people.injector.fault(at, fault):
        people.outside.handle_dead_letter(delivery)
    assert people.injector.struck
    # The dead letter comes again before the sweep sends the upload's chunks once more.
    people.outside.work_off()
    _is_given_up(people)
