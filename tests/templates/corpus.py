"""Every template of a folder, in a real browser: rendered, loaded in the task's frame, filled by a script, submitted.

    make templates DIR=…/amazon-sagemaker-ground-truth-task-uis [ARGS="--outside DIR --out FILE"]

--outside: a folder with copies of what the templates load from other hosts (jquery-3.6.0.min.js, d3.v6.min.js …), by
file name. The portal's content policy lets no page load from there; the copies stand in so that all else can be tested.
What is not in the folder is empty. --as-is: without stand-ins, as workers get the pages. GT_BROWSER=firefox or webkit
tries them there.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from selenium import webdriver

from gt_engine.portal.templates import render
from tests.browser import engines
from tests.browser.elements.tasks import SANDBOX, SHELL, Site, TaskPage, serve
from tests.templates.inputs import sample_input

FILL = (Path(__file__).parent / "fill.js").read_text()
OUTSIDE = re.compile(r"""(?<=src=["'])https?://[^"']+/(?!crowd-html-elements)([^"'/]+)(?=["'])""")
# The frame has a process of its own, and the driver does not see its console.
CONSOLE = """<script>window.consoleErrors = [];
  const tell = console.error;
  console.error = (...words) => { window.consoleErrors.push(words.join(" ")); tell(...words); };
  addEventListener("error", ({ target }) => {
    if (target instanceof Element && !target.closest("video")) // the sample's video is empty
      window.consoleErrors.push(`not loaded: ${target.localName} ${target.src ?? target.href}`);
  }, true);</script>"""
READY_SECONDS, SUBMIT_SECONDS = 15, 3


@dataclass
class Result:
    """What became of a template.

    errors: of the console, of scripts and of files that are not loaded; outside: files of other hosts that it loads.
    """

    template: str
    is_loaded: bool = False
    errors: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    filled: list[str] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    refused: str | None = None

    @property
    def is_submitted(self) -> bool:
        return self.answer is not None


def try_template(
    browser: webdriver.Chrome, site: Site, path: Path, name: str, outside: Path | None, *, is_as_is: bool = False
) -> Result:
    """Renders, loads, fills and submits one template."""
    result = Result(name)

    def stand_in(match: re.Match[str]) -> str:
        if match.group().startswith(site.origin):
            return match.group()
        result.outside.append(match.group())
        if is_as_is:
            return match.group()
        if match.group().endswith((".jpg", ".png")):
            return site.put_picture()
        copy = outside / match.group(1) if outside else None
        return site.put(copy.read_bytes() if copy and copy.is_file() else b"", kind="text/javascript", name=".js")

    template = path.read_text("utf-8")
    page = OUTSIDE.sub(stand_in, render(template, sample_input(site, template)).html)
    task = TaskPage(browser)
    browser.get("about:blank")
    task.console()
    browser.get(site.put(SHELL % (SANDBOX, site.put_task(CONSOLE + page))))
    task.wait("ready", seconds=READY_SECONDS)
    task.start()
    result.is_loaded = True
    result.filled = task.run(FILL)
    task.send(type="submit")
    try:
        result.answer = task.wait("submit", seconds=SUBMIT_SECONDS)["answer"]
    except AssertionError:
        refusals = [valid.get("message") for valid in task.messages("valid") if not valid["canSubmit"]]
        result.refused = str(refusals[-1]) if refusals else "the template's own script stopped it"
    result.errors = [*task.console(), *task.run("return window.consoleErrors")]
    result.errors += [error["message"] for error in task.messages("error")]
    return result


def try_all(directory: Path, outside: Path | None = None, only: str = "", *, is_as_is: bool = False) -> list[Result]:
    results = []
    with tempfile.TemporaryDirectory() as profile, engines.start(Path(profile)) as browser, serve() as site:
        for path in sorted(directory.rglob("*.html")):
            name = path.relative_to(directory).as_posix()
            if only not in name:
                continue
            try:
                result = try_template(browser, site, path, name, outside, is_as_is=is_as_is)
            except Exception as error:  # noqa: BLE001 - one broken template must not hide the others
                result = Result(name, errors=[f"{type(error).__name__}: {error}"[:500]])
            results.append(result)
            print(_line(result), flush=True)
    return results


def _line(result: Result) -> str:
    state = (
        "submitted"
        if result.is_submitted
        else f"not submitted ({result.refused})"
        if result.is_loaded
        else "not loaded"
    )
    keys = ", ".join(result.answer) if result.answer is not None else ""
    return f"{result.template}: {state} [{keys}]" + "".join(f"\n    {error}" for error in result.errors)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    parser.add_argument("--outside", type=Path)
    parser.add_argument("--as-is", action="store_true")
    parser.add_argument("--out", type=Path, help="where the results are written, as JSON")
    parser.add_argument("--only", default="", help="part of the template's name")
    arguments = parser.parse_args()
    results = try_all(arguments.directory, arguments.outside, arguments.only, is_as_is=arguments.as_is)
    if arguments.out:
        arguments.out.write_text(json.dumps([asdict(result) for result in results], indent=2) + "\n")
    clean = sum(result.is_loaded and not result.errors for result in results)
    print(
        f"{len(results)} templates: {clean} loaded without an error, {sum(r.is_submitted for r in results)} submitted; "
        f"{sum(bool(r.outside) for r in results)} load files of other hosts"
    )
    return 0 if clean == len(results) and all(result.is_submitted for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
