"""Writes the figures of README and docs from benchmarks/results: `make figures`, or `python -m benchmarks.figures`.

A page marks what is written here, a table on lines of its own or a few words in a sentence:

    <!-- figure NAME -->…<!-- end -->

tests/docs checks that the pages say what this would write.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import scale_figures
from benchmarks.tables import table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results"
MARKED = re.compile(r"<!-- figure (?P<name>\S+) -->(?P<body>.*?)<!-- end -->", re.DOTALL)
OPENED = re.compile(r"<!-- (?:figure\b|end\b)[^>]*-->")

Row = Mapping[str, Any]
Results = Callable[[str], Any]
"""The content of a file in benchmarks/results, by its name without the ending."""


def results(name: str) -> Any:
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


def pages() -> list[Path]:
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def written(text: str, read: Results = results) -> str:
    """A page with its figures as the results have them. Errors: KeyError for a figure that nobody makes; ValueError for
    a marker without its other half."""
    if len(OPENED.findall(text)) != 2 * len(MARKED.findall(text)):
        raise ValueError("a figure's marker has no other half")

    def figure(match: re.Match[str]) -> str:
        body = FIGURES[match["name"]](read)
        blanks = "\n" if "\n" in body else ""
        return f"<!-- figure {match['name']} -->{blanks}{body}{blanks}<!-- end -->"

    return MARKED.sub(figure, text)


# ---------------------------------------------------------------- the three jobs

JOBS = {
    "first": "first",
    "warm": "**warm**",
    "control": "control",
}


def three_jobs(read: Results) -> str:
    rows = read("three_jobs")
    lines = []
    for kind, title in JOBS.items():
        mine = [row for row in rows if _kind(row) == kind]
        shares = ", ".join(f"{100 * row['machine_share']:.0f}" for row in mine)
        errors = ", ".join("–" if row["true_error"] is None else f"{row['true_error']:.3f}" for row in mine)
        lines.append(
            (
                title,
                f"{100 * _mean(mine, 'machine_share'):.1f} %",
                shares,
                errors,
                f"{_mean(mine, 'machine_mean_iou'):.3f}",
                f"{_mean(mine, 'human_mean_iou'):.3f}",
            )
        )
    heads = ("job", "machine share, mean", "by seed", "true error", "mean IoU of machine boxes", "of people's")
    return table(heads, lines)


def three_jobs_iou(read: Results) -> str:
    """Of the machine's boxes of the three jobs together."""
    mine = [row for row in read("three_jobs") if _kind(row) in ("first", "warm", "control")]
    return f"{_mean(mine, 'machine_mean_iou'):.3f}"


def three_jobs_worst(read: Results) -> str:
    """The largest true error of any job."""
    return f"{max(row['true_error'] or 0.0 for row in read('three_jobs')):.3f}"


def as_needed_shares(read: Results) -> str:
    """Of the first, warm and control job, where people answered as often as needed."""
    shares = [_share_of(read("three_jobs_as_needed"), kind) for kind in ("first", "warm", "control")]
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"


def three_jobs_share(kind: str) -> Callable[[Results], str]:
    return lambda read: _percent(_share_of(read("three_jobs"), kind))


# ---------------------------------------------------------------- the certificate

MACHINE, DATASET = "machine-labels", "dataset"
METHODS = {
    "student-t": "student-t (default)",
    "finite-sample": "finite-sample",
    "plug-in": "plug-in: the threshold that looks right",
}


def certificate_boxes(scope: str) -> Callable[[Results], str]:
    def misses(read: Results) -> str:
        rows = read("certificate-boxes")
        targets = sorted({row["target"] for row in rows})
        lines = []
        for method, title in METHODS.items():
            for labels in sorted({row["labels"] for row in rows}):
                mine = [_only(rows, scope=scope, method=method, labels=labels, target=target) for target in targets]
                cells = [cell for row in mine for cell in (_percent(row["missed"], 1), _percent(row["mean_share"]))]
                lines.append((title, str(labels), *cells))
        heads = [head for target in targets for head in (f"target {target:.2f}: missed", "labeled")]
        return table(("test", "labels", *heads), lines)

    return misses


def certificate_splits(read: Results) -> str:
    (splits,) = {row["splits"] for row in read("certificate-boxes")}
    return str(splits)


