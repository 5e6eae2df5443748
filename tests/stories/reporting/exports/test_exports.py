"""R14: lists as CSV files, written in the background and fetched through a short-lived link."""

import csv
import io
import json
import urllib.error
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import worker as jobs
from chalicelib.aws import files, table
from chalicelib.reporting.exports import lists
from chalicelib.tenants.access.models import AccountEntry, account_pk
from chalicelib.tenants.admins.models import org_role_sk
from chalicelib.training.progress import learners
from chalicelib.web.routing import MAX_KEY_LENGTH
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver, refused

FAILING = "the source broke"


@pytest.fixture
def course(world: World, driver: Driver) -> str:
    return world.course(driver.msp, "Spotting Phishing")


def _learners_path(org: str, batch: str, course: str) -> str:
    return f"/msp/training/{org}/{batch}/courses/{course}/learners"


def _start(driver: Driver, path: str, key: str | None = None) -> dict[str, Any]:
    """Ask for an export of the list at `path`, which may have a query."""
    listed, _, query = path.partition("?")
    headers = {"Idempotency-Key": key} if key else {}
    answer = driver.world.post(f"{listed}/export" + (f"?{query}" if query else ""), driver.admin, headers=headers)
    assert answer.status == 202, answer.text
    return dict(answer.json)


def _poll(driver: Driver, export: dict[str, Any]) -> dict[str, Any]:
    answer = driver.world.get(f"/msp/exports/{export['export_id']}", driver.admin)
    assert answer.status == 200, answer.text
    return dict(answer.json)


def _exported(driver: Driver, path: str) -> dict[str, Any]:
    export = _start(driver, path)
    driver.work()
    return _poll(driver, export)


def _fetched(export: dict[str, Any]) -> tuple[bytes, dict[str, str]]:
    content, headers = fetched(export["url"])
    return content, {name.lower(): value for name, value in headers.items()}


def _rows(export: dict[str, Any]) -> list[dict[str, str]]:
    text = _fetched(export)[0].decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def _as_text(item: dict[str, Any]) -> dict[str, str]:
    """An item of a list as the cells of its line."""
    return {
        name: "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in item.items()
    }


# ---------------------------------------------------------------- the three lists


def test_the_learners_of_a_row_are_exported_with_the_columns_of_the_list(
    world: World, driver: Driver, course: str
) -> None:
    org = world.org(driver.msp, "Büro & Söhne", courses=[course], time_zone="UTC")
    account, started = world.learner(org, first_name="Zoë", last_name="Ødegård")
    others = [world.member(org, first_name="Ann", last_name="Lee, PhD"), *world.members(org, 3)]
    unlucky = world.member(org, first_name='Bo "Bobby"', last_name="Ross")
    with refused(unlucky):
        (batch,) = driver.launch(org, [{"course_id": course, "due_by": "2027-02-01"}])
    (mine,) = world.get("/me/courses", account).json["items"]
    world.post(f"/me/courses/{mine['enrollment_id']}/start", account)
    path = _learners_path(org, batch, course)
    listed = world.every(path, driver.admin)
    export = _exported(driver, path)
    assert _rows(export) == [_as_text(item) for item in listed]
    assert {row["member_id"] for row in _rows(export)} == {started, unlucky, *others}
    assert (export["status"], export["kind"], export["num_rows"]) == ("ready", "learners", 6)


@pytest.mark.parametrize("rows_at_once", [1, 2, 1000])
def test_a_list_of_many_pages_is_exported_whole(
    world: World, driver: Driver, course: str, rows_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "_ROWS_AT_ONCE", rows_at_once)
    orgs = [world.org(driver.msp, f"Client {number}", courses=[course]) for number in range(3)]
    world.members(orgs[0], 5)
    driver.launch(orgs[0], [course])
    world.members(orgs[0], 4)
    driver.launch(orgs, [course])
    (batch,) = driver.launch(orgs[0], [course])
    for path in ("/msp/training", f"/msp/training/{orgs[0]}", _learners_path(orgs[0], batch, course)):
        export = _exported(driver, path)
        listed = world.every(path, driver.admin)
        (named,) = {"org_id", "batch_id", "member_id"} & listed[0].keys()
        assert [row[named] for row in _rows(export)] == [item[named] for item in listed]
        assert export["num_rows"] == len(listed) > 2


def test_an_outcome_keeps_one_kind_of_learners(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course])
    held = world.members(org, 2)
    driver.launch(org, [course])
    added = world.members(org, 3)
    (batch,) = driver.launch(org, [course])
    path = _learners_path(org, batch, course)
    for outcome, members in (("enrolled", added), ("already_enrolled", held), ("failed", [])):
        export = _exported(driver, f"{path}?outcome={outcome}")
        assert {row["member_id"] for row in _rows(export)} == set(members)
        assert export["num_rows"] == len(members)
    answer = world.post(f"{path}/export?outcome=lucky", driver.admin)
    assert (answer.status, [error["field"] for error in answer.json["errors"]]) == (422, ["outcome"])


