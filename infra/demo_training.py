"""A client's own admin enrolls a department over HTTP, and asks why one person is enrolled and another is not."""

import time
from typing import Any

from infra.caller import Caller

_SECONDS_BETWEEN_LOOKS = 0.5
_PATIENCE = 90.0


class DemoTraining:
    """As the admin of one client: the largest department at the top, with all below it."""

    def __init__(self, org_admin: Caller, org_id: str) -> None:
        self._admin = org_admin
        self._org_id = org_id

    def run(self) -> None:
        departments = list(self._admin.every(self._path("departments"), limit=100))
        tops = [one for one in departments if one["parent_id"] is None]
        top = max(tops, key=lambda top: sum(top["department_id"] in one["path"] for one in departments))
        num_earlier = len(list(self._admin.every(self._path("training"), limit=100)))
        courses = sorted(self._admin.every(self._path("courses"), limit=100), key=lambda one: str(one["title"]))
        course = courses[num_earlier % len(courses)]
        form = {
            "name": f"{top['name']} {num_earlier + 1}",
            "courses": [{"course_id": course["course_id"]}],
            "targeting": {"mode": "departments", "department_ids": [top["department_id"]]},
        }
        seen = self._until(
            self._path(f"training/preview/{self._admin.post(self._path('training/preview'), form)['plan_id']}"),
            lambda state: state["status"] == "ready",
        )
        counted = seen["organizations"][0]["courses"][0]
        print(f"  Preview   {course['title']}, for {top['name']} and all below it")
        print(f"            {counted['will_enroll']} would be enrolled, {counted['already_enrolled']} are")
        (result,) = self._admin.post(self._path("training/enrollment"), {**form, "plan_id": seen["plan_id"]})["results"]
        path = self._path(f"training/{result['batch_id']}")
        batch = self._until(path, lambda page: page["status"] not in ("scheduled", "in_progress"))
        (row,) = batch["courses"]
        print(f"  Launched  {row['status']}: {row['num_enrolled']} enrolled, {row['num_failed']} failed")
        learners = self._admin.get(f"{path}/courses/{course['course_id']}/learners", limit=1)["items"]
        if learners:
            self._explain(learners[0]["member_id"], learners[0]["name"], course)
        elsewhere = (one for one in departments if top["department_id"] not in one["path"])
        for department in elsewhere:
            found = self._admin.get(self._path("members"), department_id=department["department_id"], status="active")
            if found["items"]:
                other = found["items"][0]
                name = f"{other['first_name']} {other['last_name']}, {department['name']}"
                self._explain(other["member_id"], name, course)
                break

    def _explain(self, member_id: str, name: str | None, course: dict[str, Any]) -> None:
        answer = self._admin.get(self._path(f"members/{member_id}/explain"), course_id=course["course_id"])
        print(f"  {'Why' if answer['enrolled'] else 'Why not':9} {name or 'somebody'}: {answer['sentence']}")
        for step in answer["steps"]:
            print(f"            {step['at'] or '':20}  {step['sentence']}")
        print()

    def _path(self, what: str) -> str:
        return f"/orgs/{self._org_id}/{what}"

    def _until(self, path: str, good: Any) -> Any:
        deadline = time.monotonic() + _PATIENCE
        while not good(page := self._admin.get(path)):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} was not through after {_PATIENCE:.0f} s; the logs will say why")
            time.sleep(_SECONDS_BETWEEN_LOOKS)
        return page
