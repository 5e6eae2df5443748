"""B10: an evidence pack proves by itself that nobody changed it, and names the place where somebody did."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf

from chalicelib.reporting.evidence import collected
from chalicelib.tenants.audit import log
from chalicelib.tenants.audit.models import AuditRecord
from tests.harness import World
from tests.stories.driver import Driver
from tests.stories.reporting.evidence.packs import Files, anchor, checked, made_pack, unpacked
from tests.unit.training.certificates.pdf_reading import lines_of


def test_a_pack_has_the_lists_the_trail_and_what_checks_it(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    world.member(org, status="pending", first_name="Not", last_name="Accepted", email="bob@acme.example")
    files = unpacked(made_pack(driver, org, 3))
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
    # Nobody's name is shown before they accept.
    assert sorted((member["first_name"], member["last_name"]) for member in members) == [
        ("", ""), ("'=1+1", "Lee"), ("Zoë", "Ødegård"),
    ]  # fmt: skip
    assert b"Accepted" not in files["members.jsonl"]
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
    code, lines = checked(tmp_path, files)
    assert (code, lines[-1]) == (0, "OK"), lines


def test_a_pack_has_the_certificates_with_the_names_as_they_were(world: World, driver: Driver, org: str) -> None:
    (listed,) = world.every(f"/orgs/{org}/certificates", driver.admin)
    world.patch(f"/orgs/{org}/members/{listed['member_id']}", driver.admin, {"first_name": "Another"})
    files = unpacked(made_pack(driver, org))
    (certificate,) = map(json.loads, files["certificates.jsonl"].splitlines())
    assert certificate == {name: listed[name] for name in collected.CERTIFICATE}
    (row,) = csv.DictReader(io.StringIO(files["certificates.csv"].decode("utf-8-sig")))
    told = [row[name] for name in ("number", "holder", "title", "completed_on", "state", "revoked_at")]
    assert told == [listed["number"], "Zoë Ødegård", "Spotting Phishing", listed["completed_on"], "valid", ""]
    answer = world.post(f"/orgs/{org}/certificates/{listed['certificate_id']}/revoke", driver.admin, {})
    assert answer.status == 200, answer.text
    (certificate,) = map(json.loads, unpacked(made_pack(driver, org))["certificates.jsonl"].splitlines())
    assert (certificate["state"], certificate["revoked_at"] is not None) == ("revoked", True)


def test_the_summary_says_the_same_as_a_page_and_as_pdf(driver: Driver, org: str) -> None:
    files = unpacked(made_pack(driver, org))
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
    files = unpacked(made_pack(driver, org))
    assert f"Organization {org}" in "\n".join(lines_of(files["summary.pdf"]))
    assert "\u16a0\u16a2" in files["summary.html"].decode()


def test_a_pack_has_every_day_s_anchor_as_it_was_first_written(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    world.post(f"/orgs/{org}/groups", driver.admin, {"name": "One more"})
    anchor(driver)
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    first, second = (entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket)["Contents"])
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key=first, Body=b'{"tenant": "", "at": "", "heads": {}}')
    files = unpacked(made_pack(driver, org))
    anchors = [json.loads(line) for line in files["anchors.jsonl"].splitlines()]
    assert [(one["file"], one["heads"]["0"]["number"]) for one in anchors] == [(first, 5), (second, 6)]
    assert checked(tmp_path, files)[0] == 0


def test_what_nobody_of_us_wrote_among_the_anchors_is_named(
    world: World, driver: Driver, org: str, tmp_path: Path
) -> None:
    s3, bucket = world.client("s3"), world.stage.environment["ANCHORS_BUCKET"]
    s3.put_object(Bucket=bucket, Key=f"audit/ORG-{org}/2027-02-01.json", Body=b"nonsense")
    code, lines = checked(tmp_path, unpacked(made_pack(driver, org)))
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
    files = unpacked(made_pack(driver, org))
    assert "The trail is not as it was written: chain 0, entry 5 (rewritten)." in files["summary.html"].decode()
    code, lines = checked(tmp_path, files)
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
    files = unpacked(made_pack(driver, org))
    assert len(WAYS) >= 12
    for way, (tamper, place) in WAYS.items():
        code, lines = checked(tmp_path, tamper(files))
        assert code == 1, way
        assert any(place in line for line in lines[:-1]), (way, lines)


def test_a_pack_that_somebody_signed_anew_is_not_of_our_key(driver: Driver, org: str, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    files = unpacked(made_pack(driver, org))
    ours = tmp_path / "ours.pem"
    ours.write_bytes(files["public_key.pem"])
    assert checked(tmp_path, files, str(ours))[0] == 0
    key = rsa.generate_private_key(65537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    forged = json.loads(files["manifest.json"])
    forged["organization"]["name"] = "Another"
    manifest = json.dumps(forged).encode()
    import base64

    signature = base64.b64encode(key.sign(manifest, padding.PKCS1v15(), hashes.SHA256()))
    anew = {**files, "manifest.json": manifest, "manifest.sig": signature, "public_key.pem": public}
    assert checked(tmp_path, anew)[0] == 0
    code, lines = checked(tmp_path, anew, str(ours))
    assert (code, lines[-1]) == (1, "NOT OK: 1 problems")


def test_only_who_asked_gets_the_pack(world: World, driver: Driver, org: str) -> None:
    started = world.post(f"/orgs/{org}/audit/export", driver.admin).json
    driver.work()
    path = f"/orgs/{org}/audit/exports/{started['export_id']}"
    assert world.get(path, driver.admin).status == 200
    assert world.get(path, world.org_admin(org)).status == 404
