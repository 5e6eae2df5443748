"""F9: after an erasure nothing in the local cloud tells who the person was, and every count is as it was."""

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws.files import Files, files
from chalicelib.aws.identity import identity
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.reporting.personal_data.logs import Logged, logged
from tests.stories.uploading import Uploading
from tests.unit.training.certificates.pdf_reading import lines_of

EMAIL = "zoelle.quill@personal.example"
# Strings that nothing else in the world has.
PERSONAL = (EMAIL, "Zoelle", "Quillfeather", "BDG-77X", "Nut allergy", "Was late twice")


class Somebody:
    """A person at a client who has left a trace wherever people leave one."""

    def __init__(self, world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
        self.world, self.driver = world, driver
        self.acme = acme = Uploading(world, driver, monkeypatch)
        self.org, self.admin = acme.org, acme.admin
        row = f"{EMAIL},Zoelle,Quillfeather,Finance,,,BDG-77X"
        upload = acme.preview(row, "other@else.example,Other,Person,Finance,,,A-1")
        assert acme.decide(upload["import_id"]).status == 202
        driver.work()
        acme.mailbox.send()
        self.account = identity().account_for(EMAIL, world.now)
        world._email_by_account[self.account] = EMAIL
        (invite,) = world.get("/me/invites", self.account).json["items"]
        accepted = world.post(
            f"/me/invites/{invite['invite_id']}/accept", self.account,
            {"first_name": "Zoelle", "last_name": "Quillfeather"},
        )  # fmt: skip
        assert accepted.status == 200, accepted.text
        driver.work()
        self.member = invite["invite_id"].split(".")[1]
        self.path = f"/orgs/{self.org}/members/{self.member}"
        self._leave_traces()

    def _leave_traces(self) -> None:
        world, org, admin = self.world, self.org, self.admin
        changed = world.patch(self.path, admin, {"fields": {"Badge": "BDG-77X", "Room": "2"}})
        assert changed.status == 200, changed.text
        world.patch(self.path, admin, {"fields": {"Badge": "BDG-77X", "Room": "3"}})
        kept = {"starts_with": {"email": EMAIL}, "also": [self.member]}
        assert world.post(f"/orgs/{org}/filters", admin, {"name": "Her", "filter": kept}).status == 201
        again = self.acme.preview(f"{EMAIL},Zoelle,Quillfeather,Finance,,,BDG-77X", "new@else.example,N,P,Finance,,,")
        self.open_upload = again["import_id"]
        trainings = f"/orgs/{org}/trainings"
        form = {
            "starts_at": "2027-01-05T09:00", "ends_at": "2027-01-05T10:00", "time_zone": "Europe/Berlin", "place": "1",
        }  # fmt: skip
        self.training = world.post(trainings, admin, {"title": "First aid"}).json["training_id"]
        session = world.post(f"{trainings}/{self.training}/sessions", admin, form).json["session_id"]
        chosen = {"member_ids": [self.member], "items": [{"training_id": self.training, "session_id": session}]}
        assert world.post(f"{trainings}/enroll", admin, chosen).status == 202
        self.driver.work()
        world.now += timedelta(days=2)
        entered = {"attendance": "attended", "score": 80, "comment": "Was late twice"}
        answer = world.patch(f"{trainings}/{self.training}/participants/{self.member}", admin, entered)
        assert answer.status == 200, answer.text
        # As a calendar program sends it with its answer.
        world.client("dynamodb").update_item(
            TableName=world.stage.table_names["core"],
            Key={"pk": {"S": f"ORG#{org}#SESSION#{session}"}, "sk": {"S": f"MEMBER#{self.member}"}},
            UpdateExpression="SET remark = :remark",
            ExpressionAttributeValues={":remark": {"S": "Nut allergy"}},
        )
        exported = world.post(self.path + "/data", admin, headers={"Idempotency-Key": "data"})
        assert exported.status == 202, exported.text
        # An admin's request, whose answer is kept in case that it comes again.
        world.post(self.path + "/archive", admin, headers={"Idempotency-Key": "archive"})
        self.driver.work()
        self.acme.mailbox.send()
        # What SES says of mails goes to a queue of the tests only.
        self.acme.mailbox.deliver_events()

    def erase(self, key: str = "erase") -> dict[str, Any]:
        answer = self.world.post(self.path + "/erase", self.admin, headers={"Idempotency-Key": key})
        assert answer.status == 202, answer.text
        return dict(answer.json)


@pytest.fixture
def logs() -> Iterator[Logged]:
    with logged() as found:
        yield found


@pytest.fixture
def somebody(world: World, driver: Driver, logs: Logged, monkeypatch: pytest.MonkeyPatch) -> Somebody:
    return Somebody(world, driver, monkeypatch)


def everything(world: World) -> dict[str, str]:
    """Every table, bucket, queue and account of the local cloud, as text. Mails that left are not ours any more."""
    found = {short: json.dumps(world.dump(short), default=str) for short in ("core", "enrollments", "outbox")}
    s3 = world.client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        for entry in s3.list_objects_v2(Bucket=bucket["Name"]).get("Contents", []):
            content = s3.get_object(Bucket=bucket["Name"], Key=entry["Key"])["Body"].read()
            if entry["Key"].endswith(".zip"):
                archive = zipfile.ZipFile(io.BytesIO(content))
                content = b"\n".join(archive.read(name) for name in archive.namelist())
            if entry["Key"].endswith(".pdf"):
                content = "\n".join(lines_of(content)).encode()
            found[f"file {entry['Key']}"] = content.decode("utf-8", "replace")
    sqs = world.client("sqs")
    for url in sqs.list_queues().get("QueueUrls", []):
        waiting = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0, MaxNumberOfMessages=10)
        found[f"queue {url}"] = json.dumps(waiting.get("Messages", []))
    pool = world.stage.environment["USER_POOL_ID"]
    users = world.client("cognito-idp").list_users(UserPoolId=pool)["Users"]
    found["accounts"] = json.dumps(users, default=str)
    return found