def certificate_classes(read: Results) -> str:
    rows = [_only(read("certificate-classes"), scope=MACHINE, method=method, target=0.95) for method in METHODS]
    said = [f"{_percent(row['missed'], 1)} missed and {_percent(row['mean_share'])} labeled" for row in rows]
    return ", ".join(f"{method} {words}" for method, words in zip(METHODS, said, strict=True))


def certificate_classes_splits(read: Results) -> str:
    (splits,) = {row["splits"] for row in read("certificate-classes")}
    return str(splits)


AHEAD = {"none": "nothing", "fair": "as the engine does", "joined": "all of it joined"}


def dataset_jobs(key: str, scope: str) -> Callable[[Results], str]:
    """Of whole jobs as the engine plays them."""
    return lambda read: _percent(_only(read("certificate-ahead"), scope=scope, mode="fair")[key], 1)


def certificate_ahead(read: Results) -> str:
    lines = []
    for mode, title in AHEAD.items():
        row = _only(read("certificate-ahead"), scope=MACHINE, mode=mode)
        bias = "–" if row["bias"] is None else f"{row['bias']:+.3f}, standard error {row['standard_error']:.3f}"
        lines.append((title, _percent(row["missed"], 1), _percent(row["mean_share"], 1), bias))
    right = "chance to be labeled rightly: what joins the sample over what is left"
    return table(("asked ahead", "jobs that missed the target", "labeled by machine", right), lines)


# ---------------------------------------------------------------- real photos

PHOTOS = {
    "real_photos_lion": "lions: one class, objects of 0.74 of the side",
    "real_photos_lion_500": "lions",
    "real_photos_lion_200": "lions",
    "real_photos_highway": "highway: five classes, objects of 0.25 of the side, down to 0.07",
}
MEASURES = {"f1": "F1", "mean-iou": "mean IoU", "error": "accuracy"}


def real_photos(read: Results) -> str:
    lines = []
    for name, title in PHOTOS.items():
        found = read(name)
        for kind in ("first", "warm"):
            mine = [row for row in found["jobs"] if _kind(row) == kind]
            least, most = found["workers"]
            facts = (
                f"{title}, {found['images']:,} a job",
                _target(found),
                str(most) if least == most else f"{least} to {most}: {_mean(found['jobs'], 'answers_per_object'):.2f}",
                str(len(mine)),
            )
            head = (*(facts if kind == "first" else ("",) * len(facts)), kind)
            ceilings = (_percent(_mean(mine, key)) for key in ("perfect", "by_confidence"))
            share = f"**{_percent(_mean(mine, 'machine_share'))}**"
            error, iou = f"{_mean(mine, 'true_error'):.3f}", f"{_mean(mine, 'machine_mean_iou'):.2f}"
            lines.append((*head, *ceilings, share, error, iou))
    heads = ("photos", "target", "workers", "runs", "job", "perfect selector", "by confidence", "labeled by machine")
    return table((*heads, "true error", "mean IoU"), lines)


NOW = {
    "real_photos_lion": "1,250 photos of lions",
    "real_photos_lion_500": "500 photos of lions",
    "real_photos_lion_200": "200 photos of lions",
    "real_photos_highway": "1,200 photos of a highway, five classes",
}


def auto_labeling(read: Results) -> str:
    """What today's engine labels, in one table."""
    kinds = ("first", "warm")
    lines = []
    for title, target, jobs in (
        ("1,250 drawn scenes of birds", "F1 0.90", read("three_jobs")),
        *((title, _target(read(name)), read(name)["jobs"]) for name, title in NOW.items()),
    ):
        of_kinds = [[row for row in jobs if _kind(row) == kind] for kind in kinds]
        shares = [f"{_percent(_mean(mine, 'machine_share'))} ({_range(mine, 'machine_share')})" for mine in of_kinds]
        errors = [f"{_mean(mine, 'true_error'):.3f}" for mine in of_kinds]
        lines.append((title, target, str(len(of_kinds[0])), *shares, " / ".join(errors)))
    heads = ("a job of", "target", "runs", "first job: by machine", "warm job: by machine", "true error, first / warm")
    return table(heads, lines)


def _target(found: Row) -> str:
    return f"{MEASURES[found['loss']]} {found['target']:.2f}"


def _range(rows: Sequence[Row], key: str) -> str:
    """Of shares, in per cent."""
    return f"{100 * min(row[key] for row in rows):.0f} to {_percent(max(row[key] for row in rows))}"


def real_photos_share(name: str, kind: str) -> Callable[[Results], str]:
    return lambda read: _percent(_share_of(read(name)["jobs"], kind))


