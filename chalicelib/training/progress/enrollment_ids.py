"""The ids by which the API names enrollments."""

from chalicelib.core.errors import NotFound
from chalicelib.training.batches.models import Enrollment


class EnrollmentId:
    """`<org>.<member>.<course>` names a current enrollment; a fourth part names one of its history."""

    def __init__(self, org_id: str, member_id: str, sk: str) -> None:
        self.org_id, self.member_id, self.sk = org_id, member_id, sk

    @property
    def course_id(self) -> str:
        return self.sk.split("#")[1]

    @classmethod
    def parse(cls, text: str) -> "EnrollmentId":
        """Raises NotFound when it is not such an id."""
        parts = text.split(".")
        if len(parts) not in (3, 4) or not all(parts):
            raise NotFound()
        sk = f"COURSE#{parts[2]}" + (f"#HISTORY#{parts[3]}" if len(parts) == 4 else "")
        return cls(parts[0], parts[1], sk)

    @classmethod
    def of(cls, org_id: str, member_id: str, enrollment: Enrollment) -> str:
        parts = enrollment.sk.split("#")
        return ".".join([org_id, member_id, parts[1], *parts[3:]])
