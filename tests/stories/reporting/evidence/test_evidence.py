"""B10: an evidence pack proves by itself that nobody changed it, and names the place where somebody did."""

import csv
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pypdf
import pytest

from chalicelib.aws.clients import client
from chalicelib.reporting.evidence import collected
from chalicelib.tenants.audit import log
from chalicelib.tenants.audit.models import AuditRecord
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver
from tests.stories.reporting.personal_data.test_erasing import everything
from tests.unit.training.certificates.pdf_reading import lines_of

Files = dict[str, bytes]


@pytest.fixture
def org(world: World, driver: Driver) -> str:
    """A client with a completed course and its certificate, and a trail of five entries, anchored two days ago."""
    course = world.course(driver.msp, "Spotting Phishing", certificate=True)
    org = world.org(driver.msp, "Büro & Söhne", courses=[course])
    account, _ = world.learner(org, first_name="Zoë", last_name="Ødegård", email="zoe@acme.example")
    world.member(org, first_name="=1+1", last_name="Lee")
    driver.launch(org, [course])
    (enrollment,) = world.get("/me/courses", account).json["items"]
    for step in ("start", "complete"):
        assert world.post(f"/me/courses/{enrollment['enrollment_id']}/{step}", account).status == 200
    for number in range(4):
        assert world.post(f"/orgs/{org}/groups", driver.admin, {"name": f"Group {number}"}).status == 201
    _anchor(driver)
    return org


def _anchor(driver: Driver) -> None:
    """The next day, at the minute of the hour at which the sweep looks."""
    driver.world.now = (driver.world.now + timedelta(days=1)).replace(minute=7)
    driver.sweep()
    driver.work()


def _pack(driver: Driver, org: str) -> bytes:
    started = driver.world.post(f"/orgs/{org}/audit/export", driver.admin)
    assert started.status == 202, started.text
    driver.work()
    export = driver.world.get(f"/orgs/{org}/audit/exports/{started.json['export_id']}", driver.admin).json
    assert (export["status"], export["num_rows"]) == ("ready", 2), export
    return fetched(export["url"])[0]


def _unpacked(pack: bytes) -> Files:
    archive = zipfile.ZipFile(io.BytesIO(pack))
    return {name: archive.read(name) for name in archive.namelist()}


def _packed(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _checked(folder: Path, files: Files, *more: str) -> tuple[int, list[str]]:
    """What the pack's own program says, in a Python of its own that finds nothing but the standard library."""
    program = folder / "verify_evidence.py"
    program.write_bytes(files["verify_evidence.py"])
    pack = _packed(folder / "pack.zip", files)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", str(program), str(pack), *more], capture_output=True, text=True, check=False
    )
    assert ran.stderr == ""
    return ran.returncode, ran.stdout.splitlines()


