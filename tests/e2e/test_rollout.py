"""The whole flow over HTTP, on the deployed artifact: log in, wizard, launch, pages, schedule, retry."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.deployed import Deployed, Person
from tests.e2e.refusing_proxy import refusing


def launch_body(orgs: list[str], courses: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"name": "Q1 awareness", "org_ids": orgs, "courses": courses, **more}


def page_of(deployed: Deployed, admin: Person, result: dict[str, Any]) -> Any:
    return deployed.get(f"/msp/training/{result['org_id']}/{result['batch_id']}", admin)


def statuses(page: Any) -> set[str]:
    return {row["status"] for row in page["courses"]}


def test_a_rollout_to_25_clients_of_which_one_cannot_be_written(deployed: Deployed) -> None:
    make = deployed.make
    msp_id = make.msp()
    admin = deployed.msp_admin(msp_id)
    course = make.course(msp_id, "Spotting Phishing")
    extra = make.course(msp_id, "Safe Passwords")
    orgs = [make.org(msp_id, f"Client {number:02}", courses=[course, extra]) for number in range(24)]
    lacking = make.org(msp_id, "Client without the course", courses=[extra])
    orgs.append(lacking)
    for number, org_id in enumerate(orgs):
        make.members(org_id, 3 + number)
    unlucky = orgs[7]

    wizard = deployed.get("/msp/organizations?readiness=ready&limit=100", admin)
    assert {item["org_id"] for item in wizard["items"]} == set(orgs)
    assert {item["course_id"] for item in deployed.get("/msp/courses?search=phish", admin)["items"]} == {course}

    body = launch_body(orgs, [{"course_id": course, "due_by": "2099-01-31"}, {"course_id": extra}])
    with (
        refusing(str(deployed.cloud.endpoint), f"ORG#{unlucky}#BATCHES") as proxy,
        deployed.variables("APIHandler", {"AWS_ENDPOINT_URL_DYNAMODB": proxy}),
    ):
        launched = deployed.send(
            "POST", "/msp/training/enrollment", admin.token, body, headers={"Idempotency-Key": "first"}
        )
    assert launched.status == 202, launched.text
    failed = [result for result in launched.json["results"] if not result["ok"]]
    assert [result["org_id"] for result in failed] == [unlucky]
    assert failed[0]["error"]["code"] == "write_failed"
    again = deployed.send("POST", "/msp/training/enrollment", admin.token, body, headers={"Idempotency-Key": "first"})
    assert again.json == launched.json, "pressing twice does no harm"

    rollout_path = f"/msp/rollouts/{launched.json['rollout_id']}"
    done = deployed.until(
        lambda: deployed.get(rollout_path, admin),
        lambda page: all(
            result["batch_status"] in ("completed", "has_failures") for result in page["results"] if result["ok"]
        ),
    )
    for result in done["results"]:
        if result["ok"]:
            num_courses = 1 if result["org_id"] == lacking else 2
            learners = 3 + orgs.index(result["org_id"])
            expected = {"num_targeted": learners * num_courses, "num_done": learners * num_courses, "num_failed": 0}
            assert result["progress"] == expected

    mended = deployed.post(rollout_path + "/retry", admin, {"org_ids": [unlucky]})
    assert all(result["ok"] for result in mended["results"])
    unlucky_result = next(result for result in mended["results"] if result["org_id"] == unlucky)
    deployed.until(lambda: page_of(deployed, admin, unlucky_result), lambda page: statuses(page) == {"enrolled"})

    lacking_result = next(result for result in mended["results"] if result["org_id"] == lacking)
    page = page_of(deployed, admin, lacking_result)
    denied = next(row for row in page["courses"] if row["course_id"] == course)
    assert (denied["status"], denied["can_retry"]) == ("access_denied", True)
    assert "does not have this course enabled" in denied["explanation"]
    access = {"course_ids": [course, extra], "reply_to": "training@client.example"}
    answer = deployed.send("PUT", f"/msp/organizations/{lacking}/training-access", admin.token, access)
    assert answer.status == 200, answer.text
    deployed.post(f"/msp/training/{lacking}/{lacking_result['batch_id']}/courses/{course}/retry", admin)
    deployed.until(lambda: page_of(deployed, admin, lacking_result), lambda page: statuses(page) == {"enrolled"})

    dashboard = deployed.get("/msp/training?limit=100", admin)
    assert dashboard["totals"] == {"course_enrollments": 50, "completed": 50, "scheduled": 0}
    assert all(item["status"] == {"completed": 2, "scheduled": 0, "failed": 0} for item in dashboard["items"])
    for result in mended["results"]:
        rows = page_of(deployed, admin, result)
        assert rows["summary"] == {"enrolled": 2, "scheduled": 0, "needs_access": 0, "failed": 0}


def test_a_scheduled_course_fires_at_its_instant_and_a_failed_one_is_retried(deployed: Deployed) -> None:
    msp_id = deployed.make.msp("Fennmark")
    admin = deployed.msp_admin(msp_id)
    course = deployed.make.course(msp_id)
    # On a slow machine the instant may come before all is ready: then further ahead.
    scheduled = (_scheduled(deployed, admin, course, minutes) for minutes in (1, 2, 4, 8, 16))
    instant, account, first, second = next(found for found in scheduled if found)

    done = deployed.until(lambda: page_of(deployed, admin, first), lambda page: statuses(page) == {"enrolled"})
    assert done["courses"][0]["num_enrolled"] == 5
    assert datetime.now(UTC) >= instant

    failed = deployed.until(lambda: page_of(deployed, admin, second), lambda page: statuses(page) == {"failed"})
    assert failed["courses"][0]["code"] == "org_not_ready"
    access = {"course_ids": [course], "reply_to": "training@client.example"}
    deployed.send("PUT", f"/msp/organizations/{second['org_id']}/training-access", admin.token, access)
    deployed.post(f"/msp/training/{second['org_id']}/{second['batch_id']}/courses/{course}/retry", admin)
    deployed.until(lambda: page_of(deployed, admin, second), lambda page: statuses(page) == {"enrolled"})

    mine = deployed.get("/me/courses", account)["items"]
    assert [item["status"] for item in mine] == ["enrolled"]
    started = deployed.post(f"/me/courses/{mine[0]['enrollment_id']}/start", account, status=200)
    assert started["launch_url"].startswith("https://")
    deployed.post(f"/me/courses/{mine[0]['enrollment_id']}/complete", account, status=200)
    row = page_of(deployed, admin, first)["courses"][0]
    assert (row["num_started"], row["num_completed"]) == (1, 1)


def _scheduled(
    deployed: Deployed, admin: Person, course: str, minutes: int
) -> tuple[datetime, Person, Any, Any] | None:
    """An instant, a learner, and the batches of two clients that wait for it, the second without access by then.

    None when the instant came before all was ready.
    """
    make = deployed.make
    msp_id = str(deployed.get("/me", admin)["roles"][0]["msp_id"])
    # Scheduler's instants are whole minutes.
    instant = (datetime.now(UTC) + timedelta(minutes=minutes, seconds=20)).replace(second=0, microsecond=0)
    hour = f"{instant:%H:%M}"
    steady = make.org(msp_id, "Steady", courses=[course], time_zone="UTC", enroll_hour=hour)
    shaky = make.org(msp_id, "Shaky", courses=[course], time_zone="Etc/UTC", enroll_hour=hour)
    make.members(steady, 4)
    make.members(shaky, 2)
    account = deployed.person()
    make._email_by_account[account.account_id] = account.email
    make.learner(steady, account_id=account.account_id, email=account.email)

    body = launch_body([steady, shaky], [{"course_id": course, "enroll_on": f"{instant:%Y-%m-%d}"}])
    first, second = deployed.post("/msp/training/enrollment", admin, body)["results"]
    page = deployed.until(lambda: page_of(deployed, admin, first), lambda page: page["courses"])
    if datetime.now(UTC) >= instant:
        return None
    assert statuses(page) == {"scheduled"}
    assert page["courses"][0]["enroll_at"] == f"{instant:%Y-%m-%dT%H:%M:%SZ}"
    schedules = deployed.cloud.client("scheduler").list_schedules
    deployed.until(
        lambda: schedules(NamePrefix=first["batch_id"])["Schedules"], lambda made: made or datetime.now(UTC) >= instant
    )
    withdrawn = deployed.send("DELETE", f"/msp/organizations/{shaky}/training-access", admin.token)
    assert withdrawn.status in (200, 204), withdrawn.text
    return (instant, account, first, second) if datetime.now(UTC) < instant else None


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/me", 401, "unauthorized"),
        ("GET", "/nothing/here", 404, "not_found"),
        ("DELETE", "/msp/training", 404, "not_found"),
    ],
)
def test_what_the_gateway_answers_by_itself_is_a_problem_too(
    deployed: Deployed, method: str, path: str, status: int, code: str
) -> None:
    answer = deployed.send(method, path)
    assert answer.status == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["code"] == code


def test_an_access_token_is_no_identity(deployed: Deployed) -> None:
    person = deployed.person()
    access = deployed.tokens(person.email)["AccessToken"]
    answer = deployed.send("GET", "/me", access)
    assert answer.status in (401, 403), answer.text
    assert deployed.send("GET", "/me", person.token[:-4] + "AAAA").status == 401


def test_two_megabytes_and_no_json_are_refused(deployed: Deployed) -> None:
    admin = deployed.msp_admin(deployed.make.msp())
    for raw, status in ((b'{"name": "' + b"x" * 2_000_000 + b'"}', 413), (b"name=x", 400)):
        answer = deployed.send(
            "POST", "/msp/training/enrollment", admin.token, raw=raw, headers={"Idempotency-Key": "k"}
        )
        assert answer.status == status, answer.text
        assert answer.json["status"] == status


def test_health_and_documentation_need_no_log_in(deployed: Deployed) -> None:
    assert deployed.send("GET", "/health").status == 200
    document = deployed.send("GET", "/openapi.json")
    assert document.json["openapi"].startswith("3.1")
    page = deployed.send("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")


def test_a_message_that_nobody_understands_ends_among_the_dead_letters(deployed: Deployed) -> None:
    """Four more deliveries are waited for; the queue's own visibility would make that an hour."""
    sqs = deployed.cloud.client("sqs")
    jobs, dead = deployed.stack.resources["JobsQueue"], deployed.stack.resources["JobsDeadLetters"]
    before = sqs.get_queue_attributes(QueueUrl=jobs, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(QueueUrl=jobs, Attributes={"VisibilityTimeout": "1"})
    try:
        sqs.send_message(QueueUrl=jobs, MessageBody="not a job")

        def waiting() -> int:
            names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
            counts = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=names)["Attributes"]
            return sum(int(number) for number in counts.values())

        deployed.until(waiting, lambda number: number == 1)
    finally:
        sqs.set_queue_attributes(QueueUrl=jobs, Attributes=before)
        sqs.purge_queue(QueueUrl=dead)
