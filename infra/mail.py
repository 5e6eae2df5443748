"""SES: who may send, and where its delivery events go. No CloudFormation resource says the second."""

from infra.cloud import Cloud


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def verify_locally(cloud: Cloud, domain: str) -> None:
    """The local cloud takes everybody's word; on AWS the domain's DNS records prove it (docs/operations.md)."""
    cloud.client("ses").verify_domain_identity(Domain=domain)


def send_events_to(cloud: Cloud, identity: str, topic_arn: str) -> None:
    """Publish deliveries, bounces and complaints of what `identity` sends to the topic."""
    ses = cloud.client("ses")
    for kind in ("Delivery", "Bounce", "Complaint"):
        ses.set_identity_notification_topic(Identity=identity, NotificationType=kind, SnsTopic=topic_arn)
        if not cloud.is_local:
            # With its headers the news names the mail, even one whose sender died before it could note SES's id.
            ses.set_identity_headers_in_notifications_enabled(Identity=identity, NotificationType=kind, Enabled=True)
