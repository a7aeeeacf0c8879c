// An element that paints: a region for every pixel, by brush, eraser, polygon and fill.
import { loadImage } from "../../base.js";
import { ARROWS } from "../crosshair.js";
import { inside } from "../geometry.js";
import { ImageElement } from "../image-element.js";
import { color } from "../labels.js";
import { Pointers } from "../pointers.js";
import { svg } from "../scene.js";
import { VertexTool } from "../tools/vertex-tool.js";
import { MaskEditor } from "./mask-editor.js";
import { fromImage, Paint, toPng } from "./paint.js";
import { fromRuns, toRuns } from "./raster.js";

/** @typedef {import("../geometry.js").Point} Point */
/** @typedef {import("./mask-editor.js").Region} Region */
/** @typedef {"brush" | "eraser" | "polygon" | "fill" | "move"} Mode */

const NEAR = { mouse: 8, touch: 22 }; // CSS pixels around the first point that close a polygon
const TOOLS = /** @type {[Mode, string, string][]} */ ([
  ["brush", "Brush", "B"], ["eraser", "Eraser", "E"], ["polygon", "Polygon", "P"], ["fill", "Fill", "A"], ["move", "Move", "M"],
]);
/** @type {Record<Mode, string>} */
const DOES = {
  brush: "Paint with the label", eraser: "Take paint away", polygon: "Paint the inside of a polygon",
  fill: "Fill the area of one label, or of none, at the pointer", move: "Move the image; a click picks the label there",
};

/** A subclass says whether things are told apart, and how its value names regions. */
export class MaskElement extends ImageElement {
  /** Every thing has a region of its own. */ static things = false;
  /** @type {Mode} */ mode = "brush";
  /** Diameter in image pixels. */ brush = 20;
  /** @type {Point | null} */ #pointer = null;
  /** @type {import("../pointers.js").Means} */ #means = "mouse";
  /** @type {Point | null} where the last stroke ended */ #last = null;
  #isPainting = false;
  /** The mask of the page's initial value, as runs. */ #initial = "";
  /** @type {Map<string, {version: number, text: string}>} */ #kept = new Map();

  constructor() {
    super();
    const { things } = /** @type {typeof MaskElement} */ (this.constructor);
    this.editor = this.mask = new MaskEditor({
      things,
      colorOf: (label) => this.labelsPanel.colorOf(label),
      freeColor: (taken) => {
        let index = 0;
        while (taken.has(color(index))) index += 1;
        return color(index);
      },
    });
    this.mask.addEventListener("choose", () => { if (this.mode === "eraser") this.mode = "brush"; });
    this.polygonTool = new VertexTool(/** @type {any} */ (this.mask));
    this.paint = new Paint(this.mask);
    this.surface.area.before(this.paint.canvas);
    this.surface.root.addEventListener("look", () => this.paint.look(this.surface.view));
    this.pointers = new Pointers(this.surface, this);
  }

  get pointer() { return this.#pointer; }

  get canUndo() { return this.polygonTool.active || super.canUndo; }

  undo() { if (!this.polygonTool.undo()) super.undo(); this.planRedraw(); }

  redo() { if (!this.polygonTool.redo()) super.redo(); this.planRedraw(); }

  chooseFirst() {
    const labels = this.labelNames;
    if (!labels.includes(this.mask.label ?? "")) labels.length ? this.mask.choose(labels[0]) : this.mask.rest();
    this.labelsPanel.refresh();
  }

  update(/** @type {Set<string>} */ names) {
    super.update(names);
    if (this.surface.hasImage) this.#showColors();
  }

  validate() {
    const stranger = this.mask.drawn.find(({ label }) => !this.labelNames.includes(label));
    if (this.surface.hasImage && stranger) return `"${stranger.label}" is no label of this task: erase it, or paint over it.`;
    return this.polygonTool.problem ?? super.validate();
  }

  // --- value ---

  /** The regions of an initial value. @param {any} initial @returns {Region[]} */
  regionsOf(initial) { return []; } // eslint-disable-line no-unused-vars

  async begin(/** @type {any} */ draft) {
    this.paint.fit();
    this.brush = this.#usualBrush;
    this.polygonTool.cancel();
    const initial = this.json("initial-value");
    // A draft for the same image comes at once: what is there meanwhile could be kept as the newer draft.
    if (draft === undefined || !this.#initial) {
      this.#initial = "";
      this.mask.reset([], () => {});
      if (initial?.src) await this.#readInitial(initial);
    }
    if (draft !== undefined) this.#restore(draft);
    this.#showColors();
    this.chooseFirst();
  }

  /** @param {any} initial */
  async #readInitial(initial) {
    const regions = this.regionsOf(initial);
    const image = await loadImage(this, initial.src);
    this.mask.reset(regions, (ids) => fromImage(image, regions, this.mask.size, ids));
    this.#initial = this.#runs;
  }

