"""The evidence pack of a client with 1,000 people, and of one with 10,000: each message's calls and memory.

Files lie on disk here, so that this process holds what a function would; what KMS and the function that typesets
answer is made up. One query at a time, so that calls are counted right: eight at once hold eight answers.
"""

import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from chalicelib.aws import files as aws_files
from chalicelib.aws import loading
from chalicelib.aws.files import PART_BYTES
from chalicelib.core.clock import to_text
from chalicelib.core.ids import new_id
from chalicelib.people.members import store as members_store
from chalicelib.reporting.evidence import collect, collected, pack, parts
from chalicelib.training.certificates.models import (
    Certificate,
    IssuedCertificate,
    certificate_sk,
    holder_pk,
    issued_pk,
)
from chalicelib.training.certificates.numbers import new_number
from tests.bench.figure import Figure
from tests.bench.meter import Tally
from tests.bench.reports import COURSES_EACH, people_with_courses
from tests.bench.scenario import Scene

SIZES = (1_000, 10_000)

# A query for each of 500 people, their pages, the titles of their courses, and what is around.
_CALLS_PER_MESSAGE = 530


class _OnDisk:
    """As `aws.files.Files`, of which a pack uses these. A file is written with one part of an upload in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.num_calls = 0

    def path(self, key: str) -> Path:
        return self.folder / key.replace("/", "_")

    def read(self, key: str) -> bytes | None:
        self.num_calls += 1
        path = self.path(key)
        return path.read_bytes() if path.exists() else None

    def write_once(self, key: str, content: bytes) -> bool:
        self.num_calls += 1
        path = self.path(key)
        if is_new := not path.exists():
            path.write_bytes(content)
        return is_new

    def write(self, key: str, pieces: Iterable[bytes], content_type: str) -> None:
        with self.path(key).open("wb") as file:
            part = bytearray()
            for piece in pieces:
                part += piece
                if len(part) >= PART_BYTES:
                    self.num_calls += 1
                    file.write(part)
                    part = bytearray()
            self.num_calls += 1
            file.write(part)

    def delete(self, key: str) -> None:
        self.num_calls += 1
        self.path(key).unlink(missing_ok=True)

    def first_versions(self, *_: Any) -> list[Any]:
        """There are no anchors here."""
        return []


class _Signer:
    def sign(self, sha256: bytes) -> bytes:
        return sha256

    def public_key(self) -> str:
        return "made up"


def of_packs(scene: Scene, sizes: Sequence[int] = SIZES) -> Iterator[Figure]:
    largest: list[float] = []
    with _beside() as disk:
        for size in sizes:
            yield from _of_pack(scene, disk, size, largest)
    more = f"{sizes[-1]:,} people over {sizes[0]:,}"
    yield Figure(f"B10: pack: most memory of a message, {more}", largest[-1] / largest[0], 1.3)


def _of_pack(scene: Scene, disk: _OnDisk, size: int, largest: list[float]) -> Iterator[Figure]:
    name = f"B10: pack of {size:,} people with {COURSES_EACH} courses and a certificate each"
    org_id = people_with_courses(scene, size)
    _certify(scene, org_id)
    scene.meter.take()
    asked = scene.world.post(f"/orgs/{org_id}/audit/export", scene.admin)
    num_messages, tally, num_calls, most, held = 0, Tally(), 0, 0, 0.0
    scene.meter.units = True
    while scene.meter.sent:
        num_messages += 1
        scene.meter.take()
        disk.num_calls = 0
        tracemalloc.start()
        scene.work_one()
        held = max(held, tracemalloc.get_traced_memory()[1] / 1e6)
        tracemalloc.stop()
        one = scene.meter.take()
        calls = one.calls.total() + disk.num_calls
        tally, num_calls, most = tally + one, num_calls + calls, max(most, calls)
    scene.meter.units = False
    largest.append(held)
    megabytes = _checked(scene, disk, asked.json["export_id"], size)
    # The first, one for each 500 people and each 2,000 certificates, anchors, ends and trail, and the ZIP.
    yield Figure(f"{name}: messages", num_messages, size / 500 + size / 2_000 + 8)
    yield Figure(f"{name}: most calls of a message", most, _CALLS_PER_MESSAGE)
    yield Figure(f"{name}: calls per person", num_calls / size, 1.2)
    yield Figure(f"{name}: read units per person", tally.reads / size, 2.5)
    yield Figure(f"{name}: write units per person", tally.writes / size, 0.1)
    yield Figure(f"{name}: most memory held by a message, MB", held, 10)
    yield Figure(f"{name}: MB of the file", megabytes)


def _checked(scene: Scene, disk: _OnDisk, export_id: str, size: int) -> float:
    """It has everybody, and nothing is left beside it."""
    left = sorted(disk.folder.glob(f"*{export_id}*"))
    if len(left) != 1:
        raise RuntimeError(f"{len(left)} files are left")
    with zipfile.ZipFile(left[0]) as archive:
        counts = {
            name: archive.read(f"{name}.jsonl").count(b"\n")
            for name in ("members", "enrollments", "completions", "certificates")
        }
    expected = {
        "members": size, "enrollments": size * COURSES_EACH, "completions": size * 2, "certificates": size,
    }  # fmt: skip
    if counts != expected:
        raise RuntimeError(str(counts))
    return left[0].stat().st_size / 1e6


def _certify(scene: Scene, org_id: str) -> None:
    """Everybody, for one of the courses."""
    after: str | None = None
    while True:
        page = members_store.members(org_id, 1_000, after)
        items: list[Any] = []
        for member in page.items:
            certificate_id = new_id(scene.world.now)
            sk = certificate_sk(certificate_id)
            items += [
                Certificate(
                    holder_pk(org_id, member.member_id), sk, certificate_id=certificate_id, number=new_number(),
                    msp_id=scene.msp_id, org_id=org_id, member_id=member.member_id,
                    about=f"course/{scene.course_ids[0]}", holder="Ann Lee", title="Spotting Phishing",
                    organization="Acme Industries", completed_on="2027-01-04", issued_at=to_text(scene.world.now),
                ),
                IssuedCertificate(issued_pk(org_id), sk, certificate_id=certificate_id, member_id=member.member_id),
            ]  # fmt: skip
        loading.put_all(items)
        after = page.next_position
        if after is None:
            return


@contextmanager
def _beside() -> Iterator[_OnDisk]:
    """What is not DynamoDB's."""
    with ExitStack() as stack:
        disk = _OnDisk(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        for where, name in ((parts, "files"), (collect, "files"), (aws_files, "anchors")):
            stack.enter_context(mock.patch.object(where, name, return_value=disk))
        stack.enter_context(mock.patch.object(pack, "signer", _Signer))
        stack.enter_context(mock.patch.object(pack, "_typeset", return_value=b"%PDF"))
        stack.enter_context(mock.patch.object(collected, "_QUERIES_AT_ONCE", 1))
        yield disk
