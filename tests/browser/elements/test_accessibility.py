"""No serious fault that axe-core finds: names for screen readers, contrast in light and dark, focus, structure."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from tests.browser.elements.tasks import Site, TaskPage

OpenTask = Callable[..., TaskPage]
AXE = (files("axe_core_python") / "axe.min.js").read_text()
FILL = (Path(__file__).parents[2] / "templates" / "fill.js").read_text()
RUN = """const done = arguments[arguments.length - 1];
axe.run(document, {rules: {"html-has-lang": {enabled: false}}}) // the language is that of the template's author
  .then((found) => done(found.violations.filter((fault) => ["serious", "critical"].includes(fault.impact))
    .map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html + " " + node.failureSummary).join(" | ")}`)),
    (error) => done([String(error)]));"""

SHORT = "<short-instructions>Look well.</short-instructions><full-instructions header='All'>All.</full-instructions>"
PICTURE_TOOLS = [
    "crowd-bounding-box",
    "crowd-polygon",
    "crowd-polyline",
    "crowd-line",
    "crowd-keypoint",
    "crowd-semantic-segmentation",
    "crowd-instance-segmentation",
]
PAGES = {
    **{
        tag: f"""<crowd-form><{tag} name="a" src="PICTURE" header="Draw" labels="['cat', 'dog']">{SHORT}</{tag}>
        </crowd-form>"""
        for tag in PICTURE_TOOLS
    },
    "image-classifier": f"""<crowd-form><crowd-image-classifier name="a" src="PICTURE" header="Right?"
      categories="['yes', 'no']" overlay="{{boundingBox: {{labels: ['cat', 'dog'], value: [
      {{left: 9, top: 60, width: 90, height: 90, label: 'cat'}}]}}}}"><worker-comment></worker-comment>{SHORT}
      </crowd-image-classifier></crowd-form>""",
    "classifier": f"""<crowd-form><crowd-classifier-multi-select name="a" header="What?" categories="{[*range(14)]}"
      exclusion-category="{{text: 'None'}}"><classification-target>Words</classification-target>{SHORT}
      </crowd-classifier-multi-select></crowd-form>""",
    "entities": f"""<crowd-entity-annotation name="a" header="Mark" labels="['person', 'place']" text="Ada in London"
      initial-value="[{{label: 'person', startOffset: 0, endOffset: 3}}]">{SHORT}</crowd-entity-annotation>""",
    "ranking": f"""<crowd-form><crowd-text-ranking name="a" text="Which?" responses="['one', 'two']"
      ordinal-ranking-dimensions="[{{name: 'Clarity', allowTie: true}}]">{SHORT}</crowd-text-ranking></crowd-form>""",
    "questions": f"""<crowd-form><crowd-question-answer-generation name="a" text="Words" question-tags="['Who']"
      allow-custom-question-tags>{SHORT}</crowd-question-answer-generation></crowd-form>""",
    "inputs": """<crowd-form><h1>Inputs</h1><crowd-input name="a" label="Name" required></crowd-input>
      <crowd-input name="bare"></crowd-input><crowd-text-area name="t" placeholder="Say" char-counter></crowd-text-area>
      <crowd-checkbox name="c">Sure</crowd-checkbox><crowd-toggle-button name="s">Switch</crowd-toggle-button>
      <crowd-radio-group><crowd-radio-button name="r" value="1">One</crowd-radio-button>
      <crowd-radio-button name="r" value="2">Two</crowd-radio-button></crowd-radio-group>
      <crowd-slider name="n" min="1" max="5" pin editable required><crowd-slider-label position="1">bad
      </crowd-slider-label></crowd-slider><crowd-button form-action="submit" variant="primary">Send</crowd-button>
      <crowd-button icon="add">Add</crowd-button><crowd-icon-button icon="delete" title="Remove"></crowd-icon-button>
      <crowd-fab label="X" title="Extra"></crowd-fab></crowd-form>""",
    "furniture": """<crowd-form><h1>Furniture</h1><crowd-instructions link-text="Read"><short-summary>S</short-summary>
      <detailed-instructions>D</detailed-instructions></crowd-instructions>
      <crowd-card heading="Card"><p>x</p></crowd-card>
      <crowd-alert type="success">a</crowd-alert><crowd-alert type="warning" dismissible>b</crowd-alert>
      <crowd-alert type="error">c</crowd-alert><crowd-alert type="info">d</crowd-alert><crowd-toast text="t" opened
      duration="0"></crowd-toast><crowd-modal link-text="More">m</crowd-modal><crowd-tabs><crowd-tab header="One">1
      </crowd-tab><crowd-tab header="Two">2</crowd-tab></crowd-tabs><p id="p">p</p><crowd-badge for="p" label="3">
      </crowd-badge></crowd-form>""",
}


def faults(page: TaskPage) -> Any:
    with page.inside() as browser:
        browser.execute_script(AXE)
        return browser.execute_async_script(RUN)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_no_serious_fault(name: str, theme: str, open_task: OpenTask, site: Site) -> None:
    page = open_task(PAGES[name].replace("PICTURE", site.put_picture()), theme=theme)
    assert faults(page) == []


@pytest.mark.parametrize("name", [*PICTURE_TOOLS, "image-classifier"])
def test_a_page_with_work_on_it_has_no_serious_fault(name: str, open_task: OpenTask, site: Site) -> None:
    page = open_task(PAGES[name].replace("PICTURE", site.put_picture()))
    page.run(FILL)
    assert faults(page) == []


@pytest.mark.parametrize("name", ["entities", "classifier", "inputs"])
def test_what_is_open_or_refused_has_no_serious_fault(name: str, open_task: OpenTask) -> None:
    page = open_task(PAGES[name])
    page.send(type="submit")
    page.send(type="shortcuts")
    page.until("return true")
    assert faults(page) == []
