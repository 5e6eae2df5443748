"""Jobs of approved uploads."""

from typing import Literal

from chalicelib.jobs.job import DueJob, Job


class RunUpload(DueJob):
    """An approved upload: sends its chunks, those that are not done."""

    job: Literal["import"] = "import"
    msp_id: str
    org_id: str
    import_id: str

    @property
    def due_id(self) -> str:
        return self.import_id


class UploadChunk(Job):
    """Invites the people of some rows."""

    job: Literal["import_chunk"] = "import_chunk"
    msp_id: str
    org_id: str
    import_id: str
    chunk: int
