"""The one table of transitions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gt_service.errors import Conflict, UnknownState
from gt_service.records.states import (
    ENDED,
    RUNNING,
    TRANSITIONS,
    UNSENT,
    BatchState,
    CampaignEvent,
    CampaignState,
    JobEvent,
    JobState,
    follow,
)

SEEN = [event for event in JobEvent if event.startswith("seen ")]
STATUSES = ["Initializing", "InProgress", "Stopping", "Completed", "Failed", "Stopped"]


def test_every_labeling_job_status_is_an_event() -> None:
    """A status of SageMaker's model without a row would leave jobs unobserved."""
    import botocore.session

    model = botocore.session.get_session().get_service_model("sagemaker")
    assert set(model.shape_for("LabelingJobStatus").enum) == set(STATUSES)
    assert [JobEvent.seen(status) for status in STATUSES] == [JobEvent(f"seen {status}") for status in STATUSES]


def test_an_unknown_status_is_an_error() -> None:
    """Guessed at, a new status could start the next job while this one still runs."""
    with pytest.raises(UnknownState, match="Dreaming"):
        JobEvent.seen("Dreaming")


@pytest.mark.parametrize("state", [state for state in JobState if state is not JobState.WITHDRAWN])
@pytest.mark.parametrize("event", SEEN)
def test_whatever_is_seen_of_a_job_is_legal(state: JobState, event: JobEvent) -> None:
    """Events come late and out of order; none may make the handler fail."""
    assert follow(state, event) in RUNNING | ENDED


@given(st.lists(st.sampled_from(SEEN), max_size=12))
def test_a_job_ends_once_and_for_good(events: list[JobEvent]) -> None:
    """A late InProgress after Completed would keep the campaign waiting for ever, a second end would report twice."""
    states = [JobState.RESERVED]
    for event in events:
        states.append(follow(states[-1], event))
    ends = [state for state in states if state in ENDED]
    assert len(set(ends)) <= 1
    assert states[len(states) - len(ends) :] == ends


@pytest.mark.parametrize("event", [CampaignEvent.PAUSE, CampaignEvent.RESUME])
def test_a_stopped_campaign_stays_stopped(event: CampaignEvent) -> None:
    """Resumed after its jobs were stopped, it would pay for some objects again."""
    with pytest.raises(Conflict, match="stopped"):
        follow(CampaignState.STOPPED, event)


def test_only_what_was_never_created_can_be_withdrawn() -> None:
    """Money freed for a job that runs could be spent twice."""
    legal = {state for (state, event) in TRANSITIONS if event is JobEvent.WITHDRAWN}
    assert legal == UNSENT


def test_no_transition_leads_out_of_the_state_machine() -> None:
    """A row that leads from a job to a batch state would break whoever reads it."""
    kinds = (CampaignState, BatchState, JobState)
    for (state, _), after in TRANSITIONS.items():
        assert type(after) is type(state)
        assert isinstance(state, kinds)