def test_a_pack_has_the_lists_the_trail_and_what_checks_it(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    files = _unpacked(_pack(driver, org))
    lists = ("members", "enrollments", "completions", "certificates", "audit")
    beside = {
        "anchors.jsonl", "heads.json", "summary.html", "summary.pdf", "verify_evidence.py", "manifest.json",
        "manifest.sig", "public_key.pem",
    }  # fmt: skip
    assert files.keys() == {*beside, *(f"{name}.{ending}" for name in lists for ending in ("csv", "jsonl"))}
    assert json.loads(files["manifest.json"])["files"].keys() == files.keys() - {
        "manifest.json", "manifest.sig", "public_key.pem",
    }  # fmt: skip
    members = list(csv.DictReader(io.StringIO(files["members.csv"].decode("utf-8-sig"))))
    assert sorted(member["first_name"] for member in members) == ["'=1+1", "Zoë"]
    (completed,) = map(json.loads, files["completions.jsonl"].splitlines())
    assert (completed["title"], completed["status"]) == ("Spotting Phishing", "completed")
    assert len(files["enrollments.jsonl"].splitlines()) == 2
    trail = world.every(f"/orgs/{org}/audit", driver.admin)
    assert [json.loads(line)["hash"] for line in files["audit.jsonl"].splitlines()] == [
        entry["hash"] for entry in reversed(trail)
    ]
    page = files["summary.html"].decode()
    assert "Büro &amp; Söhne" in page
    assert "as they were written" in page
    code, lines = _checked(tmp_path, files)
    assert (code, lines[-1]) == (0, "OK"), lines


def test_a_pack_has_the_certificates_with_the_names_as_they_were(world: World, driver: Driver, org: str) -> None:
    (listed,) = world.every(f"/orgs/{org}/certificates", driver.admin)
    world.patch(f"/orgs/{org}/members/{listed['member_id']}", driver.admin, {"first_name": "Another"})
    files = _unpacked(_pack(driver, org))
    (certificate,) = map(json.loads, files["certificates.jsonl"].splitlines())
    assert certificate == {name: listed[name] for name in collected.CERTIFICATE}
    (row,) = csv.DictReader(io.StringIO(files["certificates.csv"].decode("utf-8-sig")))
    told = [row[name] for name in ("number", "holder", "title", "completed_on", "state", "revoked_at")]
    assert told == [listed["number"], "Zoë Ødegård", "Spotting Phishing", listed["completed_on"], "valid", ""]
    answer = world.post(f"/orgs/{org}/certificates/{listed['certificate_id']}/revoke", driver.admin, {})
    assert answer.status == 200, answer.text
    (certificate,) = map(json.loads, _unpacked(_pack(driver, org))["certificates.jsonl"].splitlines())
    assert (certificate["state"], certificate["revoked_at"] is not None) == ("revoked", True)


def test_the_summary_says_the_same_as_a_page_and_as_pdf(driver: Driver, org: str) -> None:
    files = _unpacked(_pack(driver, org))
    page, pdf = files["summary.html"].decode(), "\n".join(lines_of(files["summary.pdf"]))
    told = ("Members", "Certificates", "All of them are as they were written", "written once a day", "verify_evidence")
    assert [text for text in told if text not in page or text not in pdf.replace("\n", " ")] == []
    assert "Büro & Söhne" in pdf
    reader = pypdf.PdfReader(io.BytesIO(files["summary.pdf"]))
    assert reader.metadata is not None
    assert (len(reader.pages), reader.metadata.title) == (1, "Evidence: Büro & Söhne")
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]


def test_a_client_whose_name_no_font_has_is_told_by_its_id_in_the_pdf(world: World, driver: Driver) -> None:
    org = world.org(driver.msp, "\u16a0\u16a2")
    world.members(org, 2)
    files = _unpacked(_pack(driver, org))
    assert f"Organization {org}" in "\n".join(lines_of(files["summary.pdf"]))
    assert "\u16a0\u16a2" in files["summary.html"].decode()


