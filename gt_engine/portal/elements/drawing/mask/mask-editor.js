// The mask of one image, its regions, and everything that may be done to them.
import { POLYGON } from "../kinds/vertices.js";
import { Raster, union } from "./raster.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("./raster.js").Rect} Rect */
/** @typedef {{id: number, label: string, color: string}} Region */
/** @typedef {{undo: () => void, redo: () => void}} Step */

/**
 * Fires `change`, `show`, `select`, `say` as Editor does, `choose` (a label), and `paint` (detail: the Rect that is to be
 * shown anew, null: all).
 * A region is what one colour stands for: a label (semantic segmentation), or one thing (instance segmentation).
 */
export class MaskEditor extends EventTarget {
  kind = POLYGON; // for the polygon tool
  size = { width: 0, height: 0 };
  raster = new Raster(0, 0);
  /** @type {Region[]} */ regions = [];
  /** @type {Region | null} what is drawn with */ region = null;
  /** @type {Set<string>} labels that are not shown */ hidden = new Set();
  nothing = false;
  /** Counts changes, for what is worth keeping between them. */ version = 0;
  /** @type {Step[]} */ #past = [];
  /** @type {Step[]} */ #future = [];
  /** @type {{rect: Rect | null} | null} what the stroke under way may have changed */ #stroke = null;

  /** @param {{things: boolean, colorOf: (label: string) => string, freeColor: (taken: Set<string>) => string}} how things: every thing its own region */
  constructor(how) {
    super();
    this.how = how;
  }

  get label() { return this.region?.label ?? null; }

  get isEmpty() { return this.raster.counts[0] === this.raster.ids.length; }