def test_after_an_undo_the_file_says_withdrawn(world: World, driver: Driver, course: str) -> None:
    """Issue 10, 21."""
    (org,) = driver.clients(course, "Acme Industries")
    members = set(world.members(org, 3))
    (batch,) = driver.launch(org, [course])
    world.post(f"/msp/training/{org}/{batch}/undo", driver.admin)
    driver.work()
    rows = _rows(_exported(driver, _learners_path(org, batch, course) + "?outcome=withdrawn"))
    assert {row["member_id"] for row in rows} == members
    assert {(row["outcome"], row["status"]) for row in rows} == {("withdrawn", "cancelled")}
    assert _rows(_exported(driver, _learners_path(org, batch, course) + "?outcome=enrolled")) == []


def test_the_batches_of_a_client_are_exported(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course])
    world.member(org)
    driver.launch(org, [course], name="First")
    world.now += timedelta(minutes=1)
    driver.launch(org, [{"course_id": course, "enroll_on": "2027-03-01"}], name="Second; later")
    export = _exported(driver, f"/msp/training/{org}")
    listed = world.every(f"/msp/training/{org}", driver.admin)
    assert _rows(export) == [_as_text(item) for item in listed]
    assert [row["name"] for row in _rows(export)] == ["Second; later", "First"]
    assert [row["next_enrollment_date"] for row in _rows(export)] == ["2027-03-01", ""]
    assert (export["kind"], export["num_rows"]) == ("batches", 2)


def test_the_dashboard_is_exported_with_a_line_for_each_client(world: World, driver: Driver, course: str) -> None:
    busy = world.org(driver.msp, "Acme", courses=[course])
    idle = world.org(driver.msp, "Bolt")
    world.org(world.msp(), "Somebody else's")
    world.member(busy)
    driver.launch(busy, [course, world.course(driver.msp)])
    export = _exported(driver, "/msp/training")
    lines = {row.pop("org_id"): row for row in _rows(export)}
    assert lines == {
        busy: {
            "name": "Acme", "pending": "false", "num_batches": "1", "num_courses": "2", "completed": "1",
            "scheduled": "0", "failed": "1",
        },
        idle: {
            "name": "Bolt", "pending": "true", "num_batches": "0", "num_courses": "0", "completed": "0",
            "scheduled": "0", "failed": "0",
        },
    }  # fmt: skip
    assert (export["kind"], export["num_rows"]) == ("dashboard", 2)


def test_a_list_without_items_is_a_file_with_headings(world: World, driver: Driver) -> None:
    export = _exported(driver, "/msp/training")
    assert _fetched(export)[0] == (
        b"\xef\xbb\xbforg_id,name,pending,num_batches,num_courses,completed,scheduled,failed\r\n"
    )
    assert export["num_rows"] == 0


def test_a_name_that_a_spreadsheet_would_run_is_text_in_the_file(world: World, driver: Driver) -> None:
    names = ['=HYPERLINK("https://evil.example";"click")', "+1", "-1", "@SUM(A1)", "  =1+1", "Plain & Sons"]
    for name in names:
        world.org(driver.msp, name)
    shown = {row["name"] for row in _rows(_exported(driver, "/msp/training"))}
    assert shown == {f"'{name}" for name in names[:-1]} | {"Plain & Sons"}


# ---------------------------------------------------------------- the export and its link


def test_an_export_runs_until_its_job_has_run(world: World, driver: Driver) -> None:
    export = _start(driver, "/msp/training")
    assert export == {
        "export_id": export["export_id"], "kind": "dashboard", "status": "running", "num_rows": None,
        "created_at": "2027-01-04T10:00:00Z", "expires_at": "2027-01-11T10:00:00Z", "url": None, "code": None,
        "explanation": None,
    }  # fmt: skip
    assert _poll(driver, export) == export
    assert world.messages() == [
        {"job": "export", "msp_id": driver.msp, "org_id": None, "account_id": None, "export_id": export["export_id"]}
    ]


def test_the_link_is_for_15_minutes_and_names_the_file(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, 'Büro "Süd" 東京', courses=[course])
    world.member(org)
    (batch,) = driver.launch(org, [course])
    export = _exported(driver, f"{_learners_path(org, batch, course)}?outcome=enrolled")
    assert "X-Amz-Expires=900&" in export["url"]
    assert "X-Amz-Algorithm=AWS4-HMAC-SHA256&" in export["url"]
    _, headers = _fetched(export)
    assert headers["content-type"] == "text/csv; charset=utf-8"
    named = 'attachment; filename="learners-buro-sud-spotting-phishing-enrolled-2027-01-04.csv"'
    assert headers["content-disposition"] == named


