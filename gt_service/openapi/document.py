"""The OpenAPI 3.1 document: the operations and the JSON schemas of their models, in the words of the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gt_service import __version__
from gt_service.campaign import CampaignSpec
from gt_service.openapi.models import Problem
from gt_service.openapi.operations import IDEMPOTENCY_KEY, OPERATIONS, Operation, Parameter

_ANSWERS: Mapping[int, str] = {200: "Found.", 201: "Kept.", 202: "Accepted.", 303: "Look there."}
_REFUSALS: Mapping[int, str] = {
    401: "No token, or one that is unknown or has expired.",
    403: "The token's role or the signer's IAM policies may not do this, or the signature is wrong.",
    404: "There is no such campaign or job.",
    409: "Not possible in the present state.",
    412: "What is to be replaced has been replaced since it was read.",
    415: "The body's type is none that is taken here.",
    422: "What was sent is wrong; `field` and `errors` say where.",
    429: "Too many requests at once; try again a little later.",
    500: "The service failed.",
    503: "Something that the service needs does not answer now.",
}
_CAMPAIGN_NAME = "^[a-z0-9](-*[a-z0-9]){0,39}$"
_JOB_NAME = "^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
_OPEN = {"url": ".", "description": "For callers with a token."}
_SIGNED = {"url": "./iam", "description": "The same for callers that sign with AWS credentials (SigV4)."}
_REF = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """The OpenAPI document, as JSON."""
    models: list[type[BaseModel]] = [
        *(model for operation in OPERATIONS for model in (operation.answer, operation.takes) if model is not None),
        Problem,
    ]
    _, schemas = models_json_schema([(model, "validation") for model in dict.fromkeys(models)], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "gt-service",
            "version": __version__,
            "description": "Campaigns, batches, labeling jobs and cost reports. Money is in mills, tenths of a cent.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [_OPEN, _SIGNED],
        "security": [{"token": []}, {"sigv4": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "From `gt-service token issue`; viewers may look, operators may change.",
                },
                "sigv4": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "AWS Signature Version 4 for the service `execute-api`, on the server `iam` alone. "
                    "What a signer may do is said by IAM policies; the stack has two to attach.",
                    "x-amazon-apigateway-authtype": "awsSigv4",
                },
            },
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": _identifier(operation),
        "summary": operation.summary,
        "responses": {
            str(operation.status): _content(_ANSWERS[operation.status], operation.answer),
            **{str(status): _content(_REFUSALS[status], _problem(operation)) for status in operation.refused},
        },
    }
    parameters = [_parameter(parameter) for parameter in operation.query]
    if "{name}" in operation.path:
        pattern = _CAMPAIGN_NAME if operation.path.startswith("/campaigns") else _JOB_NAME
        name = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "pattern": pattern}}
        parameters.insert(0, name)
    if operation.method == "post" and operation.answer:
        parameters.append({**_parameter(IDEMPOTENCY_KEY), "in": "header"})
    elif operation.status == 200 and operation.method == "get" and operation.answer:
        shown["responses"]["304"] = {"description": "As in `If-None-Match`, the ETag of an earlier answer."}
    if parameters:
        shown["parameters"] = parameters
    if operation.public:
        shown |= {"security": [], "servers": [_OPEN]}
    else:
        shown["x-role"] = operation.needs
    if operation.takes is not None:
        content: dict[str, Any] = {
            "application/json": {"schema": {"$ref": _REF.format(model=operation.takes.__name__)}}
        }
        if operation.takes is CampaignSpec:
            content["application/yaml"] = {"schema": {"type": "string", "description": "The same as YAML."}}
        shown["requestBody"] = {"required": True, "content": content}
    if operation.answer is None:
        shown["tags"] = ["status page"]
    return shown


def _identifier(operation: Operation) -> str:
    """`get /campaigns/{name}/batches` → getCampaignBatches, unique since method and path are."""
    words = [part for part in operation.path.split("/") if part]
    after = [*words[1:], ""]
    singular = [word.removesuffix("s") if then == "{name}" else word for word, then in zip(words, after, strict=False)]
    named = [word.removesuffix(".json") for word in singular if word != "{name}"] or ["start"]
    return operation.method + "".join(word.title() for word in named)


def _parameter(parameter: Parameter) -> dict[str, Any]:
    shown = {"name": parameter.name, "in": "query", "description": parameter.meaning, "schema": dict(parameter.schema)}
    return {**shown, "required": True} if parameter.required else shown


def _problem(operation: Operation) -> type[BaseModel] | None:
    """Errors of what only browsers ask for are pages too, but for a file that is not there."""
    return None if operation.answer is None and operation.path == "/login" else Problem


def _content(description: str, model: type[BaseModel] | None) -> dict[str, Any]:
    if model is None:
        return {"description": description}
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"description": description, "content": {"application/json": {"schema": schema}}}
