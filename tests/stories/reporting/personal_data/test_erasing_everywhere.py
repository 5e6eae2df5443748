"""F9: an erasure finds the person in what is written beside the member, too, and closes what they had addresses of."""

from collections.abc import Iterator

import pytest

from chalicelib.reporting.personal_data.traces import ERASED
from chalicelib.tenants.access.service import Scope
from chalicelib.training.sessions.enrolling.drafts import service as drafts
from chalicelib.training.sessions.enrolling.drafts.schemas import EnrollDraftForm
from chalicelib.web.sessions import kept_posts
from chalicelib.web.sessions import service as sessions
from chalicelib.web.sessions.kept_posts import Post
from chalicelib.web.sessions.service import Known
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.reporting.personal_data.logs import Logged, logged
from tests.stories.reporting.personal_data.test_erasing import EMAIL, PERSONAL, Somebody, traces


class SomebodyMore(Somebody):
    """With a log-in in the portal, a form that was typed without one, a calendar, a certificate as PDF, and a pack."""

    def _leave_traces(self) -> None:
        super()._leave_traces()
        world, now = self.world, self.world.now
        who = Known(self.account, EMAIL, "Zoelle", "Quillfeather")
        self.cookie = sessions.begin(who, "Zoelle's phone", kept=True, now=now)
        secret = kept_posts.keep(
            Post("/me", [("comment", "Nut allergy"), ("email", EMAIL)], self.account), "1.2.3.4", now
        )
        assert secret is not None
        self.secret = secret
        self.calendar = str(world.post("/me/calendar", self.account).json["address"]).rpartition("/")[2]
        self.rsvp = next(item["token"] for item in world.dump("core") if item.get("remark") == "Nut allergy")
        self._be_certified()
        self._be_chosen()
        assert (
            world.post(f"/orgs/{self.org}/audit/export", self.admin, headers={"Idempotency-Key": "pack"}).status == 202
        )
        listed = world.post(f"/orgs/{self.org}/certificates/export", self.admin, headers={"Idempotency-Key": "list"})
        assert listed.status == 202, listed.text
        self.driver.work()

    def _be_chosen(self) -> None:
        """By filters that name the person: for a course, and for a live training."""
        world, org = self.world, self.org
        course = world.course(self.driver.msp, "Passwords")
        access = {"course_ids": [course], "reply_to": "training@else.example"}
        granted = world.put(f"/msp/organizations/{org}/training-access", self.driver.admin, access)
        assert granted.status == 200, granted.text
        chosen = {"starts_with": {"email": EMAIL}, "also": [self.member]}
        launch = {
            "name": "Spring", "courses": [{"course_id": course}], "targeting": {"mode": "filter", "filter": chosen},
        }  # fmt: skip
        headers = {"Idempotency-Key": "chosen"}
        answer = world.post(f"/orgs/{org}/training/enrollment", self.admin, launch, headers=headers)
        assert answer.status == 202, answer.text
        trainings = f"/orgs/{org}/trainings"
        day = {
            "starts_at": "2027-03-01T09:00", "ends_at": "2027-03-01T10:00", "time_zone": "Europe/Berlin", "place": "1",
        }  # fmt: skip
        other = world.post(trainings, self.admin, {"title": "Second aid"}).json["training_id"]
        session = world.post(f"{trainings}/{other}/sessions", self.admin, day).json["session_id"]
        items = [{"training_id": other, "session_id": session}]
        form = {"filter": {"starts_with": {"email": EMAIL}}, "items": items}
        answer = world.post(f"{trainings}/enroll", self.admin, form, headers={"Idempotency-Key": "by filter"})
        assert answer.status == 202, answer.text
        self.driver.work()
        self._be_in_drafts()

    def _be_in_drafts(self) -> None:
        """Of both kinds, of an admin of the client and of one of its MSP; and in an action on many."""
        world, org = self.world, self.org
        chosen = {"member_ids": [self.member], "filter": {"starts_with": {"email": EMAIL}}}
        for account, kind in ((self.admin, "trainings"), (self.driver.admin, "courses")):
            scope = Scope(account, self.driver.msp, org)
            form = EnrollDraftForm.model_validate({"kind": kind, "name": "Begun", **chosen})
            draft = drafts.begin(scope, f"draft-{kind}", form, world.now)
            drafts.counted(draft, "a preview of this", world.now)
        many, named = f"/orgs/{org}/members/bulk-archive", {"filter": {"starts_with": {"email": EMAIL}}}
        answer = world.post(many, self.admin, named, headers={"Idempotency-Key": "many"})
        assert answer.status == 201, answer.text
        self.driver.work()

    def _be_certified(self) -> None:
        world = self.world
        course = world.course(self.driver.msp, certificate=True, self_enroll=True)
        taken = world.post("/me/courses", self.account, {"course_id": course}).json["enrollment_id"]
        assert world.post(f"/me/courses/{taken}/complete", self.account).status == 200
        (certificate,) = world.every("/me/certificates", self.account)
        # Whoever has given no name is called by the address.
        assert certificate["holder"] == EMAIL
        self.number = certificate["number"]
        assert world.get(f"/me/certificates/{certificate['certificate_id']}/file", self.account).status == 202
        trainings = f"/orgs/{self.org}/trainings/{self.training}"
        assert world.patch(trainings, self.admin, {"certificate": True}).status == 200
        for attendance in ("absent", "attended"):
            entered = world.patch(f"{trainings}/participants/{self.member}", self.admin, {"attendance": attendance})
            assert entered.status == 200, entered.text
        (issued,) = world.every(f"/orgs/{self.org}/certificates", self.admin)
        assert issued["holder"] == "Zoelle Quillfeather"