def test_a_pack_has_every_day_s_anchor_as_it_was_first_written(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    world.post(f"/orgs/{org}/groups", driver.admin, {"name": "One more"})
    _anchor(driver)
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    first, second = (entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"])
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key=first, Body=b'{"tenant": "", "at": "", "heads": {}}')
    files = _unpacked(_pack(driver, org))
    anchors = [json.loads(line) for line in files["anchors.jsonl"].splitlines()]
    assert [(one["file"], one["heads"]["0"]["number"]) for one in anchors] == [(first, 5), (second, 6)]
    assert _checked(tmp_path, files)[0] == 0


def test_what_nobody_of_us_wrote_among_the_anchors_is_named(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    s3.put_object(Bucket=bucket, Key=f"audit/ORG-{org}/2027-02-01.json", Body=b"nonsense")
    code, lines = _checked(tmp_path, _unpacked(_pack(driver, org)))
    assert (code, lines[1]) == (1, "anchors.jsonl line 2: is not an anchor")


def test_a_trail_that_was_written_anew_before_the_pack_was_made_is_not_the_one_that_was_anchored(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    """Signed by our key and whole in itself: only the anchor tells."""
    table, key = world.stage.table_names["core"], {"pk": {"S": f"ORG#{org}#AUDIT"}}
    items = world.client("dynamodb").query(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": key["pk"]}
    )["Items"]
    *entries, head = items
    last = entries[-1]
    last["actor"] = {"S": "somebody else"}
    last["hash"] = {"S": log.hash_of(AuditRecord.from_raw_data(last))}
    for item in (last, {**head, "hash": last["hash"]}):
        world.client("dynamodb").put_item(TableName=table, Item=item)
    files = _unpacked(_pack(driver, org))
    assert "The trail is not as it was written: chain 0, entry 5 (rewritten)." in files["summary.html"].decode()
    code, lines = _checked(tmp_path, files)
    assert (code, lines[-1]) == (1, "NOT OK: 1 problems")
    assert "entry 5" in lines[1]
    assert "is not the one that was anchored (audit/ORG-" in lines[1]


def _trail(files: Files) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files["audit.jsonl"].splitlines()]


def _with_trail(files: Files, entries: list[dict[str, Any]]) -> Files:
    return {**files, "audit.jsonl": "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in entries).encode()}


def _changed_entry(files: Files) -> Files:
    entries = _trail(files)
    entries[2]["actor"] = "somebody else"
    return _with_trail(files, entries)


def _head(files: Files, **changes: Any) -> Files:
    (head,) = json.loads(files["heads.json"])
    return {**files, "heads.json": json.dumps([{**head, **changes}]).encode()}


def _anchored(files: Files, **changes: Any) -> Files:
    anchor = json.loads(files["anchors.jsonl"])
    anchor["heads"]["0"] |= changes
    return {**files, "anchors.jsonl": json.dumps(anchor).encode() + b"\n"}


def _swapped(files: Files) -> Files:
    entries = _trail(files)
    entries[1], entries[3] = entries[3], entries[1]
    return _with_trail(files, entries)


def _without(files: Files, name: str) -> Files:
    return {other: content for other, content in files.items() if other != name}


def _flipped(files: Files, name: str) -> Files:
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1
    return {**files, name: bytes(content)}


WAYS: dict[str, tuple[Callable[[Files], Files], str]] = {
    "an entry changed": (_changed_entry, "chain 0, entry 3"),
    "an entry taken out": (lambda it: _with_trail(it, _trail(it)[:1] + _trail(it)[2:]), "chain 0, entry 2"),
    "an entry twice": (lambda it: _with_trail(it, _trail(it)[:3] + _trail(it)[2:]), "entry 3 (2027"),
    "two entries swapped": (_swapped, "chain 0, entry 2"),
    "the trail cut off": (lambda it: _with_trail(it, _trail(it)[:3]), "entry 4: is missing, with all after it"),
    "another end noted": (lambda it: _head(it, hash="f" * 64), "entry 5: is not the end"),
    "an entry that is none": (
        lambda it: {**it, "audit.jsonl": it["audit.jsonl"] + b"{}\n"}, "audit.jsonl line 6: is not an entry",
    ),
    "no end noted": (lambda it: {**it, "heads.json": b"[]"}, "entry 5: the note of the end is missing"),
    "a member changed": (lambda it: _flipped(it, "members.csv"), "file members.csv: is not as it was signed"),
    "a list taken out": (lambda it: _without(it, "completions.csv"), "file completions.csv: is missing"),
    "a file added": (lambda it: {**it, "more.csv": b"x"}, "file more.csv: was added"),
    "the manifest changed": (
        lambda it: {**it, "manifest.json": it["manifest.json"] + b" "}, "file manifest.json: the signature",
    ),
    "the signature changed": (
        lambda it: {**it, "manifest.sig": b"A" * 340 + b"AA=="}, "file manifest.json: the signature",
    ),
    "a certificate changed": (
        lambda it: _flipped(it, "certificates.csv"), "file certificates.csv: is not as it was signed",
    ),
    "a certificate taken out": (
        lambda it: {**it, "certificates.jsonl": b""}, "file certificates.jsonl: is not as it was signed",
    ),
    "the summary changed": (lambda it: _flipped(it, "summary.pdf"), "file summary.pdf: is not as it was signed"),
    "the anchors changed": (lambda it: _flipped(it, "anchors.jsonl"), "file anchors.jsonl: is not as it was signed"),
    "no anchors": (lambda it: _without(it, "anchors.jsonl"), "file anchors.jsonl: is missing"),
    "an anchor of another entry": (
        lambda it: _anchored(it, hash="f" * 64), "entry 5 (2027-01-04T10:00:00Z, line 5): is not the one that was anch",
    ),
    "an anchor of what is not there": (
        lambda it: _anchored(it, number=9), "chain 0, entry 9: was anchored and is missing (audit/ORG-",
    ),
    "no signature": (lambda it: _without(it, "manifest.sig"), "file manifest.sig: is missing"),
}  # fmt: skip


def test_the_offline_command_names_the_place_of_each_way_of_tampering(driver: Driver, org: str, tmp_path: Path) -> None:
    files = _unpacked(_pack(driver, org))
    assert len(WAYS) >= 12
    for way, (tamper, place) in WAYS.items():
        code, lines = _checked(tmp_path, tamper(files))
        assert code == 1, way
        assert any(place in line for line in lines[:-1]), (way, lines)


def test_a_pack_that_somebody_signed_anew_is_not_of_our_key(driver: Driver, org: str, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    files = _unpacked(_pack(driver, org))
    ours = tmp_path / "ours.pem"
    ours.write_bytes(files["public_key.pem"])
    assert _checked(tmp_path, files, str(ours))[0] == 0
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = json.loads(files["manifest.json"])
    forged["organization"]["name"] = "Another"
    manifest = json.dumps(forged).encode()
    import base64

    signature = base64.b64encode(key.sign(manifest, padding.PKCS1v15(), hashes.SHA256()))
    anew = {**files, "manifest.json": manifest, "manifest.sig": signature, "public_key.pem": public}
    assert _checked(tmp_path, anew)[0] == 0
    code, lines = _checked(tmp_path, anew, str(ours))
    assert (code, lines[-1]) == (1, "NOT OK: 1 problems")


def test_only_who_asked_gets_the_pack(world: World, driver: Driver, org: str) -> None:
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    driver.work()
    path = f"/orgs/{org}/audit/exports/{started['export_id']}"
    assert world.get(path, driver.admin).status == 200
    assert world.get(path, world.org_admin(org)).status == 404


# ---------------------------------------------------------------- however many there are


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
    _pack(driver, org)
    s3, bucket = world.client("s3"), world.stage.environment["FILES_BUCKET"]
    keys = [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket, Prefix="exports/")["Contents"]]
    assert len(keys) == 1
    assert not [item for item in world.dump("outbox") if item["pk"].startswith("DUE#")]


def test_parts_that_are_collected_twice_make_the_same_pack(
    world: World, driver: Driver, org: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every message arrives twice, and every member is a part of its own."""
    monkeypatch.setattr(collected, "MEMBERS", 1)
    once = _unpacked(_pack(driver, org))
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    while messages := world.messages():
        driver.deliver([*messages, *messages])
    export = world.get(f"/orgs/{org}/audit/exports/{started['export_id']}", driver.admin).json
    twice = _unpacked(fetched(export["url"])[0])
    lists = [name for name in once if name.endswith((".csv", ".jsonl"))]
    assert {name: twice[name] for name in lists} == {name: once[name] for name in lists}
    assert _checked(tmp_path, twice)[0] == 0


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
    files = _unpacked(
        fetched(world.get(f"/orgs/{org}/audit/exports/{started['export_id']}", driver.admin).json["url"])[0]
    )
    assert number > len(files["audit.jsonl"].splitlines()) - 6 > 0
    assert _checked(tmp_path, files)[0] == 0
    assert "All of them are as they were written" in files["summary.html"].decode()


def test_who_is_erased_while_parts_are_collected_is_in_no_file(world: World, driver: Driver, org: str) -> None:
    world.post(f"/orgs/{org}/audit/export", driver.admin)
    while not any("part-" in name for name in everything(world)):
        driver.deliver(world.messages())
    assert [name for name, content in everything(world).items() if "part-" in name and "Ødegård" in content]
    (member,) = [one for one in world.every(f"/orgs/{org}/members", driver.admin) if one["first_name"] == "Zoë"]
    answer = world.post(f"/orgs/{org}/members/{member['member_id']}/erase", driver.admin)
    assert answer.status == 202, answer.text
    driver.work()
    assert [name for name in everything(world) if "part-" in name or "exports/" in name] == []


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
