"""API Gateway's own answers on the local cloud, which overlooks them in the API's definition."""

from typing import Any

from infra.cloud import Cloud

_EXTENSION = "x-amazon-apigateway-gateway-responses"


def put_responses(cloud: Cloud, api_id: str, stage: str, template: dict[str, Any]) -> None:
    """Do for the local cloud what AWS does by itself when it imports the definition."""
    apigateway = cloud.client("apigateway")
    wanted = template["Resources"]["RestAPI"]["Properties"]["DefinitionBody"][_EXTENSION]
    known = {entry["responseType"]: entry for entry in apigateway.get_gateway_responses(restApiId=api_id)["items"]}
    if all(known[kind].items() >= response.items() for kind, response in wanted.items()):
        return
    for kind, response in wanted.items():
        apigateway.put_gateway_response(restApiId=api_id, responseType=kind, **response)
    # They count from the next deployment on.
    apigateway.create_deployment(restApiId=api_id, stageName=stage)
