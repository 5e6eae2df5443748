"""TODO."""

from typing import Literal

from chalicelib.jobs.due import DueEntry
from chalicelib.jobs.job import Job


class RunImport(Job):
    """An approved upload: sends its chunks, those that are not done."""

    job: Literal["import"] = "import"
    msp_id: str
    org_id: str
    import_id: str
    due_at: str


class ImportChunk(Job):
    """Invites the people of some rows."""

    job: Literal["import_chunk"] = "import_chunk"
    msp_id: str
    org_id: str
    import_id: str
    chunk: int


def import_of(entry: DueEntry) -> RunImport:
    """What the sweep sends for an upload that did not come to its end."""
    instant = entry.sk.split("#", 1)[0]
    return RunImport(msp_id=entry.msp_id, org_id=str(entry.org_id), import_id=entry.target_id, due_at=instant)
