"""What erasing answers."""

from chalicelib.core.lazy import BaseModel


class ErasureOut(BaseModel):
    """`erased_at` is null while it is under way, which takes minutes at most."""

    member_id: str
    erased_at: str | None


class AccountErasureOut(BaseModel):
    """Each membership is erased, and then the account itself."""

    memberships: list[ErasureOut]
