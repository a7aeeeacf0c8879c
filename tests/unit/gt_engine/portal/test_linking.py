"""The elements as one file: a task's frame keeps no cache, so that 65 files would be 65 requests for every task."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from gt_engine.portal.assets import ELEMENTS, ENTRY, element_file
from gt_engine.portal.linking import CannotLink, link


def write(folder: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text)
    return folder / "entry.js"


def run(text: str) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run([node, "--input-type=module", "-"], input=text, capture_output=True, text=True, check=True)
    return done.stdout


def test_one_file_does_what_the_modules_do(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { one, two as second } from "./a.js";\nimport lib from "./lib.js";\nimport "./effect.js";\n'
        "console.log(one, second(), lib, new (class extends Base {})().name);\n"
        'import { Base } from "./again.js";\n',
        a='import { hidden } from "./b.js";\nexport const one = hidden + 1;\n'
        "export function two() {\n  return one * 2;\n}\n",
        b="const hidden = 0;\nexport { hidden };\n",
        lib="const lib = 7;export default lib;\n",
        effect='import { Base } from "./again.js";\nconsole.log("effect", Base.name);\n',
        again='export { Base } from "./base.js";\n',
        base='console.log("once");\nexport class Base {\n  name = "base";\n}\n',
    )
    assert run(link(entry)).split("\n") == ["once", "effect Base", "1 2 7 base", ""]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('import * as all from "./a.js";', "import"),
        ("export let changing = 1;", "export let"),
        ('import { x } from "./gone.js";', "is not there"),
        ('import "./entry.js";', "detour"),
        ('import { x } from "package";', "import"),
    ],
)
def test_what_cannot_be_linked_is_refused_and_not_left_out(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(CannotLink, match=told):
        link(write(tmp_path, entry=text, a="export const x = 1;"))


def test_pages_get_all_elements_in_one_file_that_imports_nothing() -> None:
    body, kind = element_file(ENTRY)
    assert kind.startswith("text/javascript")
    text = body.decode()
    assert not [line for line in text.splitlines() if line.startswith(("import ", "export "))]
    for module in ELEMENTS.rglob("crowd-*.js"):
        assert f"// {module.relative_to(ELEMENTS)}" in text