def test_a_link_that_was_altered_leads_nowhere(world: World, driver: Driver) -> None:
    url = _exported(driver, "/msp/training")["url"]
    with pytest.raises(urllib.error.HTTPError) as refusal:
        fetched(url.replace("X-Amz-Expires=900", "X-Amz-Expires=86400"))
    with refusal.value as answer:
        assert answer.code == 403


def test_after_seven_days_an_export_is_gone(world: World, driver: Driver) -> None:
    export = _exported(driver, "/msp/training")
    world.now += timedelta(days=7, seconds=-1)
    assert _poll(driver, export)["status"] == "ready"
    world.now += timedelta(seconds=1)
    assert world.get(f"/msp/exports/{export['export_id']}", driver.admin).status == 404
    (item,) = [item for item in world.dump("outbox") if item["sk"].startswith("EXPORT#")]
    assert item["ttl"] == world.now.timestamp()


# ---------------------------------------------------------------- whose it is


def test_another_msp_s_export_is_not_there(world: World, driver: Driver) -> None:
    export = _exported(driver, "/msp/training")
    stranger = world.msp_admin(world.msp())
    answer = world.get(f"/msp/exports/{export['export_id']}", stranger)
    assert (answer.status, answer.json["code"]) == (404, "not_found")
    colleague = world.msp_admin(driver.msp)
    assert world.get(f"/msp/exports/{export['export_id']}", colleague).json["status"] == "ready"


def test_another_msp_s_lists_cannot_be_exported(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course])
    world.member(org)
    (batch,) = driver.launch(org, [course])
    stranger = world.msp_admin(world.msp())
    for path in (f"/msp/training/{org}", _learners_path(org, batch, course)):
        assert world.post(f"{path}/export", stranger).status == 404
    assert world.messages() == []


def test_lists_that_are_not_there_cannot_be_exported(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course])
    (batch,) = driver.launch(org, [course])
    for path in ("/msp/training/nowhere", _learners_path(org, batch, "none"), _learners_path(org, "none", course)):
        assert world.post(f"{path}/export", driver.admin).status == 404
    assert world.get("/msp/exports/none", driver.admin).status == 404


def test_exports_are_for_msp_admins(world: World, driver: Driver) -> None:
    org = world.org(driver.msp)
    export = _exported(driver, "/msp/training")
    for somebody in (world.org_admin(org), world.learner(org)[0]):
        assert world.post("/msp/training/export", somebody).status == 403
        assert world.post(f"/msp/training/{org}/export", somebody).status == 403
        assert world.get(f"/msp/exports/{export['export_id']}", somebody).status == 403


# ---------------------------------------------------------------- the same again


def test_the_same_request_twice_makes_one_export(world: World, driver: Driver) -> None:
    first, second = _start(driver, "/msp/training", "k"), _start(driver, "/msp/training", "k")
    assert first == second
    assert len(world.messages()) == 1
    too_long = {"Idempotency-Key": "k" * (MAX_KEY_LENGTH + 1)}
    assert world.post("/msp/training/export", driver.admin, headers=too_long).status == 422


def test_a_request_whose_process_died_sends_its_message_again(world: World, driver: Driver) -> None:
    first = _start(driver, "/msp/training", "k")
    assert len(world.messages()) == 1
    world.lose_answers()
    assert _start(driver, "/msp/training", "k") == first
    driver.work()
    assert _poll(driver, first)["status"] == "ready"


def test_another_filter_under_the_same_key_is_refused(world: World, driver: Driver, course: str) -> None:
    org = world.org(driver.msp, courses=[course])
    (batch,) = driver.launch(org, [course])
    path = _learners_path(org, batch, course)
    _start(driver, f"{path}?outcome=failed", "k")
    answer = world.post(f"{path}/export?outcome=enrolled", driver.admin, headers={"Idempotency-Key": "k"})
    assert (answer.status, answer.json["code"]) == (422, "key_reused")


def test_a_message_that_comes_again_changes_nothing(world: World, driver: Driver) -> None:
    world.org(driver.msp, "Acme")
    export = _start(driver, "/msp/training")
    (message,) = world.messages()
    driver.deliver([message])
    ready = _rows(_poll(driver, export))
    world.org(driver.msp, "Bolt")
    before = world.dump("outbox")
    driver.deliver([message, message])
    assert world.dump("outbox") == before
    assert _rows(_poll(driver, export)) == ready


