"""SES: who may send, and where its delivery events go. No CloudFormation resource says the second."""

from infra.cloud import Cloud


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def identity_of(cloud: Cloud, address: str) -> str:
    """What is verified in SES and allows to send from `address`: itself, its domain, or one above that.

    Of several SES goes by the most specific, and so do we. Raises RuntimeError when there is none.
    """
    ses = cloud.client("sesv2")
    labels = domain_of(address).split(".")
    # A top-level domain is nobody's.
    candidates = [address, *(".".join(labels[first:]) for first in range(len(labels) - 1))]
    for candidate in candidates:
        try:
            if ses.get_email_identity(EmailIdentity=candidate)["VerifiedForSendingStatus"]:
                return candidate
        except ses.exceptions.NotFoundException:
            continue
    raise RuntimeError(
        f"SES in {cloud.region} may not send from {address}: none of {', '.join(candidates)} is verified there. "
        f"Verify the domain first: aws sesv2 create-email-identity --email-identity {domain_of(address)}"
    )


def verify_locally(cloud: Cloud, domain: str) -> None:
    """The local cloud takes everybody's word; on AWS the domain's DNS records prove it (docs/operations.md)."""
    cloud.client("ses").verify_domain_identity(Domain=domain)


def send_events_to(cloud: Cloud, identity: str, topic_arn: str) -> None:
    """Publish deliveries, bounces and complaints of what `identity` sends to the topic."""
    ses = cloud.client("ses")
    for kind in ("Delivery", "Bounce", "Complaint"):
        ses.set_identity_notification_topic(Identity=identity, NotificationType=kind, SnsTopic=topic_arn)
        if not cloud.is_local:
            # With its headers the notification names the mail, even one whose sender died before it recorded SES's id.
            ses.set_identity_headers_in_notifications_enabled(Identity=identity, NotificationType=kind, Enabled=True)
