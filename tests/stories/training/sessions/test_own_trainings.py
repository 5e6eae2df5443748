"""A person's own live trainings in the account (L1)."""

from datetime import timedelta

import pytest

from chalicelib.core.clock import to_text
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.live_trainings import LiveTrainings


@pytest.fixture
def live(world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch) -> LiveTrainings:
    return LiveTrainings(world, driver, monkeypatch)


def test_what_happens_to_them_is_told_in_the_account_even_without_an_address(live: LiveTrainings) -> None:
    account, member = live.world.learner(live.org, email=None, login_name="ann")
    training, session = live.one()
    live.enroll([member], (training, session))
    live.later(hours=1)
    live.patch(training, session, place="Room 2")
    live.driver.work()
    live.later(hours=1)
    live.ask("POST", f"/{training}/sessions/{session}/cancel", {"reason": "Storm."})
    live.driver.work()
    live.driver.work()
    path = "/me/notifications"
    shown = live.world.get(path, account).json
    assert [item["title"] for item in shown["items"]] == [
        "Cancelled: First aid", "Changed: First aid", "You're invited: First aid",
    ]  # fmt: skip
    assert shown["num_unread"] == 3
    assert shown["items"][0]["text"].endswith("is cancelled for you. Storm.")
    assert shown["items"][0]["link_id"] == f"{live.org}.{member}.{training}"
    assert len(live.world.every(f"{path}?limit=1", account)) == 3
    oldest = shown["items"][2]["notification_id"]
    assert live.world.post(f"{path}/read", account, {"ids": [oldest, "unknown"]}).json == {"num_unread": 2}
    assert len(live.world.every(f"{path}?unread=true", account)) == 2
    assert live.world.post(f"{path}/read", account, {"ids": "all"}).json == {"num_unread": 0}
    assert live.world.every(f"{path}?unread=true", account) == []
    assert live.world.get(path, live.world.account()).json["items"] == []
    live.later(hours=1)
    live.enroll([member], live.one())
    assert live.world.get(path, account).json["num_unread"] == 1
    assert live.mailbox.mails() == []
    (row,) = live.participants(training)
    assert (row["mail"], row["has_address"]) == (None, False)


def test_they_are_listed_from_the_moment_on_and_answered(live: LiveTrainings) -> None:
    account, member = live.world.learner(live.org)
    elsewhere = live.world.org(live.driver.msp, "Other place")
    live.world.member(elsewhere, account_id=account)
    first, hidden, full = live.one(), live.one(), live.one(capacity=1, waiting_list=True)
    live.enroll([live.person(None, login_name="x"), member], full)
    live.enroll([member], first)
    moment = live.world.now + timedelta(days=1)
    live.enroll([member], hidden, visible_from=to_text(moment))

    def listed(query: str = "") -> list[tuple[str, str, int | None]]:
        items = live.world.every(f"/me/trainings{query}", account)
        return [(item["participation_id"].split(".")[2], item["status"], item["place_in_line"]) for item in items]

    assert sorted(listed()) == sorted([(first[0], "invited", None), (full[0], "waiting", 1)])
    path = f"/me/trainings/{live.org}.{member}.{{}}/{{}}"
    assert live.world.post(path.format(hidden[0], "confirm"), account).status == 404
    assert live.world.post(path.format(first[0], "confirm"), live.world.account()).status == 404
    assert live.world.post(path.format(full[0], "confirm"), account).json["code"] == "waiting"
    answered = live.world.post(path.format(first[0], "confirm"), account)
    assert (answered.status, answered.json["status"], answered.json["can_answer"]) == (200, "confirmed", True)
    assert live.world.post(path.format(first[0], "decline"), account).json["status"] == "declined"
    (row,) = live.participants(first[0])
    assert (row["status"], row["answered_by"]) == ("declined", "account")
    live.world.now = moment
    assert len(listed("?limit=1")) == 3
    assert live.world.post(path.format(hidden[0], "confirm"), account).status == 200


def test_who_may_be_coming_keeps_the_place_and_says_it_once(live: LiveTrainings) -> None:
    account, member = live.world.learner(live.org)
    training, session = live.one(capacity=1, waiting_list=True)
    live.enroll([member], (training, session))
    path = f"/me/trainings/{live.org}.{member}.{training}"
    answered = live.world.post(f"{path}/confirm", account)
    assert answered.json["remark"] is None
    live.later(minutes=1)
    answered = live.world.post(f"{path}/tentative", account)
    assert (answered.status, answered.json["status"], answered.json["remark"]) == (200, "invited", "Tentative")
    stored = live.world.dump("core")
    assert live.world.post(f"{path}/tentative", account).json == answered.json
    assert live.world.dump("core") == stored
    live.sound(session)
    (row,) = live.participants(training)
    assert (row["answered_by"], row["remark"]) == ("account", "Tentative")
    live.later(minutes=1)
    assert live.world.post(f"{path}/decline", account).json["remark"] is None
    assert live.world.post(f"{path}/tentative", account).json["code"] == "no_place"
    live.later(days=60)
    assert live.world.post(f"{path}/tentative", account).status == 409


def test_participants_are_found_by_the_start_of_a_name_and_by_their_place(live: LiveTrainings) -> None:
    training, session = live.one(capacity=2, waiting_list=True)
    names = [("Zoë", "Hale"), ("Kim", "Zoellner"), ("Sam", "Reed")]
    people = [
        live.person(f"p{index}@acme.example", first_name=first, last_name=last)
        for index, (first, last) in enumerate(names)
    ]
    live.enroll(people, (training, session))
    found = {query: [one["member_id"] for one in live.participants(training, query)] for query in (
        "search=zoe", "search=p2", "search=nobody", "has_place=true", "sort=name&search=zoe",
    )}  # fmt: skip
    assert set(found["search=zoe"]) == set(people[:2])
    assert found["sort=name&search=zoe"] == people[:2]
    assert found["search=p2"] == [people[2]]
    assert found["search=nobody"] == []
    seated = [one["member_id"] for one in live.participants(training) if one["status"] == "invited"]
    assert sorted(found["has_place=true"]) == sorted(seated)
    assert len(seated) == 2