def traces(world: World) -> dict[str, list[str]]:
    """Where each of the person's strings is found, however letters are escaped or their case changed."""
    return {
        text: where
        for text in PERSONAL
        if (where := [name for name, content in everything(world).items() if text.lower() in content.lower()])
    }


def test_after_an_erasure_nothing_tells_who_it_was(
    world: World, driver: Driver, somebody: Somebody, logs: Logged
) -> None:
    assert set(traces(world)) == set(PERSONAL)
    lists = [f"/orgs/{somebody.org}/{name}" for name in ("training", "trainings")]
    counts = [world.get(path, somebody.admin).json for path in lists]
    dashboard = driver.dashboard()
    somebody.erase()
    driver.work()
    assert traces(world) == {}
    # Logs are erased by nobody: they have never held more than ids.
    assert somebody.org in logs.text
    assert not [text for text in PERSONAL if text.lower() in logs.text.lower()]
    member = world.get(somebody.path, somebody.admin).json
    assert (member["status"], member["email"], member["first_name"], member["fields"]) == ("archived", None, "", {})
    assert [world.get(path, somebody.admin).json for path in lists] == counts
    assert driver.dashboard() == dashboard
    assert world.get(f"/orgs/{somebody.org}/audit/verify", somebody.admin).json["ok"]
    (entry,) = [
        one for one in world.every(f"/orgs/{somebody.org}/audit", somebody.admin) if one["action"] == "member.erased"
    ]
    assert (entry["actor"], entry["target"]) == (somebody.admin, f"member/{somebody.member}")


def test_what_an_admin_had_open_goes_on_without_the_person(world: World, driver: Driver, somebody: Somebody) -> None:
    somebody.erase()
    driver.work()
    first, second = somebody.acme.detail(somebody.open_upload)["rows"]
    assert (first["verdict"], first["problems"][0]["code"], second["verdict"]) == ("failed", "erased", "ok")
    assert somebody.acme.decide(somebody.open_upload).status == 202
    driver.work()
    assert somebody.acme.detail(somebody.open_upload)["num_invited"] == 1
    assert set(traces(world)) == set()


def test_erasing_twice_is_erasing_once(world: World, driver: Driver, somebody: Somebody) -> None:
    somebody.erase()
    (message,) = [one for one in world.messages() if one["job"] == "erase_member"]
    driver.deliver([message])
    before = driver.everything()
    driver.deliver([message])
    assert driver.everything() == before
    assert somebody.erase("again")["erased_at"] is not None


