"""B10: an evidence pack proves by itself that nobody changed it, and names the place where somebody did."""

import csv
import io
import json
import subprocess
import sys
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chalicelib.reporting.evidence import collected
from chalicelib.reporting.evidence.pack import Pack
from chalicelib.tenants.access.service import Scope
from tests.harness import World
from tests.patience import fetched
from tests.stories.driver import Driver

Files = dict[str, bytes]


@pytest.fixture
def org(world: World, driver: Driver) -> str:
    """A client with a completed course and a trail of five entries."""
    course = world.course(driver.msp, "Spotting Phishing")
    org = world.org(driver.msp, "Büro & Söhne", courses=[course])
    account, _ = world.learner(org, first_name="Zoë", last_name="Ødegård", email="zoe@acme.example")
    world.member(org, first_name="=1+1", last_name="Lee")
    driver.launch(org, [course])
    (enrollment,) = world.get("/me/courses", account).json["items"]
    for step in ("start", "complete"):
        assert world.post(f"/me/courses/{enrollment['enrollment_id']}/{step}", account).status == 200
    for number in range(4):
        assert world.post(f"/orgs/{org}/groups", driver.admin, {"name": f"Group {number}"}).status == 201
    return org


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
    listed = {f"{name}.{ending}" for name in ("members", "enrollments", "completions") for ending in ("csv", "jsonl")}
    beside = {"heads.json", "summary.html", "verify_evidence.py", "manifest.json", "manifest.sig", "public_key.pem"}
    assert files.keys() == {*listed, *beside, "audit.jsonl", "audit.csv"}
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


def _peak_of(world: World, driver: Driver, num_members: int) -> int:
    """The most bytes that Python held at once while a pack of so many members was written."""
    org = world.org(driver.msp, f"{num_members} people")
    world.members(org, num_members)
    pack = Pack(Scope(driver.admin, driver.msp, org), world.now)
    tracemalloc.start()
    try:
        size = sum(map(len, pack.pieces()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert pack.num_rows == num_members
    assert size > num_members
    return peak


def test_a_pack_takes_the_same_memory_however_many_members_there_are(
    world: World, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collected, "_MEMBERS_AT_ONCE", 20)
    monkeypatch.setattr(collected, "_PIECE", 4096)
    _peak_of(world, driver, 100)
    few, many = _peak_of(world, driver, 100), _peak_of(world, driver, 800)
    # 700 members more would be several megabytes, if they were held: a model of one takes some kilobytes.
    assert many - few < 500_000
