"""What holds of every drawing whatever is done to it: thousands of random steps, in the browser, without its pointer.

A failure here is a label outside the image, a polygon that crosses itself, or a stroke that undo does not bring back.
"""

from __future__ import annotations

import pytest
from selenium import webdriver

from tests.browser.elements.tasks import BASE, Site

RANDOM = """
const done = arguments[arguments.length - 1];
let seed = arguments[0];
const random = (n) => { seed = (seed * 1103515245 + 12345) % 2147483648; return Math.floor(seed / 65536) % n; };
const fail = (words) => { throw new Error(words); };
const run = async () => { STEPS };
run().then(() => done("ok"), (error) => done(error.stack));
"""
SHAPES = """
const { Editor } = await import("DRAWING/editor.js");
const { BOX } = await import("DRAWING/kinds/box.js");
const { KEYPOINT } = await import("DRAWING/kinds/keypoint.js");
const { POLYGON, POLYLINE } = await import("DRAWING/kinds/vertices.js");
const { crossesItself } = await import("DRAWING/geometry.js");
const size = { width: 60, height: 40 };
const place = () => ({ x: random(900) / 10 - 15, y: random(700) / 10 - 15 });
const whole = (number, most) => Number.isInteger(number) && number >= 0 && number <= most;
const fits = (kind, shape) => {
  if (kind === BOX) {
    const { left, top, width, height } = shape;
    return width > 0 && height > 0 && [left, left + width].every((x) => whole(x, size.width))
      && [top, top + height].every((y) => whole(y, size.height));
  }
  const points = shape.vertices ?? [shape];
  return points.every(({ x, y }) => whole(x, size.width) && whole(y, size.height))
    && !(kind === POLYGON && crossesItself(points, true));
};
for (const kind of [BOX, POLYGON, POLYLINE, KEYPOINT]) {
  const editor = new Editor(kind);
  editor.size = size;
  editor.label = "cat";
  const states = [JSON.stringify(editor.state)];
  for (let step = 0; step < 1500; step += 1) {
    const shape = editor.shapes[random(editor.shapes.length || 1)];
    const [p, by] = [place(), { x: random(40) - 20, y: random(40) - 20 }];
    switch (shape ? random(8) : 0) {
      case 0: {
        const vertices = Array.from({ length: 3 + random(3) }, place);
        const given = { label: "cat", ...p, left: p.x, top: p.y, width: random(50), height: random(50), vertices };
        const read = kind.read(given, size);
        if (read && !(kind === POLYGON && crossesItself(read.vertices, true))) editor.add(read);
        break;
      }
      case 1: editor.replace(kind.moved(shape, by, size)); break;
      case 2: editor.replace(kind.resized(shape, by, size)); break;
      case 3: editor.replace(kind.dragged(shape, random(kind.handles(shape).length), p, size)); break;
      case 4: editor.replace(kind.withField(shape, random(kind.fields(shape).length), random(140) - 40, size)); break;
      case 5: editor.select(shape.id); editor.choose(["cat", "dog"][random(2)]); break;
      case 6: if (random(3) === 0) editor.remove(shape.id); break;
      default: {
        const changed = random(2) ? kind.grown?.(shape, p, 3, size)?.shape : kind.without?.(shape, 0);
        if (changed) editor.replace(changed);
      }
    }
    const state = JSON.stringify(editor.state);
    if (state !== states[states.length - 1]) states.push(state);
    const wrong = editor.shapes.find((each) => !fits(kind, each));
    if (wrong) fail(`${kind.noun} after ${step} steps: ${JSON.stringify(wrong)}`);
  }
  for (let i = states.length - 2; i >= 0; i -= 1) {
    editor.undo();
    if (JSON.stringify(editor.state) !== states[i]) fail(`undo of ${kind.noun}, state ${i}`);
  }
  if (editor.history.canUndo) fail("more to undo than was done");
  for (let i = 1; i < states.length; i += 1) {
    editor.redo();
    if (JSON.stringify(editor.state) !== states[i]) fail(`redo of ${kind.noun}, state ${i}`);
  }
}
"""
MASKS = """
const { MaskEditor } = await import("DRAWING/mask/mask-editor.js");
const { fromRuns, toRuns } = await import("DRAWING/mask/raster.js");
const { isWithin } = await import("DRAWING/geometry.js");
const colorOf = (label) => ({ cat: "#000001", dog: "#000002" })[label];
const freeColor = (taken) => `#${String(taken.size).padStart(6, "0")}`;
const mask = new MaskEditor({ things: false, colorOf, freeColor });
const [width, height] = [37, 23];
mask.size = { width, height };
mask.reset([], () => {});
const place = () => ({ x: random(500) / 10 - 5, y: random(360) / 10 - 5 });
const text = () => toRuns(mask.raster.ids);
/** Pixels that hang together with a place, one by one. */
const flooded = (ids, start, id) => {
  const after = ids.slice();
  const waiting = [start];
  while (waiting.length) {
    const at = waiting.pop();
    if (after[at] !== ids[start] || after[at] === id) continue;
    after[at] = id;
    if (at % width) waiting.push(at - 1);
    if (at % width < width - 1) waiting.push(at + 1);
    if (at >= width) waiting.push(at - width);
    if (at + width < ids.length) waiting.push(at + width);
  }
  return after;
};
const states = [text()];
for (let step = 0; step < 400; step += 1) {
  mask.choose(["cat", "dog"][random(2)]);
  const [a, b, id] = [place(), place(), random(3) ? mask.region.id : 0];
  const before = mask.raster.ids.slice();
  let expected = before.slice();
  const each = (test) => { for (let i = 0; i < before.length; i += 1) {
    if (test({ x: (i % width) + 0.5, y: Math.floor(i / width) + 0.5 })) expected[i] = id; } };
  const kind = random(4);
  if (kind === 0) {
    const vertices = Array.from({ length: 3 + random(5) }, place);
    mask.once(() => mask.raster.polygon(vertices, id));
    each((p) => isWithin(p, vertices));
  } else if (kind === 1) {
    const start = random(before.length);
    mask.once(() => mask.raster.flood({ x: start % width, y: Math.floor(start / width) }, id));
    expected = flooded(before, start, id);
  } else {
    const radius = 0.5 + random(60) / 10;
    mask.begin();
    mask.touch(mask.raster.stroke(a, b, radius, id));
    if (kind === 3) mask.abandon();
    else {
      mask.commit();
      const long = (b.x - a.x) ** 2 + (b.y - a.y) ** 2;
      each((p) => {
        const t = long ? Math.min(1, Math.max(0, ((p.x - a.x) * (b.x - a.x) + (p.y - a.y) * (b.y - a.y)) / long)) : 0;
        return Math.hypot(p.x - a.x - t * (b.x - a.x), p.y - a.y - t * (b.y - a.y)) <= radius;
      });
    }
  }
  const wrong = mask.raster.ids.findIndex((value, i) => value !== expected[i]);
  if (wrong >= 0) fail(`operation ${kind} at step ${step}: pixel ${wrong % width}, ${Math.floor(wrong / width)}`);
  const counts = [0, 0, 0];
  for (const value of mask.raster.ids) counts[value] += 1;
  if (counts.some((count, i) => mask.raster.counts[i] !== count)) fail(`counts at step ${step}`);
  const copy = new Uint16Array(width * height);
  fromRuns(text(), copy);
  if (copy.some((value, i) => value !== mask.raster.ids[i])) fail(`runs at step ${step}`);
  if (text() !== states[states.length - 1]) states.push(text());
}
for (let i = states.length - 2; i >= 0; i -= 1) { mask.undo(); if (text() !== states[i]) fail(`undo to ${i}`); }
if (mask.history.canUndo || !mask.isEmpty) fail("undo leaves something");
for (let i = 1; i < states.length; i += 1) { mask.redo(); if (text() !== states[i]) fail(`redo to ${i}`); }
"""


@pytest.mark.parametrize("rules", [SHAPES, MASKS], ids=["shapes", "masks"])
def test_whatever_is_done_holds_and_can_be_undone(browser: webdriver.Chrome, site: Site, rules: str) -> None:
    browser.get(site.put("<!doctype html><title>Rules</title>"))
    script = RANDOM.replace("STEPS", rules.replace("DRAWING", f"{BASE}drawing"))
    for seed in (1, 2, 3):
        assert browser.execute_async_script(script, seed) == "ok", f"seed {seed}"