  get history() { return { canUndo: this.#past.length > 0, canRedo: this.#future.length > 0 }; }

  /** Regions that have pixels. @returns {readonly Region[]} */
  get drawn() { return this.regions.filter(({ id }) => this.raster.counts[id] > 0); }

  /** How many things, or pixels in percent, each label has. @returns {Map<string, number | string>} */
  get counts() {
    const counts = new Map();
    for (const { id, label } of this.drawn) {
      if (this.how.things) counts.set(label, (counts.get(label) ?? 0) + 1);
      else counts.set(label, share(this.raster.counts[id], this.raster.ids.length));
    }
    return counts;
  }

  /** @param {string} words */
  say(words) { this.dispatchEvent(new CustomEvent("say", { detail: words })); }

  /** @param {"change" | "show" | "select"} type */
  #tell(type) {
    if (type !== "select") this.version += 1;
    this.dispatchEvent(new Event(type));
  }

  /** @param {Rect | null} rect */
  #paint(rect) { this.dispatchEvent(new CustomEvent("paint", { detail: rect })); }

  /** Replaces everything, without a step of undo. @param {readonly Region[]} regions @param {(ids: Uint16Array) => void} fill @param {boolean} nothing */
  reset(regions, fill, nothing = false) {
    this.raster = new Raster(this.size.width, this.size.height);
    this.regions = [...regions];
    fill(this.raster.ids);
    this.raster.renew();
    this.nothing = nothing && this.isEmpty;
    this.#past = [];
    this.#future = [];
    const label = this.label;
    this.region = null;
    if (label !== null) this.choose(label);
    this.#paint(null);
    this.#tell("show");
  }

  /** Draws with this label from now on; with its next thing where things are told apart. @param {string} label */
  choose(label) {
    this.region = this.regionOf(label);
    this.dispatchEvent(new Event("choose"));
    this.#tell("select");
  }

  /** Nothing is drawn until a label is chosen. */
  rest() {
    this.region = null;
    this.#tell("select");
  }

  /** The region that is drawn with a label: the label's own, or its next thing's. @param {string} label @returns {Region} */
  regionOf(label) {
    const { things } = this.how;
    const old = this.regions.find((region) => region.label === label && (!things || !this.raster.counts[region.id]));
    if (old) return old;
    const region = { id: Math.max(0, ...this.regions.map(({ id }) => id)) + 1, label, color: this.#newColor(label) };
    this.regions.push(region);
    return region;
  }

  /** No two regions have one colour: the picture tells them apart by nothing else. @param {string} label */
  #newColor(label) {
    const { things, colorOf, freeColor } = this.how;
    const taken = new Set((things ? this.drawn : this.regions).map(({ color }) => color));
    const own = colorOf(label);
    return things || taken.has(own) ? freeColor(taken) : own;
  }

  /** Draws on with a region that is there. @param {number} id */
  pick(id) {
    const region = this.regions.find((each) => each.id === id);
    if (!region) return;
    this.region = region;
    this.#tell("select");
  }

  /** @param {string} label @param {boolean} shown */
  show(label, shown) {
    if (shown) this.hidden.delete(label);
    else this.hidden.add(label);
    this.#paint(null);
    this.#tell("select");
  }

  // --- drawing: a stroke is begun, drawn with raster operations, and ended as one step of undo ---

  begin() { this.#stroke = { rect: null }; }

  /** @param {Rect | null} rect that the raster has just changed */
  touch(rect) {
    if (!this.#stroke || !rect) return;
    this.#stroke.rect = union(this.#stroke.rect, rect);
    this.#paint(rect);
    this.#tell("show");
  }

  abandon() {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (!stroke?.rect) return;
    this.raster.paste(stroke.rect, this.raster.cut(stroke.rect, this.raster.kept));
    this.#paint(stroke.rect);
    this.#tell("show");
  }

  commit() {
    const stroke = this.#stroke;
    this.#stroke = null;
    if (!stroke?.rect) return;
    const { rect } = stroke;
    const [before, after] = [this.raster.cut(rect, this.raster.kept), this.raster.cut(rect)];
    if (before.every((id, i) => id === after[i])) return;
    this.raster.keep(rect);
    const nothing = this.nothing;
    const paste = (/** @type {Uint16Array} */ part) => {
      this.raster.paste(rect, part);
      this.raster.keep(rect);
      this.#paint(rect);
    };
    this.#did({ undo: () => { paste(before); this.nothing = nothing; }, redo: () => { paste(after); this.nothing = false; } });
    this.nothing = nothing && this.isEmpty;
    this.#tell("change");
  }

  /** One operation as one step. @param {() => Rect | null} operation */
  once(operation) {
    this.begin();
    this.touch(operation());
    this.commit();
  }

  /** What the polygon tool adds. @param {{vertices: readonly Point[]}} polygon */
  add({ vertices }) {
    const { region } = this;
    if (region) this.once(() => this.raster.polygon(vertices, region.id));
  }

  /** Takes a region away, all its pixels. @param {number} id */
  clear(id) {
    const all = { left: 0, top: 0, right: this.raster.width, bottom: this.raster.height };
    this.once(() => {
      this.raster.paste(all, this.raster.ids.map((each) => (each === id ? 0 : each)));
      return all;
    });
  }

  /** @param {boolean} nothing */
  markNothing(nothing) {
    if (!this.isEmpty || nothing === this.nothing) return;
    this.#did({ undo: () => { this.nothing = !nothing; }, redo: () => { this.nothing = nothing; } });
    this.nothing = nothing;
    this.#tell("change");
  }

  /** @param {Step} step */
  #did(step) {
    this.#past.push(step);
    this.#future = [];
  }

  undo() { this.#travel(this.#past, this.#future, "undo"); }

  redo() { this.#travel(this.#future, this.#past, "redo"); }

  /** @param {Step[]} from @param {Step[]} to @param {"undo" | "redo"} way */
  #travel(from, to, way) {
    const step = from.pop();
    if (!step) return;
    step[way]();
    to.push(step);
    this.#tell("change");
  }
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  const percent = (100 * part) / whole;
  return percent < 1 ? "<1 %" : `${Math.round(percent)} %`;
}