def test_the_address_can_be_invited_anew_and_is_somebody_else(world: World, driver: Driver, somebody: Somebody) -> None:
    somebody.erase()
    assert somebody.acme.invite(EMAIL)[0]["code"] == "being_erased"
    driver.work()
    (result,) = somebody.acme.invite(EMAIL)
    assert result["result"] == "invited"
    assert result["member_id"] != somebody.member


def test_a_person_at_two_clients_one_of_which_erases(world: World, driver: Driver, somebody: Somebody) -> None:
    elsewhere = world.org(driver.msp, "Bolt")
    member = world.member(elsewhere, account_id=somebody.account, email=EMAIL, first_name="Zoelle")
    somebody.erase()
    driver.work()
    memberships = world.get("/me", somebody.account).json["memberships"]
    assert [one["org_id"] for one in memberships] == [elsewhere]
    kept = world.get(f"/orgs/{elsewhere}/members/{member}", driver.admin).json
    assert (kept["email"], kept["first_name"]) == (EMAIL, "Zoelle")
    assert identity().find(EMAIL) == somebody.account


def test_an_account_that_nobody_holds_goes_unless_it_has_courses_of_its_own(
    world: World, driver: Driver, somebody: Somebody
) -> None:
    course = world.course(driver.msp, "Open", self_enroll=True)
    assert world.post("/me/courses", somebody.account, {"course_id": course}).status == 201
    somebody.erase()
    driver.work()
    assert identity().find(EMAIL) == somebody.account
    assert world.post("/me/erase", somebody.account).status == 202
    driver.work()
    assert identity().find(EMAIL) is None
    assert traces(world) == {}


def test_a_person_erases_the_account_at_every_client(world: World, driver: Driver, somebody: Somebody) -> None:
    elsewhere = world.org(driver.msp, "Bolt")
    world.member(elsewhere, account_id=somebody.account, email=EMAIL, first_name="Zoelle")
    answer = world.post("/me/erase", somebody.account)
    assert answer.status == 202, answer.text
    assert len(answer.json["memberships"]) == 2
    driver.work()
    driver.past_grace()
    driver.sweep()
    driver.work()
    assert traces(world) == {}
    assert not [item for item in world.dump("outbox") if item["sk"].endswith(f"#erase_account#{somebody.account}")]


def test_an_admin_is_not_erased(world: World, driver: Driver, somebody: Somebody) -> None:
    world.org_admin(somebody.org, somebody.account)
    answer = world.post(somebody.path + "/erase", somebody.admin)
    assert (answer.status, answer.json["code"]) == (409, "is_admin")
    assert world.post("/me/erase", somebody.account).json["code"] == "is_admin"


def test_whoever_is_limited_to_departments_erases_nobody(world: World, somebody: Somebody) -> None:
    department = world.department(somebody.org)
    limited = world.org_admin(somebody.org, role="department_admin", department_ids=[department])
    assert world.post(somebody.path + "/erase", limited).status == 403
    assert world.post(somebody.path + "/data", limited).status == 403


def _files(url: str) -> dict[str, str]:
    archive = zipfile.ZipFile(io.BytesIO(fetched(url)[0]))
    return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}


def test_a_person_gets_what_is_stored_about_them(world: World, driver: Driver, somebody: Somebody) -> None:
    assert world.get("/me/data", somebody.account).status == 404
    assert world.post("/me/data", somebody.account).status == 202
    driver.work()
    export = world.get("/me/data", somebody.account).json
    assert export["status"] == "ready"
    files = _files(export["url"])
    folder = f"organizations/{somebody.org}/"
    member = json.loads(files[folder + "member.json"])
    assert (member["email"], member["first_name"], member["fields"]["Room"]) == (EMAIL, "Zoelle", "3")
    (training,) = json.loads(files[folder + "trainings.json"])
    told = (training["title"], training["score"], training["comment"], training["remark"])
    assert told == ("First aid", 80, "Was late twice", "Nut allergy")
    assert files[folder + "courses.csv"].startswith("course_id,title,status")
    assert "invite_hash" not in "".join(files.values())
    world.now += timedelta(days=8)
    assert world.get("/me/data", somebody.account).status == 404


