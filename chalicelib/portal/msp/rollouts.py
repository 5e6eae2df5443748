"""Rollouts: their list, and what became of each client of one."""

from chalicelib.portal.answer import GoTo, Shown
from chalicelib.portal.live import live
from chalicelib.portal.msp.training import first_of
from chalicelib.portal.site_map import Pages
from chalicelib.portal.visit import Visit
from chalicelib.tenants.access.states import Permission
from chalicelib.training.batches.states import BatchStatus, RolloutState
from chalicelib.training.rollouts import launch, views
from chalicelib.training.rollouts.schemas import LaunchOut, OrgProgress, RetryOrgs
from chalicelib.web.idempotency import idempotent
from chalicelib.web.paging import PageQuery

pages = Pages(Permission.ROLLOUTS)

# Each has up to 25 clients, and all are looked at.
_PER_PAGE = 20


@pages.get("/msp/rollouts")
def rollouts(visit: Visit) -> Shown:
    shown, failures = views.rollouts_and_failures(visit.msp_scope, visit.pager(PageQuery(limit=_PER_PAGE)))
    return Shown("msp/rollouts.html", {"shown": shown, "failures": failures, **first_of(visit)})


@pages.get("/msp/rollouts/{rollout_id}")
def rollout(visit: Visit) -> Shown:
    found = views.rollout(visit.msp_scope, visit.params["rollout_id"], visit.now)
    is_running = found.state == RolloutState.LAUNCHING or any(result.running for result in found.results)
    progress = [result.progress for result in found.results if result.progress is not None]
    facts = {
        "rollout": found,
        # Each that failed, then what runs, then the rest; in the order of the launch.
        "results": sorted(found.results, key=_rank),
        "live": live(visit, is_running),
        "failed": [result for result in found.results if result.ok is False],
        "num_targeted": sum(one.num_targeted for one in progress),
        "num_done": sum(one.num_done for one in progress),
        "num_failed": sum(one.num_failed for one in progress),
        "done": visit.query.one("done"),
        "count": visit.query.one("n"),
    }
    return Shown("msp/rollout.html", facts)


def _rank(result: OrgProgress) -> int:
    if result.ok is False:
        return 0
    if result.batch_status == BatchStatus.HAS_FAILURES:
        return 1
    return 2 if result.running else 3


@pages.post("/msp/rollouts/{rollout_id}/retry")
def retry_rollout(visit: Visit) -> GoTo:
    rollout_id = visit.params["rollout_id"]
    org_ids = visit.read(RetryOrgs, {"org_ids": visit.form.many("org_id")}).org_ids
    idempotent(
        visit.call(), LaunchOut, lambda seed: launch.retry(visit.msp_scope, rollout_id, org_ids, seed, visit.now)
    )
    return GoTo(visit.address(f"/msp/rollouts/{rollout_id}", done="retried", n=len(org_ids)))