  /** The list of labels shows the colours that the mask has for them. */
  #showColors() {
    if (this.mask.how.things) return;
    const labels = this.labelNames;
    this.labelsPanel.set(labels, labels.map((label) => this.mask.regionOf(label).color));
  }

  /** @param {any} draft */
  #restore({ regions = [], runs, nothing, begun }) {
    this.mask.reset(regions, (ids) => { if (runs) fromRuns(runs, ids); }, Boolean(nothing));
    if (!begun?.points?.length) return;
    this.mask.choose(begun.label);
    this.mode = "polygon";
    this.polygonTool.resume(begun.points);
  }

  /** Made once per state of the mask. @param {string} what @param {() => string} make */
  #keep(what, make) {
    const { version } = this.mask;
    let kept = this.#kept.get(what);
    if (kept?.version !== version) this.#kept.set(what, (kept = { version, text: make() }));
    return kept.text;
  }

  get #runs() { return this.#keep("runs", () => toRuns(this.mask.raster.ids)); }

  get pngImageData() { return this.#keep("png", () => toPng(this.mask)); }

  /** For `initialValueModified`; undefined: the page has no initial value. */
  get isModified() { return this.json("initial-value") === undefined ? undefined : this.#runs !== this.#initial; }

  get ownDraft() {
    const { drawn, nothing } = this.mask;
    const { begun } = this.polygonTool;
    return { nothing, regions: drawn, runs: this.#runs, ...(begun.length ? { begun: { label: this.mask.label, points: begun } } : {}) };
  }

  // --- pointers, as Pointers.Receiver ---

  /** @param {Point} at CSS pixels of the stage @param {import("../pointers.js").Means} means @param {{shiftKey: boolean}} event */
  press(at, means, event) {
    this.#means = means;
    this.#begin(this.surface.toImage(at), event.shiftKey);
  }

  get #near() { return NEAR[this.#means] / this.surface.view.scale; }

  get #id() { return this.mode === "eraser" ? 0 : this.mask.region?.id ?? -1; }

  /** @param {Point} p @param {boolean} joins draws on from where the last stroke ended */
  #begin(p, joins) {
    this.#pointer = p;
    if (this.mode === "polygon") this.polygonTool.down({ p, near: this.#near });
    else if (this.mode === "brush" || this.mode === "eraser") {
      if (this.#id < 0) this.mask.say("Choose a label first.");
      else {
        this.#isPainting = true;
        this.mask.begin();
        this.#paintTo(joins && this.#last ? this.#last : p, p);
      }
    }
    this.planRedraw();
  }

  /** @param {Point} from @param {Point} to */
  #paintTo(from, to) {
    this.mask.touch(this.mask.raster.stroke(from, to, this.brush / 2, this.#id));
    this.#last = to;
  }

  /** @param {Point} at */
  drag(at) {
    const p = this.surface.toImage(at);
    const before = this.#pointer;
    this.#pointer = p;
    if (this.#isPainting) this.#paintTo(this.#last ?? p, p);
    else if (this.mode === "polygon") this.polygonTool.drag({ p, near: this.#near });
    else if (this.mode === "move" && before) {
      const { scale } = this.surface.view;
      this.surface.pan({ x: (p.x - before.x) * scale, y: (p.y - before.y) * scale });
      this.#pointer = before; // it stays on the same pixel of the image
    }
    this.planRedraw();
  }

  /** @param {Point} at @param {boolean} dragged */
  release(at, dragged) {
    this.#end(this.surface.toImage(at), dragged);
    if (this.#means === "touch") this.#pointer = null;
  }

  /** @param {Point} p @param {boolean} dragged */
  #end(p, dragged) {
    this.#pointer = p;
    if (this.#isPainting) this.mask.commit();
    else if (this.mode === "polygon") this.polygonTool.up({ p, near: this.#near });
    else if (this.mode === "fill") this.#fill(p);
    else if (this.mode === "move" && !dragged) this.#pickAt(p);
    this.#isPainting = false;
    this.crosshair.place = null;
    this.planRedraw();
  }

  abandon() {
    if (this.#isPainting) this.mask.abandon();
    else this.polygonTool.abandon();
    this.#isPainting = false;
    this.planRedraw();
  }

  /** @param {Point | null} at */
  hover(at) {
    this.#means = "mouse";
    this.#pointer = at && this.surface.toImage(at);
    if (at) this.crosshair.place = null;
    if (this.#pointer && this.mode === "polygon") this.polygonTool.hover({ p: this.#pointer, near: this.#near });
    this.planRedraw();
  }

  clickAt(/** @type {Point} */ p) {
    this.#means = "mouse";
    this.#begin(p, false);
    this.#end(p, false);
    this.crosshair.place = p;
  }

  /** @param {Point} p */
  #fill(p) {
    if (this.#id < 0) this.mask.say("Choose a label first.");
    else this.mask.once(() => this.mask.raster.flood(p, this.#id));
  }

  /** @param {Point} p */
  #pickAt(p) {
    const at = inside(p, { width: this.mask.size.width - 1, height: this.mask.size.height - 1 });
    const id = this.mask.raster.ids[Math.floor(at.y) * this.mask.size.width + Math.floor(at.x)];
    if (id) this.mask.pick(id);
  }

  // --- what is shown ---

  get words() { return (this.mode === "polygon" && this.polygonTool.hint) || super.words; }

  redraw() {
    const p = this.crosshair.place ?? this.#pointer;
    const { scene, root } = this.surface;
    const paints = this.mode === "brush" || this.mode === "eraser";
    if (paints && p) scene.begun.replaceChildren(...["edge", "line"].map((name) => svg("circle", { class: `brush ${name}`, cx: p.x, cy: p.y, r: this.brush / 2 })));
    else scene.drawBegun(this.mode === "polygon" ? this.polygonTool.preview : null, "");
    scene.begun.style.color = this.mode === "eraser" ? "#ffffff" : this.mask.region?.color ?? "#ffffff";
    this.surface.crosshair(p && (this.crosshair.place || this.mode === "polygon" || this.mode === "fill") ? p : null);
    root.style.cursor = !this.surface.hasImage ? "" : this.mode === "move" ? "grab" : "none";
    this.refresh();
  }

  // --- tools and keys ---

  /** @param {Mode} mode */
  #use(mode) {
    this.polygonTool.cancel();
    this.mode = mode;
    this.redraw();
  }

  commands() {
    const usual = this.#usualBrush;
    const size = { name: "size", label: "Brush size", value: this.brush, least: 1, most: 6 * usual, unit: " px", usual, set: (/** @type {number} */ value) => this.#resize(value) };
    return [
      TOOLS.map(([name, label, key]) => ({ name, label, does: DOES[name], key, run: () => this.#use(name), isOn: () => this.mode === name })),
      [{ name: "size", label: "Size", does: "Size of the brush", key: "W", run: () => { this.slider.toggle(size); this.refresh(); }, isOn: () => this.slider.openName === "size" }],
    ];
  }

  get #usualBrush() {
    const { width, height } = this.mask.size;
    return Math.max(5, Math.round(Math.min(width, height) / 30));
  }

  /** @param {number} diameter */
  #resize(diameter) {
    this.brush = Math.min(Math.max(1, Math.round(diameter)), 2000);
    this.planRedraw();
  }

  shortcuts() {
    return [
      ...super.shortcuts(),
      { keys: ["[", "]"], does: "Smaller and larger brush" },
      { keys: ["Shift+Click"], does: "Paint in a straight line from where the last stroke ended" },
      { keys: ["Enter"], does: "Close the polygon that is begun" },
      { keys: ["Esc"], does: "Leave the polygon that is begun" },
    ];
  }

  onOwnKey(/** @type {string} */ key, /** @type {KeyboardEvent} */ event) {
    if (ARROWS[key]) {
      const p = this.crosshair.move(ARROWS[key], event, this.#pointer);
      if (this.mode === "polygon") this.polygonTool.hover({ p, near: this.#near });
      this.planRedraw();
      return true;
    }
    if (event.altKey) return false;
    if (key === "[" || key === "]") this.#resize(key === "]" ? Math.max(this.brush + 1, this.brush * 1.25) : this.brush / 1.25);
    else if (key === "Enter" && this.polygonTool.finish()) this.planRedraw();
    else if (key === "Escape" && (this.polygonTool.cancel() || this.crosshair.place)) {
      this.crosshair.place = null;
      this.planRedraw();
    } else return false;
    return true;
  }
}
