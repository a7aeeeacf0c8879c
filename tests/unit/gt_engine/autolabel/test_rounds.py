"""The plan of a job: who is asked, how often, and that no object is lost, asked twice or labeled by both."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gt_engine.autolabel.certify import Guarantee, Method
from gt_engine.autolabel.progress import AskPeople, Progress, Purpose, Round
from gt_engine.autolabel.rounds import (
    MOST_ROUNDS,
    AutoLabel,
    Finish,
    JobPlan,
    Step,
    decide,
    most_rounds,
    next_step,
    rounds_due,
)


def objects(n: int) -> tuple[str, ...]:
    return tuple(str(i) for i in range(n))


def played(plan: JobPlan, progress: Progress, share: float, *, drops: bool = False) -> tuple[Progress, list[Step]]:
    """The job to its end: in each round the machine labels this share of the pool; people answer everything."""
    steps: list[Step] = []
    for _ in range(2 * len(progress.objects) + 10):
        step = next_step(plan, progress)
        steps.append(step)
        if isinstance(step, Finish):
            return progress, steps
        if isinstance(step, AskPeople):
            progress = progress.with_human(step, labeled=step.object_ids)
            continue
        pool, number = progress.pool(), step.number
        fell_back = drops and number == 1
        chosen = () if fell_back else pool[: int(share * len(pool))]
        losses = (0.0,) * 10
        progress = progress.with_round(
            Round(number, 0.5, chosen, progress.validation()[:10], losses, len(progress.validation()), 0.9, fell_back)
        )
    raise AssertionError("the job does not end")


def asked(steps: list[Step]) -> list[tuple[Purpose, int]]:
    return [(one.purpose, len(one.object_ids)) for one in steps if isinstance(one, AskPeople)]


def test_a_cold_job_asks_probes_training_and_validation_before_the_machine_may_label() -> None:
    _, steps = played(JobPlan(1, warm=False), Progress(objects(1250)), 0.5)
    assert asked(steps)[:3] == [(Purpose.PROBE, 10), (Purpose.TRAINING, 190), (Purpose.VALIDATION, 200)]
    assert isinstance(steps[3], AutoLabel)


def opening_of(count: int, *, warm: bool = False, target: float = 0.9, most: int = 200) -> list[int]:
    plan = JobPlan(1, warm=warm, max_concurrent=most, guarantee=Guarantee("f1", target))
    _, steps = played(plan, Progress(objects(count)), 0.0)
    return [size for _, size in asked(steps[: next(i for i, one in enumerate(steps) if isinstance(one, AutoLabel))])]


def test_a_small_job_leaves_something_for_the_machine() -> None:
    """500 photos are what people have: 400 labels before the first decision would leave nothing to spare."""
    assert sum(opening_of(1250)) == sum(opening_of(3000)) == 400
    assert sum(opening_of(500)) == 160
    assert sum(opening_of(200)) == 100, "fewer would decide nothing"
    assert sum(opening_of(500, most=40)) == 80, "people take so many at a time"


def test_a_warm_job_asks_enough_to_be_sure_of_anything() -> None:
    """At a loose target a few labels would do if they were lucky; mostly they are not."""
    assert sum(opening_of(1250, warm=True)) == sum(opening_of(1250, warm=True, target=0.6)) == 100
    assert sum(opening_of(5000, warm=True, target=0.95)) == 200


def test_rounds_grow_with_the_job() -> None:
    """At 100,000 objects five rounds end after 1,200 labels: the machine would be given up when it has seen one in
    a hundred, and people would label the rest."""
    for count, rounds in [(1250, MOST_ROUNDS), (2500, MOST_ROUNDS), (6000, MOST_ROUNDS + 4)]:
        progress, _ = played(JobPlan(1, warm=False), Progress(objects(count)), 0.05)
        assert len(progress.rounds) == rounds
    plan, first = JobPlan(1, warm=False), [(Purpose.PROBE, 10), (Purpose.TRAINING, 190), (Purpose.VALIDATION, 200)]
    due = [rounds_due(plan, first, batches) for batches in range(3, 101)]
    assert due[:5] == [1, 2, 3, 4, 5], "up to 1,200 labels, a round after every batch"
    assert most_rounds(100_000) == 17
    assert due[-1] == 15, "after 20,000 labels, a fifth of the job, two are still to come"


def test_a_warm_job_spends_no_training_batch() -> None:
    progress, steps = played(JobPlan(1, warm=True), Progress(objects(1250)), 1.0)
    assert asked(steps) == [(Purpose.PROBE, 10), (Purpose.VALIDATION, 90)]
    assert len(progress.machine()) == 1150


def test_a_warm_job_that_is_held_to_exact_tests_asks_for_a_whole_batch_first() -> None:
    # From 100 labels they can hardly show anything: the machine would label nothing.
    exact = Guarantee("f1", 0.9, method=Method.FINITE_SAMPLE)
    _, steps = played(JobPlan(1, warm=True, guarantee=exact), Progress(objects(1250)), 1.0)
    assert asked(steps)[:2] == [(Purpose.PROBE, 10), (Purpose.VALIDATION, 190)]


def test_a_warm_job_whose_model_was_dropped_goes_on_like_a_cold_one() -> None:
    _, steps = played(JobPlan(1, warm=True), Progress(objects(1250)), 0.5, drops=True)
    assert [type(one).__name__ for one in steps[:5]] == [
        "AskPeople",
        "AskPeople",
        "AutoLabel",
        "AskPeople",
        "AutoLabel",
    ]
    assert asked(steps)[2] == (Purpose.VALIDATION, 200)


def test_without_auto_labeling_people_label_everything() -> None:
    progress, steps = played(JobPlan(1, warm=False, auto_labeling=False), Progress(objects(450)), 1.0)
    assert [n for _, n in asked(steps)] == [200, 200, 50]
    assert steps[-1] == Finish(train=False)
    assert len(progress.human()) == 450


def test_iterations_stay_few_even_when_the_machine_may_label_nothing() -> None:
    _, steps = played(JobPlan(1, warm=False), Progress(objects(1250)), 0.0)
    assert sum(isinstance(one, AutoLabel) for one in steps) <= MOST_ROUNDS


def test_a_killed_job_asks_the_same_objects_again() -> None:
    plan, progress = JobPlan(17, warm=False), Progress(objects(1250))
    first = next_step(plan, progress)
    assert first == next_step(plan, progress)
    assert isinstance(first, AskPeople)
    assert next_step(JobPlan(18, warm=False), progress) != first


def test_unlabeled_and_failed_objects_are_never_asked_again() -> None:
    plan = JobPlan(1, warm=False)
    progress = Progress(objects(300), failed=frozenset({"7", "8"}))
    while not isinstance(step := next_step(plan, progress), Finish):
        if isinstance(step, AutoLabel):
            progress = progress.with_round(Round(step.number, None, (), (), (), 0, 0.0))
            continue
        assert not {"7", "8"} & set(step.object_ids)
        progress = progress.with_human(step, labeled=step.object_ids[1:], unlabeled=step.object_ids[:1])
    gone = [one for batch in progress.batches for one in (*batch.labeled, *batch.unlabeled)]
    assert len(gone) == len(set(gone)) == 298


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 1300),
    share=st.floats(0, 1),
    warm=st.booleans(),
    drops=st.booleans(),
    auto=st.booleans(),
    most=st.integers(11, 1000),
)
def test_every_object_is_labeled_exactly_once(
    n: int, share: float, warm: bool, drops: bool, auto: bool, most: int
) -> None:
    plan = JobPlan(3, warm=warm, auto_labeling=auto, max_concurrent=most)
    progress, steps = played(plan, Progress(objects(n)), share, drops=drops and warm)
    assert sorted((*progress.human(), *progress.machine())) == sorted(objects(n))
    assert all(size <= most for _, size in asked(steps))


def test_a_decision_retires_the_validation_objects_above_the_threshold() -> None:
    rng = np.random.default_rng(0)
    progress = Progress(objects(600))
    plan = JobPlan(1, warm=True)
    while isinstance(step := next_step(plan, progress), AskPeople):
        progress = progress.with_human(step, labeled=step.object_ids)
    validation, pool = progress.validation(), progress.pool()
    confidences = rng.random(len(validation))
    round_ = decide(
        plan,
        progress,
        pool=pool,
        pool_confidences=rng.random(len(pool)),
        validation=validation,
        validation_confidences=confidences,
        losses=np.where(confidences > 0.4, 0.0, 0.9),
    )
    assert round_.threshold is not None
    above = {one for one, c in zip(validation, confidences, strict=True) if c >= round_.threshold}
    assert set(round_.retired) == above
    assert len(round_.losses) == len(above)
    after = progress.with_round(round_)
    assert set(after.validation()) == set(validation) - above
    assert not set(after.pool()) & set(round_.machine)
    assert 0.3 < len(round_.machine) / len(pool) < 0.75


def test_the_final_model_learns_from_what_came_after_the_last_training() -> None:
    # Without it the next job would start from a model that knows less than this job has paid for.
    _, steps = played(JobPlan(1, warm=True), Progress(objects(1250)), 1.0)
    assert steps[-1] == Finish(train=True)
    _, steps = played(JobPlan(1, warm=False), Progress(objects(1250)), 0.0)
    assert steps[-1] == Finish(train=True)
    # Nothing was labeled at all: there is nothing to learn from.
    assert next_step(JobPlan(1, warm=False), Progress(objects(3), failed=frozenset(objects(3)))) == Finish(train=False)
