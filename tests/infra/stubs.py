"""Clients that answer what a test says: botocore holds both questions and answers to AWS's own service models."""

from typing import Any

import boto3
from botocore.stub import Stubber


def client(service: str, *answers: tuple[str, dict[str, Any]]) -> Any:
    """It answers these operations in this order, whatever it is asked in them."""
    made, stubber = _stubbed(service)
    for operation, answer in answers:
        stubber.add_response(operation, answer)
    return made


def asked(service: str, *turns: tuple[str, dict[str, Any], dict[str, Any]]) -> Any:
    """It answers these operations, asked in this order with exactly these parameters."""
    made, stubber = _stubbed(service)
    for operation, parameters, answer in turns:
        stubber.add_response(operation, answer, parameters)
    return made


def refusing(service: str, operation: str, code: str = "AccessDeniedException", message: str = "no") -> Any:
    made, stubber = _stubbed(service)
    stubber.add_client_error(operation, code, message)
    return made


def _stubbed(service: str) -> tuple[Any, Stubber]:
    made = boto3.client(service, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    stubber = Stubber(made)
    stubber.activate()
    return made, stubber