@pytest.fixture
def logs() -> Iterator[Logged]:
    with logged() as found:
        yield found


@pytest.fixture
def somebody(world: World, driver: Driver, logs: Logged, monkeypatch: pytest.MonkeyPatch) -> SomebodyMore:
    return SomebodyMore(world, driver, monkeypatch)


def _kinds(world: World) -> set[str]:
    """Where the person's names are found: items by the beginnings of their keys, files by their endings."""
    found = {
        str(item["pk"]).partition("#")[0]
        for table in ("core", "enrollments", "outbox")
        for item in world.dump(table)
        if any(text.lower() in str(item).lower() for text in PERSONAL)
    }
    files = {name for where in traces(world).values() for name in where if name.startswith("file ")}
    return found | {name.rpartition(".")[2] for name in files}


def _chosen_by(world: World) -> set[str]:
    """The kinds of items whose filters name the person."""
    return {str(item["sk"]).partition("#")[0] for item in world.dump("core") if EMAIL in str(item)}


def test_what_lies_beside_the_member_goes_with_the_account(
    world: World, driver: Driver, somebody: SomebodyMore, logs: Logged
) -> None:
    assert {"SESSIONS", "ACCOUNT", "zip", "csv", "pdf"} <= _kinds(world)
    assert {"SPEC", "PARTITION", "ENROLL"} <= _chosen_by(world)
    outbox = {str(item["sk"]).partition("#")[0] for item in world.dump("outbox") if EMAIL in str(item)}
    assert {"TRAININGS", "COURSES", "BULK"} <= outbox
    answer = world.post("/me/erase", somebody.account)
    assert answer.status == 202, answer.text
    driver.work()
    driver.past_grace()
    driver.sweep()
    driver.work()
    assert traces(world) == {}
    assert somebody.org in logs.text
    assert not [text for text in PERSONAL if text.lower() in logs.text.lower()]
    # Nothing opens any more what they had an address of, nor is anything of the account left.
    assert sessions.find(somebody.cookie, world.now) is None
    assert world.get(f"/calendar/{somebody.calendar}").status == 404
    left = [
        item["sk"]
        for table in ("core", "outbox")
        for item in world.dump(table)
        if str(item["pk"]).startswith(("SESSIONS#", "FEED#", "NOTICES#", "IDEMPOTENCY#"))
        and somebody.account in str(item)
    ]
    assert left == []
    page = world.get(f"/certificates/{somebody.number}")
    assert page.status == 200
    assert not [text for text in PERSONAL if text.lower() in page.text.lower()]


def test_one_client_s_erasure_leaves_what_is_the_person_s_own(
    world: World, driver: Driver, somebody: SomebodyMore
) -> None:
    """The account, its log-ins, its calendar, its own certificate; the client's files about the person go."""
    elsewhere = world.org(driver.msp, "Bolt")
    world.member(elsewhere, account_id=somebody.account, email=EMAIL, first_name="Zoelle")
    somebody.erase()
    driver.work()
    assert sessions.find(somebody.cookie, world.now) is not None
    assert world.get(f"/calendar/{somebody.calendar}").status == 200
    (certificate,) = world.every("/me/certificates", somebody.account)
    assert certificate["holder"] == EMAIL
    names = [name for where in traces(world).values() for name in where]
    assert not [name for name in names if name.startswith("file exports/")]
    assert not [
        item
        for item in world.dump("core")
        if somebody.org in str(item["pk"]) and any(text.lower() in str(item).lower() for text in PERSONAL)
    ]


def test_the_page_of_an_answer_tells_nothing_of_who_was_erased(
    world: World, driver: Driver, somebody: SomebodyMore
) -> None:
    somebody.erase()
    driver.work()
    page = world.get(f"/rsvp/{somebody.rsvp}")
    assert not [text for text in PERSONAL if text.lower() in page.text.lower()]


def test_a_draft_goes_on_without_the_person(world: World, driver: Driver, somebody: SomebodyMore) -> None:
    scope = Scope(somebody.admin, driver.msp, somebody.org)
    assert drafts.find(scope, "trainings", "draft-trainings", world.now).plan_id == "a preview of this"
    somebody.erase()
    driver.work()
    draft = drafts.find(scope, "trainings", "draft-trainings", world.now)
    form = drafts.form_of(draft)
    assert (form.name, form.member_ids, form.filter) == ("Begun", [], {"starts_with": {"email": ERASED}})
    # What was counted for it was another form's.
    assert draft.plan_id is None


def test_a_form_that_was_typed_without_a_log_in_is_sealed(world: World, somebody: SomebodyMore) -> None:
    """Only the browser that sent it opens it, for ten minutes: a copy of the table tells nothing."""
    (kept,) = [item for item in world.dump("outbox") if str(item["pk"]).startswith("KEPT#")]
    assert not [text for text in PERSONAL if text in str(kept)]
    post = kept_posts.find(somebody.secret, somebody.account, world.now)
    assert post is not None
    assert ("email", EMAIL) in post.fields
