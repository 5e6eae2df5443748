"""SES: who may send. Where its events go is in the template (infra/resources.yaml)."""

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
