"""The evidence pack: a ZIP whose manifest has the hash of every file, signed by KMS, and the program that checks it."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain
from pathlib import Path

from chalicelib.aws import functions
from chalicelib.aws.signing import signer
from chalicelib.core.clock import to_text
from chalicelib.core.settings import certificates_function
from chalicelib.core.zip_files import CONTENT_TYPE, zipped
from chalicelib.reporting.evidence import parts
from chalicelib.reporting.evidence.collected import COLUMNS, headings
from chalicelib.reporting.evidence.messages import CollectEvidence
from chalicelib.reporting.evidence.parts import Parts
from chalicelib.reporting.evidence.states import State
from chalicelib.reporting.evidence.summary import Summary
from chalicelib.tenants.access.service import Scope
from chalicelib.tenants.audit.chains import Chains
from chalicelib.tenants.organizations.lookups import org_of

File = tuple[str, Iterable[bytes]]

# The function ships no source text of programs: under this name it is a text among others.
_VERIFIER = Path(__file__).with_name("verify_evidence.txt")


class Pack:
    """Of the parts that were collected, `state` being what the last of them left. `num_rows`: the number of members."""

    content_type = CONTENT_TYPE

    def __init__(self, scope: Scope, job: CollectEvidence, num_parts: int, state: State, now: datetime) -> None:
        self.num_rows = state.counts.get("members", 0)
        self._scope, self._job, self._num_parts, self._state, self._now = scope, job, num_parts, state, now
        self._listed: dict[str, dict[str, object]] = {}

    def pieces(self) -> Iterator[bytes]:
        with parts.temporary() as file:
            yield from zipped(self._files(Parts(self._job, self._num_parts, file)))

    def _files(self, collected: Parts) -> Iterator[File]:
        org = org_of(self._scope.msp_id, self._scope.org)
        for name in COLUMNS:
            yield self._hashed(f"{name}.csv", chain([headings(name)], collected.whole(f"{name}.csv")))
            yield self._hashed(f"{name}.jsonl", collected.whole(f"{name}.jsonl"))
        yield self._hashed("anchors.jsonl", collected.whole("anchors.jsonl"))
        yield self._hashed("heads.json", collected.whole("heads.json"))
        counts = {name: self._state.counts.get(name, 0) for name in (*COLUMNS, "anchors")}
        summary = Summary(org.name, org.org_id, self._now, counts, Chains.after(self._state.chains).verification())
        yield self._hashed("summary.html", [summary.html().encode()])
        yield self._hashed("summary.pdf", [_typeset(summary)])
        yield self._hashed("verify_evidence.py", [_VERIFIER.read_bytes()])
        manifest = json.dumps(
            {
                "organization": {"org_id": org.org_id, "name": org.name},
                "made_at": to_text(self._now),
                "files": self._listed,
            },
            ensure_ascii=False,
            indent=1,
        ).encode()
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


def _typeset(summary: Summary) -> bytes:
    """By the function of certificates. A name with a letter that no font has is told by the client's id instead."""
    answer = functions.invoke(certificates_function(), summary.facts())
    if "pdf" not in answer:
        answer = functions.invoke(certificates_function(), summary.facts(by_id=True))
    return base64.b64decode(answer["pdf"])
