"""TODO."""

from chalicelib.core.lazy import BaseModel


class Health(BaseModel):
    build: str
    stage: str
    table_answers: bool
