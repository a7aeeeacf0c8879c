"""Pages for jobs that bring no template, only the ARN of one of Ground Truth's own (`HumanTaskUiArn`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gt_service.errors import NotFound

_HERE = Path(__file__).parent / "built_in"
_FILES = {"NamedEntityRecognition": "named-entity-recognition.html"}


@cache
def built_in_page(human_task_ui_arn: str) -> str:
    """The template behind the ARN. Task input: taskObject, labels, perhaps shortInstruction, fullInstruction.

    The instructions of such a job stand in its label category file (developer guide: sms-named-entity-recg), as HTML.
    Errors: `NotFound`.
    """
    name = human_task_ui_arn.rpartition("human-task-ui/")[2]
    if name not in _FILES:
        raise NotFound(
            f"there is no worker page {human_task_ui_arn!r}", remedy=f"Pages of the engine: {', '.join(_FILES)}."
        )
    return (_HERE / _FILES[name]).read_text(encoding="utf-8")
