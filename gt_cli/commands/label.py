"""`gt-service label`."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from gt_cli.options import FILE, FILE_OR_FOLDER, FOLDER, NEW_PATH
from gt_cli.terminal import reporting_errors
from gt_service.errors import InvalidInput
from gt_service.task_types import TaskType

TASKS = (
    TaskType.OBJECT_DETECTION,
    TaskType.IMAGE_CLASSIFICATION,
    TaskType.IMAGE_CLASSIFICATION_MULTI_LABEL,
)


@click.command()
@click.argument("folder", type=FOLDER, required=False)
@click.option("--labels", help='What to label, such as "Raccoon,Dog".', metavar="NAMES")
@click.option(
    "--task",
    type=click.Choice([str(task) for task in TASKS]),
    default=str(TASKS[0]),
    show_default=True,
    help="What people do with a photo.",
)
@click.option(
    "--workers", type=click.IntRange(1, 9), default=1, show_default=True, help="Number of people who label each photo."
)
@click.option("--invite", multiple=True, metavar="NAME", help="Name of a person who labels with you; repeatable.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address of this machine at which others can reach it."
)
@click.option("--wage", type=click.FloatRange(0), help="Value of people's time, in US dollars an hour.")
@click.option(
    "--target", type=click.FloatRange(0, 1, min_open=True, max_open=True), help="Quality that machine labels must meet."
)
@click.option("--model", type=FILE, help="Your own detector or classifier (ONNX) for the machine to start with.")
@click.option(
    "--model-labels",
    type=FILE,
    help="Names of the model's classes, one per line, if the model's file does not have them.",
)
@click.option("--out", type=NEW_PATH, help="Folder for the labels.  [default: FOLDER's name and -labels]")
@click.option("--work", type=NEW_PATH, help="Folder for the work in progress.  [default: FOLDER's name and -work]")
@click.option(
    "--import", "brings", type=FILE_OR_FOLDER, help="Existing labels of some photos: a file or folder, as for `import`."
)
@click.option("--keep", is_flag=True, help="Keep the pages open after everything is labeled, until Ctrl-C.")
@click.option("--no-open", is_flag=True, help="Do not open the browser.")
@reporting_errors
def label(
    folder: Path | None,
    labels: str | None,
    task: str,
    workers: int,
    invite: tuple[str, ...],
    host: str,
    wage: float | None,
    target: float | None,
    model: Path | None,
    model_labels: Path | None,
    out: Path | None,
    work: Path | None,
    brings: Path | None,
    keep: bool,
    no_open: bool,
) -> None:
    """Label the photos in a folder in the browser, on this machine.

    Run the same command again to continue where it stopped, or after you have added photos.

    Without FOLDER, to try it: 20 drawn pictures of birds and links for two people. As their boxes are known, it says at
    the end how right people's are.
    """
    from gt_cli.labeling import trial
    from gt_cli.labeling.plan import Wanted
    from gt_cli.labeling.run import Run
    from gt_cli.labeling.run import label as label_folder

    is_trial = folder is None
    if folder is None:
        if labels is not None or TaskType(task) is not TASKS[0]:
            raise InvalidInput(
                "--labels and --task are for photos of yours", remedy="Name their folder.", field="folder"
            )
        folder, names, invite = trial.FOLDER, trial.LABELS, invite or (trial.GUEST,)
    else:
        names = _names(labels or "")
    wanted = Wanted(folder, names, TaskType(task), workers, target, wage, model, model_labels, is_trial)
    name = folder.resolve().name or "photos"
    run = Run(
        wanted,
        out=out or Path(f"{name}-labels"),
        work=work or Path(f"{name}-work"),
        owner=_owner(),
        invite=invite,
        host=host,
        opens_browser=not no_open,
        brings=brings,
        keep=keep,
    )
    label_folder(run)


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise InvalidInput("there is no label", remedy='Name them as in --labels "Raccoon,Dog".', field="labels")
    return names


def _owner() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return "you"
