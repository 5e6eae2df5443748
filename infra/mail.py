"""SES: who may send. Where its events go is in the template (infra/resources.yaml)."""

from infra.cloud import Cloud


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def verify_locally(cloud: Cloud, domain: str) -> None:
    """The local cloud takes everybody's word; on AWS the domain's DNS records prove it (docs/operations.md)."""
    cloud.client("ses").verify_domain_identity(Domain=domain)