def replayed_jobs(read: Results) -> str:
    lines = []
    for row in read("replayed_jobs"):
        spread = f"{_percent(row['tenth'])} to {_percent(row['ninetieth'])}"
        lines.append(
            (
                f"{row['data']}, {row['images']:,} a job",
                *_told_apart(row),
                *(_percent(row[key]) for key in ("perfect", "by_confidence")),
                f"**{_percent(row['machine_share'])}** ({spread})",
                _percent(row["missed"], 1),
            )
        )
    heads = ("photos", *TOLD_APART, "perfect selector", "by confidence", "labeled by machine", "missed")
    return table(heads, lines)


def drawn_jobs(read: Results) -> str:
    lines = [
        (
            f"{row['data']}, {row['drawn']:,} a job",
            f"{row['images']:,}",
            *_told_apart(row),
            f"{row['delta']:g}",
            _percent(row["machine_share"]),
            _percent(row["missed"], 1),
            _percent(row["missed_expected"], 1),
        )
        for row in read("drawn_jobs")
    ]
    heads = ("photos", "drawn from", *TOLD_APART, "δ", "labeled by machine", "missed", "missed, in expectation")
    return table(heads, lines)


TOLD_APART = ("target", "job", "the model learnt from", "seed", "workers")


def _told_apart(row: Row) -> tuple[str, ...]:
    """What tells apart the jobs of the same photos that were simulated with one model each."""
    of_the_job = f"the job's first {row['asked_first']}"
    of_others = f"{row['learnt']} others" + " and a detector of one's own" * row["given"]
    return (
        f"{MEASURES[row['loss']]} {row['target']:.2f}",
        # With a detector of one's own, the first job learns from the 100 labels that it asks for first.
        "warm" if row["learnt"] > 100 else "first",
        of_others if row["learnt"] else of_the_job,
        str(row["seed"]),
        str(row["workers"]).replace("-", " to "),
    )


# ---------------------------------------------------------------- proposals


def proposals(read: Results) -> str:
    lines = []
    for row in read("proposals"):
        blind, corrected = row["blind"], row["proposed"]
        least = row["for_equal_f1"]["proposed"]
        lines.append(
            (
                row["labels"],
                row["images"],
                row["crowd"],
                f"{row['machine_f1']:.3f}",
                f"{blind['seconds']:.0f} → {corrected['seconds']:.0f} s",
                f"{blind['f1']:.3f} → {corrected['f1']:.3f}",
                f"{blind['mean_iou']:.3f} → {corrected['mean_iou']:.3f}" if row["labels"] == "boxes" else "–",
                _percent(row["accepted_unchanged"]),
                f"{row['planted_accepted']} of {row['planted']}",
                "–" if least is None else f"{least['workers']} with one: {least['seconds']:.0f} s",
            )
        )
    heads = (
        "labels",
        "images",
        "people",
        "the machine's",
        "an image, blind → with a proposal",
        "F1, or right",
        "mean IoU",
        "left as it was",
        "planted, accepted",
        "as good as three blind",
    )
    return table(heads, lines)


def imported_labels(read: Results) -> str:
    titles = {"none": "none", "right": "{} right ones", "wrong": "{} wrong ones"}
    lines = [
        (
            titles[row["imported"]].format(row["labels"]),
            f"{100 * row['machine_share']:.1f} %",
            f"{row['true_error']:.3f}",
            f"{round((1 - row['machine_share']) * row['objects']):,}",
        )
        for row in read("imported_labels")["jobs"]
    ]
    return table(("imported labels", "machine share", "true error", "asked of people"), lines)


def second_look(read: Results) -> str:
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in read("second_look"):
        groups.setdefault((row["data"], row["base"]), []).append(row)
    lines = []
    for (data, base), rows in groups.items():
        kinds = (_found(rows, kind) for kind in ("moved", "missed", "swapped"))
        mistakes = "right labels" if base == "right" else "labels of people"
        ranked = (_top_tenth(rows, ranking) for ranking in ("by loss", "ceiling"))
        wrong = _percent(_mean(rows, "wrong in top 10%"))
        found = (_top_tenth(rows, "list"), *kinds, _drawn_anew(rows))
        lines.append(
            (data.replace("YOLOX-nano brought", "with YOLOX-nano"), mistakes, str(len(rows)), *found, *ranked, wrong)
        )
    heads = ("data", "mistakes in", "runs", "found", "moved", "missed", "swapped", "drawn anew", "by loss", "ceiling")
    return table((*heads, "wrong in the top tenth"), lines)


