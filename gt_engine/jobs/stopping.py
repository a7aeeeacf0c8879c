"""What ends a job before all is labeled: stopping conditions, people's time, a first sample that fails."""

from __future__ import annotations

from dataclasses import dataclass

from gt_engine.autolabel import rounds
from gt_engine.autolabel.progress import Progress, Purpose
from gt_engine.jobs.state import JobState

FIRST_SAMPLE = 10
"""Source: developer guide sms-batching."""
MAX_FAILED_SHARE_OF_FIRST_SAMPLE = 0.1
FEWEST_ASKED = 3
"""With time for fewer objects, people are not asked again: a job is not to end in ever smaller batches."""


@dataclass(frozen=True)
class StoppingConditions:
    """Limits of a job; None where there is none.

    people_seconds  what all answers together may take. object_seconds: what those to one object may take.
    """

    max_human_labeled: int | None = None
    max_percentage_labeled: int | None = None
    people_seconds: int | None = None
    object_seconds: int = 1

    def still_allowed(self, state: JobState) -> int:
        """How many more objects people may be asked about before a limit is met; 0 or less: it is met."""
        counters = state.counters
        allowed = len(state.progress.objects)
        if self.max_human_labeled is not None:
            allowed = min(allowed, self.max_human_labeled - counters.human)
        if self.max_percentage_labeled is not None:
            needed = -(-len(state.progress.objects) * self.max_percentage_labeled // 100)
            allowed = min(allowed, needed - counters.total)
        return allowed - _out(state)

    def in_time(self, state: JobState) -> int:
        """How many more objects people may be asked about so that all answers stay within the time that the job may
        take of them, however long each answer takes."""
        if self.people_seconds is None:
            return len(state.progress.objects)
        allowed = int((self.people_seconds - state.people_seconds) // self.object_seconds) - _out(state)
        return allowed if allowed >= min(FEWEST_ASKED, state.counters.unlabeled) else 0

    def leave_to_the_machine(self, step: rounds.Step) -> bool:
        """Where only people's time has run out, the machine still labels what it can."""
        return self.people_seconds is not None and isinstance(step, rounds.AutoLabel)


def _out(state: JobState) -> int:
    """Objects that people are asked about now."""
    return sum(len(batch.left) for batch in state.open_batches)


def first_sample_failed(progress: Progress) -> str | None:
    """Why the job fails: more than a tenth of the first sample got no label. None where it is fine or not yet known.

    Source: developer guide sms-automated-labeling, step 1.
    """
    sample = next((batch for batch in progress.batches if batch.purpose is Purpose.PROBE), None)
    if sample is None:
        return None
    failed, size = len(sample.unlabeled), len(sample.unlabeled) + len(sample.labeled)
    # Where people's time allows only a part of the sample, one failure is still no more than one of the whole sample.
    whole = max(size, min(FIRST_SAMPLE, len(progress.objects)))
    if failed <= whole * MAX_FAILED_SHARE_OF_FIRST_SAMPLE:
        return None
    return (
        f"ClientError: {failed} of the {size} data objects of the first sample could not be labeled; "
        f"a labeling job fails when more than {MAX_FAILED_SHARE_OF_FIRST_SAMPLE:.0%} of them do. "
        "The job's log names each object and its reason."
    )
