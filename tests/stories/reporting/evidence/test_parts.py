"""A pack is collected part by part: none takes more however many members there are, none is left, none counts twice."""

import tracemalloc
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.aws.clients import client
from chalicelib.aws.files import files
from chalicelib.reporting.evidence import collected
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.reporting.evidence.packs import checked, made_pack, unpacked
from tests.stories.reporting.personal_data.test_erasing import everything


def _messages(world: World, driver: Driver, org: str) -> list[tuple[dict[str, Any], Counter[str], int]]:
    """Each message of a pack that is asked for now: what it says, its AWS calls, and the most bytes at once."""
    assert world.post(f"/orgs/{org}/audit/export", driver.admin, headers={"Idempotency-Key": org}).status == 202
    made = []
    while messages := world.messages():
        (message,) = messages
        calls: Counter[str] = Counter()

        def note(model: Any, calls: Counter[str] = calls, **_: Any) -> None:
            calls[model.name] += 1

        services = [client(name).meta.events for name in ("dynamodb", "s3", "lambda", "kms", "sqs")]
        for events in services:
            events.register("before-call", note)
        tracemalloc.start()
        try:
            driver.deliver([message])
            made.append((message, calls, tracemalloc.get_traced_memory()[1]))
        finally:
            tracemalloc.stop()
            for events in services:
                events.unregister("before-call", note)
    return made


def test_no_message_takes_more_calls_or_memory_however_many_members_there_are(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collected, "MEMBERS", 20)
    monkeypatch.setattr(collected, "_MEMBERS_AT_ONCE", 10)
    monkeypatch.setattr(collected, "_QUERIES_AT_ONCE", 1)
    most: dict[int, tuple[int, int]] = {}
    _messages(world, driver, world.org(driver.msp, "Warm"))
    for number in (45, 405):
        org = world.org(driver.msp, f"{number} people")
        world.members(org, number)
        made = _messages(world, driver, org)
        begun, *collecting, last = made
        assert begun[0]["job"] == "export"
        # Twenty members a part, and behind them certificates, anchors, ends and trail.
        assert len(collecting) == number // 20 + 1 + 4
        assert last[1]["Query"] == 0
        assert last[1]["GetObject"] == 1 + len(collecting)
        most[number] = (
            max(sum(calls.values()) for _, calls, _ in collecting), max(peak for _, _, peak in made),
        )  # fmt: skip
        (export,) = [item for item in world.dump("outbox") if item["pk"] == f"ORG#{org}#EXPORTS"]
        assert (export["status"], int(export["num_rows"])) == ("ready", number)
    (few_calls, few), (many_calls, many) = most[45], most[405]
    # Two pages, a query for each member, the part before, this part, and the message that goes on.
    assert many_calls == few_calls <= 2 + 20 + 6
    # 360 members more would be megabytes, if they were held: a model of one takes some kilobytes.
    assert many - few < 500_000


def test_nothing_is_left_of_the_parts(world: World, driver: Driver, org: str) -> None:
    made_pack(driver, org)
    s3, bucket = world.client("s3"), world.stage.environment["FILES_BUCKET"]
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix="exports/")["Contents"]]
    assert len(keys) == 1
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_parts_that_are_collected_twice_make_the_same_pack(
    world: World, driver: Driver, org: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every message arrives twice, and every member is a part of its own."""
    monkeypatch.setattr(collected, "MEMBERS", 1)
    once = unpacked(made_pack(driver, org))
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    while messages := world.messages():
        driver.deliver([*messages, *messages])
    export = world.get(f"/orgs/{org}/audit/exports/{started['export_id']}", driver.admin).json
    twice = unpacked(fetched(export["url"])[0])
    lists = [name for name in once if name.endswith((".csv", ".jsonl"))]
    assert {name: twice[name] for name in lists} == {name: once[name] for name in lists}
    assert checked(tmp_path, twice)[0] == 0


def test_entries_that_are_written_while_the_trail_is_read_are_not_of_the_pack(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    """Not one without the ones before it, nor an end without its entry: the trail ends where it ended at one moment."""
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    number = 0
    while messages := world.messages():
        number += 1
        assert world.post(f"/orgs/{org}/groups", driver.admin, {"name": f"Meanwhile {number}"}).status == 201
        driver.deliver([message for message in messages if message["job"] in ("export", "collect_evidence")])
    files = unpacked(
        fetched(world.get(f"/orgs/{org}/audit/exports/{started['export_id']}", driver.admin).json["url"])[0]
    )
    assert number > len(files["audit.jsonl"].splitlines()) - 6 > 0
    assert checked(tmp_path, files)[0] == 0
    assert "All of them are as they were written" in files["summary.html"].decode()


def test_who_is_erased_while_parts_are_collected_is_in_no_file(world: World, driver: Driver, org: str) -> None:
    world.post(f"/orgs/{org}/audit/export", driver.admin)
    while not any("part-" in name for name in everything(world)):
        driver.deliver(world.messages())
    assert [name for name, content in everything(world).items() if "part-" in name and "Ødegård" in content]
    (member,) = [one for one in world.every(f"/orgs/{org}/members", driver.admin) if one["first_name"] == "Zoë"]
    answer = world.post(f"/orgs/{org}/members/{member['member_id']}/erase", driver.admin)
    assert answer.status == 202, answer.text
    left = world.messages()
    driver.deliver(left)
    driver.work()
    assert [name for name in everything(world) if "part-" in name or "exports/" in name] == []
    # A delivery that wrote the whole pack after that, and died: the next one takes it away.
    (job,) = [one for one in left if one["job"] == "collect_evidence"]
    files().write(f"exports/{job['msp_id']}/{job['export_id']}.zip", ["Ødegård".encode()], "application/zip")
    driver.deliver([job])
    assert [name for name in everything(world) if "exports/" in name] == []


def test_a_pack_that_cannot_be_made_fails_and_leaves_no_parts(world: World, driver: Driver, org: str) -> None:
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    for _ in range(3):
        driver.deliver(world.messages())
    (message,) = world.messages()
    driver.handle_dead_letter(message)
    export = world.get(f"/orgs/{org}/audit/exports/{started['export_id']}", driver.admin).json
    assert (export["status"], export["code"]) == ("failed", "export_failed")
    driver.past_grace()
    world.now += timedelta(minutes=10)
    driver.sweep()
    driver.work()
    assert [name for name in everything(world) if "part-" in name] == []
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]
