"""The evidence pack: a ZIP whose manifest has the hash of every file, signed by KMS, and the program that checks it."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from chalicelib.aws.signing import signer
from chalicelib.core.clock import to_text
from chalicelib.core.zip_files import CONTENT_TYPE, zipped
from chalicelib.reporting.evidence.collected import People, Table
from chalicelib.reporting.evidence.summary import summary
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit import trail
from chalicelib.tenants.audit.models import AuditRecord, ChainHead
from chalicelib.tenants.organizations.lookups import org_of

File = tuple[str, Iterable[bytes]]

AUDIT = ("chain", "number", "at", "actor", "action", "target", "before", "after", "previous_hash", "hash")

# What a record's hash is over, in this order (tenants/audit/log.py).
_HASHED = ("pk", "sk", "at", "actor", "action", "target", "before", "after", "previous_hash", "hash")

# The function ships no source text of programs: under this name it is a text among others.
_VERIFIER = Path(__file__).with_name("verify_evidence.txt")


class Pack:
    """`num_rows` is the number of members."""

    content_type = CONTENT_TYPE

    def __init__(self, scope: Scope, now: datetime) -> None:
        self.num_rows = 0
        self._scope, self._now = scope, now
        self._listed: dict[str, dict[str, object]] = {}

    def pieces(self) -> Iterator[bytes]:
        with ExitStack() as closing:
            yield from zipped(self._files(closing))

    def _files(self, closing: ExitStack) -> Iterator[File]:
        people = People(self._scope.msp_id, self._scope.org, closing)
        people.read()
        self.num_rows = people.members.num_rows
        org = org_of(self._scope.msp_id, self._scope.org)
        audit, heads = Table(AUDIT, closing), list[dict[str, object]]()
        yield self._hashed("audit.jsonl", self._audit(audit, heads))
        yield self._hashed("audit.csv", audit.csv())
        yield self._hashed("heads.json", [_as_json(heads)])
        tables = {"members": people.members, "enrollments": people.enrollments, "completions": people.completions}
        for name, one in tables.items():
            yield self._hashed(f"{name}.csv", one.csv())
            yield self._hashed(f"{name}.jsonl", one.json())
        verification = trail.verify(self._scope)
        counts = {**{name: one.num_rows for name, one in tables.items()}, "audit": audit.num_rows}
        yield self._hashed("summary.html", [summary(org.name, self._now, counts, verification).encode()])
        yield self._hashed("verify_evidence.py", [_VERIFIER.read_bytes()])
        manifest = _as_json(
            {
                "organization": {"org_id": org.org_id, "name": org.name},
                "made_at": to_text(self._now),
                "files": self._listed,
            }
        )
        yield "manifest.json", [manifest]
        yield "manifest.sig", [base64.b64encode(signer().sign(hashlib.sha256(manifest).digest()))]
        yield "public_key.pem", [signer().public_key().encode()]

    def _hashed(self, name: str, pieces: Iterable[bytes]) -> File:
        """The file, whose hash is in the manifest once it was written."""

        def read() -> Iterator[bytes]:
            digest, size = hashlib.sha256(), 0
            for piece in pieces:
                digest.update(piece)
                size += len(piece)
                yield piece
            self._listed[name] = {"sha256": digest.hexdigest(), "bytes": size}

        return name, read()

    def _audit(self, listed: Table, heads: list[dict[str, object]]) -> Iterator[bytes]:
        """Every entry with what its hash is over, in the order in which chains are followed."""
        for item in trail.every(self._scope):
            if isinstance(item, AuditRecord):
                listed.add({name: getattr(item, name) for name in AUDIT})
                line = {name: getattr(item, name) for name in _HASHED}
                yield (json.dumps(line, ensure_ascii=False) + "\n").encode()
            elif isinstance(item, ChainHead):
                heads.append({"chain": item.chain, "number": int(item.number), "hash": item.hash, "at": item.at})


def _as_json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