def _top_tenth(rows: Sequence[Row], ranking: str) -> str:
    return _percent(statistics.mean(row[ranking]["top 10%"]["found"] for row in rows))


def _found(rows: Sequence[Row], kind: str) -> str:
    found, every = _counted([row["list"]["top 10%"] for row in rows], kind)
    return f"{found} of {every}" if every else "–"


def _drawn_anew(rows: Sequence[Row]) -> str:
    found, every = _counted([row["anew"] for row in rows], "moved", "missed", "swapped")
    return f"{_percent(found / every)} of {every}"


def _counted(told: Sequence[Row], *kinds: str) -> tuple[int, int]:
    counts = [one[kind].split(" of ") for one in told for kind in kinds if kind in one]
    return sum(int(found) for found, _ in counts), sum(int(every) for _, every in counts)


def people(read: Results) -> str:
    lines = []
    for row in read("people"):
        waits, seconds, errors = row["submit_to_next_image_ms"], row["people_seconds"], row["true_error"]
        lines.append(
            (
                f"{row['images']:,} {row['options']}".strip(),
                f"{row['looked_seconds']:g} s",
                f"{row['by_people']:,}",
                f"{row['by_machine']:,} ({_percent(row['machine_share'])})",
                f"{errors['machine']:.3f}",
                f"{seconds['at_browsers'] / 60:.1f}, {seconds['in_report'] / 60:.1f}",
                "–" if waits is None else f"{waits['median']:,} ms, {waits['p95']:,} ms",
                f"{row['load']:.0f}",
            )
        )
    heads = ("images", "a look takes", "by people", "by machine", "true error of the machine")
    more = ("minutes: at browsers, in the report", "Submit to next image: median, 95 of 100", "load of the machine")
    return table((*heads, *more), lines)


FIGURES: Mapping[str, Callable[[Results], str]] = {
    "three-jobs": three_jobs,
    "three-jobs-as-needed": as_needed_shares,
    "three-jobs-iou": three_jobs_iou,
    "three-jobs-worst": three_jobs_worst,
    **{f"three-jobs-{kind}": three_jobs_share(kind) for kind in ("first", "warm", "control")},
    "certificate-boxes": certificate_boxes(MACHINE),
    "certificate-dataset": certificate_boxes(DATASET),
    "dataset-jobs-missed": dataset_jobs("missed", DATASET),
    "dataset-jobs-share": dataset_jobs("mean_share", DATASET),
    "machine-jobs-share": dataset_jobs("mean_share", MACHINE),
    "certificate-splits": certificate_splits,
    "certificate-classes": certificate_classes,
    "certificate-classes-splits": certificate_classes_splits,
    "certificate-ahead": certificate_ahead,
    "auto-labeling": auto_labeling,
    "real-photos": real_photos,
    "replayed-jobs": replayed_jobs,
    "drawn-jobs": drawn_jobs,
    "proposals": proposals,
    "imported-labels": imported_labels,
    "second-look": second_look,
    "people": people,
    **{
        f"{name.removeprefix('real_photos_')}-{kind}": real_photos_share(name, kind)
        for name in ("real_photos_lion", "real_photos_highway")
        for kind in ("first", "warm")
    },
    **scale_figures.FIGURES,
}


def _kind(row: Row) -> str:
    """The kind of a job, `<seed>-<kind>`."""
    return str(row["job"]).split("-", 1)[1]


def _mean(rows: Sequence[Row], key: str) -> float:
    """Of the rows that have it."""
    return statistics.mean(row[key] for row in rows if row[key] is not None)


def _share_of(jobs: Sequence[Row], kind: str) -> float:
    """What the machine labeled in the jobs of a kind, on average."""
    return _mean([row for row in jobs if _kind(row) == kind], "machine_share")


def _only(rows: Iterable[Row], **wanted: Any) -> Row:
    """The one row with these values."""
    (row,) = (row for row in rows if all(row[key] == value for key, value in wanted.items()))
    return row


def _percent(share: float, places: int = 0) -> str:
    return f"{100 * share:.{places}f} %"


def main() -> None:
    """Writes the pages that changed, and names them."""
    for page in pages():
        before = page.read_text("utf-8")
        after = written(before)
        if after != before:
            page.write_text(after, "utf-8")
            print(page.relative_to(ROOT), file=sys.stderr)


if __name__ == "__main__":
    main()
