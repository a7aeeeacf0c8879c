"""Names of jobs and places."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt_service.errors import NotFound
from gt_service.records.names import JobName, Places, stage_mark

campaigns = st.from_regex(r"[a-z0-9](-*[a-z0-9]){0,39}", fullmatch=True).filter(lambda name: len(name) <= 40)


stages = st.sampled_from(["dev", "local"]) | st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)


@given(campaigns, st.integers(1, 99_999), st.booleans(), st.integers(0, 9), stages)
def test_a_job_name_tells_its_campaign_and_batch(
    campaign: str, batch: int, control: bool, attempt: int, stage: str
) -> None:
    """Events carry nothing but the job's name: read wrongly, another campaign would be advanced."""
    name = JobName(campaign, batch, control, 0 if control else attempt, stage_mark(stage))
    assert JobName.parse(str(name)) == name
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", str(name)), "SageMaker would not take it"


@given(campaigns, st.integers(1, 9_999), st.integers(0, 9), stages)
def test_a_review_is_named_after_its_batch(campaign: str, batch: int, number: int, stage: str) -> None:
    name = JobName(campaign, batch, attempt=number, mark=stage_mark(stage), review=True)
    assert JobName.parse(str(name)) == name
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", str(name)), "SageMaker would not take it"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (JobName("birds", 1), "birds-0001"),
        (JobName("birds", 2, control=True), "birds-0002-control"),
        (JobName("birds", 2, attempt=1), "birds-0002-r1"),
        (JobName("birds-0001", 2), "birds-0001-0002"),
        (JobName("birds", 2, review=True), "birds-0002-review"),
        (JobName("birds", 2, attempt=3, review=True), "birds-0002-review3"),
        (JobName("birds", 2, attempt=1, mark="prod"), "birds-0002-r1--prod"),
    ],
)
def test_names_as_the_contract_has_them(name: JobName, text: str) -> None:
    """Readers of the results bucket find jobs by these names."""
    assert str(name) == text


@pytest.mark.parametrize("text", ["", "birds", "birds-1", "test-labeling-job", "-0001"])
def test_other_peoples_jobs_have_no_name_here(text: str) -> None:
    """The rule sees every labeling job of the account; a stranger's must not become a campaign's."""
    with pytest.raises(NotFound):
        JobName.parse(text)


def test_stages_have_names_of_their_own() -> None:
    """Two that share a mark would take each other's labeling jobs for a name that is used up."""
    marks = [stage_mark(stage) for stage in ("prod", "test", "dev2", "atelier1", "atelier10", "atelier11")]
    assert len(set(marks)) == len(marks)
    assert stage_mark("dev") == stage_mark("local") == "", "names as they always were"


def test_a_mark_is_never_the_number_of_a_batch() -> None:
    """One stage in forty with a long name would read its own jobs as another campaign's."""
    for number in range(500):
        name = JobName("birds", 1, mark=stage_mark(f"atelier{number:04}"))
        assert JobName.parse(str(name)) == name


def test_places() -> None:
    """Documented places in the results bucket."""
    places = Places("results", "birds")
    assert str(places.manifest(1)) == "s3://results/birds/manifests/batch-0001.manifest"
    assert str(places.manifest(1, 2)) == "s3://results/birds/manifests/batch-0001-follow-up-2.manifest"
    assert str(places.output) == "s3://results/birds/output/"
    assert str(places.job_output("birds-0001")) == "s3://results/birds/output/birds-0001"
    assert str(places.report("birds-0001")) == "s3://results/birds/reports/birds-0001"
