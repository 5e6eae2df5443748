"""What everything else stands on: who may do what, log-ins, queues, schedules, files, the library and the directory."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.core.settings import settings
from chalicelib.tenants.access.service import AccessService

if TYPE_CHECKING:
    from chalicelib.aws.files import Files
    from chalicelib.aws.identity import Identity
    from chalicelib.aws.queues import Queue
    from chalicelib.aws.scheduler import Scheduler
    from chalicelib.notifications.service import Counter
    from chalicelib.people.accounts.login import AccountsService
    from chalicelib.people.members.service import DirectoryService
    from chalicelib.tenants.courses.service import CatalogService


class Adapters:
    @cached_property
    def access(self) -> AccessService:
        return AccessService()

    @cached_property
    def identity(self) -> "Identity":
        from chalicelib.aws.identity import Identity

        return Identity(settings().user_pool_id)

    @cached_property
    def accounts(self) -> "AccountsService":
        from chalicelib.aws.accounts import Accounts
        from chalicelib.people.accounts.login import AccountsService

        return AccountsService(Accounts(settings().user_pool_id, settings().user_pool_client_id))

    @cached_property
    def jobs_queue(self) -> "Queue":
        from chalicelib.aws.queues import Queue

        return Queue(settings().jobs_queue_url)

    @cached_property
    def mail_queue(self) -> "Queue":
        from chalicelib.aws.queues import Queue

        return Queue(settings().mail_queue_url)

    @cached_property
    def mail_counter(self) -> "Counter":
        """Where mails are handed in."""
        from chalicelib.notifications.service import Counter

        return Counter(self.mail_queue)

    @cached_property
    def scheduler(self) -> "Scheduler":
        from chalicelib.aws.scheduler import Scheduler

        known = settings()
        return Scheduler(known.schedule_group, known.jobs_queue_arn, known.scheduler_role_arn)

    @cached_property
    def files(self) -> "Files":
        from chalicelib.aws.files import Files

        return Files(settings().files_bucket)

    @cached_property
    def catalog(self) -> "CatalogService":
        from chalicelib.tenants.courses.service import CatalogService

        return CatalogService()

    @cached_property
    def directory(self) -> "DirectoryService":
        from chalicelib.people.members.service import DirectoryService

        return DirectoryService()