def test_only_who_asked_gets_the_file_about_a_member(world: World, driver: Driver, somebody: Somebody) -> None:
    path = f"/orgs/{somebody.org}/exports/"
    export = world.post(somebody.path + "/data", somebody.admin).json
    driver.work()
    ready = world.get(path + export["export_id"], somebody.admin).json
    assert set(_files(ready["url"])) >= {"member.json", "courses.csv", "trainings.json", "mails.json"}
    assert world.get(path + export["export_id"], world.org_admin(somebody.org)).status == 404


def test_who_may_change_people_alone_gets_the_file_about_a_member(
    world: World, driver: Driver, somebody: Somebody
) -> None:
    path = f"/orgs/{somebody.org}/exports/"
    members, audit, training = (
        world.org_admin(somebody.org, role="custom", permissions=[name])
        for name in ("members", "audit", "training_read")
    )
    export = path + world.post(somebody.path + "/data", members).json["export_id"]
    driver.work()
    assert set(_files(world.get(export, members).json["url"])) >= {"member.json"}
    # To others it is as if there were none; and this is all that the permission opens here.
    assert (world.get(export, training).status, world.get(export, audit).status) == (404, 403)
    assert world.get(export, world.org_admin(world.org(driver.msp))).status == 404
    batches = world.post(f"/orgs/{somebody.org}/training/export", training).json["export_id"]
    assert (world.get(path + batches, training).status, world.get(path + batches, members).status) == (200, 403)
    assert world.get(path + "unknown", members).status == 403


def test_an_export_that_is_being_written_meanwhile_leaves_no_file(
    world: World, driver: Driver, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.post(somebody.path + "/data", somebody.admin).status == 202
    (message,) = [one for one in world.messages() if one["job"] == "export"]
    write = Files.write

    def erased_meanwhile(self: Files, key: str, *more: Any) -> None:
        write(self, key, *more)
        monkeypatch.setattr(Files, "write", write)
        somebody.erase()
        driver.work()
        write(self, key, [EMAIL.encode()], "text/plain")

    monkeypatch.setattr(Files, "write", erased_meanwhile)
    driver.deliver([message])
    assert traces(world) == {}


def test_a_file_of_a_delivery_that_died_goes_with_the_next_one(
    world: World, driver: Driver, somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was written after the erasure, and nobody lived to see that."""
    assert world.post(somebody.path + "/data", somebody.admin).status == 202
    (message,) = [one for one in world.messages() if one["job"] == "export"]
    written: list[str] = []
    write = Files.write

    def noted(self: Files, key: str, *more: Any) -> None:
        written.append(key)
        write(self, key, *more)

    monkeypatch.setattr(Files, "write", noted)
    driver.deliver([message])
    somebody.erase()
    driver.work()
    files().write(written[0], [EMAIL.encode()], "text/plain")
    driver.deliver([message])
    assert traces(world) == {}


@pytest.mark.parametrize("due_at", [None, "2027-01-04T10:00:00Z"])
def test_an_account_whose_erasure_nobody_asked_for_stays(world: World, driver: Driver, due_at: str | None) -> None:
    """Issue 10, 23: a job is not believed. A message of a former member would have deleted the login."""
    account = identity().account_for(EMAIL, world.now)
    before = driver.everything()
    for asked in (False, True):
        driver.deliver([{"job": "erase_account", "account_id": account, "asked": asked, "due_at": due_at}])
    assert driver.everything() == before
    assert identity().find(EMAIL) == account


def test_what_was_asked_for_is_not_more_than_was_asked(world: World, driver: Driver, somebody: Somebody) -> None:
    """Of a member alone: the message that claims that the owner wanted it, too, is another."""
    course = world.course(driver.msp, "Open", self_enroll=True)
    somebody.erase()
    (member,) = [one for one in world.messages() if one["job"] == "erase_member"]
    driver.deliver([member])
    (message,) = [one for one in world.messages() if one["job"] == "erase_account"]
    assert world.post("/me/courses", somebody.account, {"course_id": course}).status == 201
    driver.deliver([{**message, "asked": True}])
    assert identity().find(EMAIL) == somebody.account