def test_deliveries_at_the_same_moment_write_one_file_and_settle_once(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.org(driver.msp, "Acme")
    export = _start(driver, "/msp/training")
    (message,) = world.messages()
    write = files.Files.write

    def write_while_it_comes_again(self: files.Files, *given: Any) -> None:
        monkeypatch.setattr(files.Files, "write", write)
        driver.deliver([message])
        write(self, *given)

    monkeypatch.setattr(files.Files, "write", write_while_it_comes_again)
    driver.deliver([message])
    assert _poll(driver, export)["num_rows"] == 1
    found = world.client("s3").list_objects_v2(Bucket=world.stage.environment["FILES_BUCKET"])["Contents"]
    assert [entry["Key"] for entry in found] == [f"exports/{driver.msp}/{export['export_id']}.csv"]


# ---------------------------------------------------------------- failure


def _broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError(FAILING)


def _records(message: dict[str, Any]) -> dict[str, Any]:
    return {"Records": [{"messageId": "m", "body": json.dumps(message)}]}


def test_a_job_that_breaks_comes_again(
    world: World, driver: Driver, course: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    org = world.org(driver.msp, courses=[course])
    world.member(org)
    (batch,) = driver.launch(org, [course])
    export = _start(driver, _learners_path(org, batch, course))
    (message,) = world.messages()
    with monkeypatch.context() as patch:
        patch.setattr(learners, "of_row", _broken)
        outcome = jobs.work(_records(message), clock=lambda: world.now)
    assert outcome == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert _poll(driver, export)["status"] == "running"
    driver.deliver([message])
    assert _poll(driver, export)["num_rows"] == 1


def test_a_dead_letter_tells_that_the_export_failed(world: World, driver: Driver) -> None:
    export = _start(driver, "/msp/training")
    (message,) = world.messages()
    for _ in range(2):
        assert jobs.handle_dead_letters(_records(message), clock=lambda: world.now) == {"batchItemFailures": []}
    failed = _poll(driver, export)
    assert (failed["status"], failed["code"], failed["url"]) == ("failed", "export_failed", None)
    assert failed["explanation"].startswith("We tried several times, but the file")
    driver.deliver([message])
    assert _poll(driver, export) == failed


def test_a_dead_letter_of_an_export_that_is_ready_changes_nothing(world: World, driver: Driver) -> None:
    export = _start(driver, "/msp/training")
    (message,) = world.messages()
    driver.deliver([message])
    jobs.handle_dead_letters(_records(message), clock=lambda: world.now)
    jobs.handle_dead_letters(_records({**message, "export_id": "none"}), clock=lambda: world.now)
    assert _poll(driver, export)["status"] == "ready"


def test_a_file_that_cannot_be_written_leaves_the_export_running(world: World, driver: Driver) -> None:
    export = _start(driver, "/msp/training")
    (message,) = world.messages()
    with world.answering("s3", "PutObject", _broken):
        outcome = jobs.work(_records(message), clock=lambda: world.now)
    assert outcome == {"batchItemFailures": [{"itemIdentifier": "m"}]}
    assert _poll(driver, export)["status"] == "running"
    driver.deliver([message])
    assert _poll(driver, export)["status"] == "ready"


def test_an_export_is_found_only_by_who_may_ask_for_one_of_its_kind(world: World, driver: Driver, course: str) -> None:
    """Ids of exports are all alike, and each route takes them; a role may have been cut down since."""
    org = world.org(driver.msp, courses=[course])
    boss = world.org_admin(org)
    reads, audits = (world.org_admin(org, role="custom", permissions=[name]) for name in ("training_read", "audit"))
    lists = world.post(f"/orgs/{org}/training/export", boss).json["export_id"]
    pack = world.post(f"/orgs/{org}/audit/export", audits).json["export_id"]
    person = world.post(f"/orgs/{org}/members/{world.member(org)}/data", boss).json["export_id"]

    def status(who: str, path: str, export_id: str) -> int:
        return world.get(f"/orgs/{org}{path}/{export_id}", who).status

    assert status(reads, "/exports", lists) == status(boss, "/exports", person) == 200
    assert status(audits, "/audit/exports", pack) == 200
    assert status(audits, "/audit/exports", lists) == 404
    for who, permission in ((audits, "training_read"), (boss, "training_read")):
        entry = AccountEntry(account_pk(who), org_role_sk(org))
        actions = (AccountEntry.role.set("custom"), AccountEntry.permissions.set([permission]))
        assert table.update_if(entry, AccountEntry.pk.exists(), *actions) is not None
    assert status(audits, "/exports", lists) == 200
    assert status(audits, "/exports", pack) == status(boss, "/exports", person) == 404
