"""The HTTP API's routes about specs that are being written: the file in force, and what another would do and cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalice.app import Request

from chalicelib import estimates, wiring
from chalicelib.routing import blueprint, body_json, route
from gt_service.campaign import CampaignSpec, parse_spec
from gt_service.campaign.document import FileError, filename_of
from gt_service.campaign.form import FIELDS, NEW, typed_in, values
from gt_service.campaign.succession import InForce, consequences
from gt_service.campaign.values import is_campaign_name
from gt_service.campaign.writing import differences, with_fields
from gt_service.errors import InvalidInput, Outdated, SpecErrors
from gt_service.estimates.estimate import count_of_objects
from gt_service.etags import etag_of, matches
from gt_service.records import Campaign

_REHEARSED_BATCHES = 3
_LONGEST_FIELD = 70_000
"""Of what is typed in one field: more than a spec's file may hold."""


@route("/campaigns/{name}/spec")
def show_spec(name: str) -> Any:
    """The file in force. Its ETag is what `If-Match` takes."""
    return wiring.store().campaigns.get(name).spec_file


@route("/new-campaign")
def show_new_spec() -> Any:
    return {"text": NEW, "revision": 0}


@route("/campaigns/{name}/spec", "POST")
def preview_spec(name: str) -> Any:
    """422 with an error per field where it would be refused, 412 where another spec was put in force meanwhile."""
    checked_name(name)
    text, objects = _drafted(body_json())
    campaign = wiring.store().campaigns.find(name)
    if campaign is not None:
        may_replace(blueprint.current_request)(campaign)
    spec = parse_spec(text, filename=filename_of(text), campaign=name)
    before = InForce() if campaign is None else campaign.in_force
    has_jobs = campaign is not None and wiring.store().campaigns.has_jobs(name)
    return {
        "text": text,
        "fields": values(text),
        "changes": [
            {"field": field, "before": was, "after": then} for field, was, then in differences(before.spec, spec)
        ],
        "consequences": list(consequences(before, spec, has_jobs=has_jobs)),
        **_foreseen(spec, campaign, objects),
    }


def checked_name(name: str) -> None:
    """Errors: `InvalidInput`."""
    if not is_campaign_name(name):
        raise InvalidInput("not a campaign name", remedy="Use up to 40 of a-z, 0-9 and -.", field="name")


def may_replace(request: Request) -> Callable[[Campaign], None]:
    """The check that If-Match and If-None-Match of a request ask for, of the campaign as it is in that moment.

    It raises `Outdated`. The same file again is no replacement: its answer was lost.
    """
    if_match, if_none_match = (request.headers.get(name) for name in ("if-match", "if-none-match"))
    body = request.raw_body if isinstance(request.raw_body, bytes) else request.raw_body.encode()

    def check(campaign: Campaign) -> None:
        if campaign.spec_text is not None and campaign.spec_text.encode() == body:
            return
        if if_none_match is not None and campaign.spec is not None:
            raise Outdated(
                f"there is a campaign {campaign.name} with a spec already",
                remedy="Choose another name, or change that campaign.",
                field="name",
            )
        if if_match is not None and not matches(if_match, etag_of(campaign.spec_file)):
            raise Outdated(
                f"somebody else has changed the spec of {campaign.name} since you opened it",
                remedy="Open it in another tab to see what it says now, and make your change there.",
            )

    return check


def _drafted(body: Any) -> tuple[str, int | None]:
    """The file with what was typed set in it, and how many images are to come. Errors: `InvalidInput`, `SpecErrors`."""
    given = body if isinstance(body, Mapping) else {}
    text, typed, objects = given.get("text"), given.get("fields", {}), given.get("objects")
    if not isinstance(text, str) or not set(given) <= {"text", "fields", "objects"}:
        raise InvalidInput("a draft has a text, and may have fields and objects", field="text")
    known = {field.path for field in FIELDS}
    if not isinstance(typed, Mapping) or not set(typed) <= known:
        raise InvalidInput("no such field", remedy=f"The fields are: {', '.join(known)}.", field="fields")
    for path, value in typed.items():
        if not isinstance(value, str) or len(value) > _LONGEST_FIELD:
            raise InvalidInput("a field is a text, and no longer than a spec", field=path)
    try:
        return with_fields(text, typed_in(text, typed)), None if objects is None else count_of_objects(objects)
    except FileError as error:
        raise SpecErrors([InvalidInput(error.problem, remedy=error.remedy, field=filename_of(text))]) from None


def _foreseen(spec: CampaignSpec, campaign: Campaign | None, objects: int | None) -> Mapping[str, Any]:
    """What would be done, and what it would cost."""
    from gt_service.chain.foresight import rehearse

    count = objects or spec.batch.size
    cost = estimates.of_spec(spec, count)
    if campaign is not None and campaign.spec is not None:
        plan = wiring.chain().foresee(spec.name, spec)
    else:
        shown = min(count, _REHEARSED_BATCHES * spec.batch.size)
        plan = rehearse(spec, shown, wiring.settings().deployment, wiring.now())
    return {"plan": plan.as_dict(), "estimate": cost.as_dict()}
