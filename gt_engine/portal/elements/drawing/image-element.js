// What all elements that draw on an image share: the stage, labels, view tools, undo, "Nothing to label" and keys.
import { FullPageElement, h, loadImage } from "../base.js";
import { Crosshair } from "./crosshair.js";
import { Keys, SHORTCUTS } from "./keys.js";
import { LabelsPanel } from "./labels-panel.js";
import { styles } from "./styles.js";
import { Surface } from "./surface.js";
import { SliderPanel, Toolbar } from "./toolbar.js";

/** @typedef {import("./toolbar.js").Command} Command */

/**
 * @typedef {EventTarget & {
 *   size: import("./geometry.js").Size, label: string | null, hidden: Set<string>, nothing: boolean, isEmpty: boolean,
 *   history: {canUndo: boolean, canRedo: boolean}, counts: Map<string, number | string>,
 *   choose: (label: string) => void, show: (label: string, shown: boolean) => void,
 *   undo: () => void, redo: () => void, markNothing: (nothing: boolean) => void, say: (words: string) => void,
 * }} ImageEditor
 */

const SAID = 4000; // ms that words stand over the image

/** The element that keys work on, where a page has several. @type {ImageElement | null} */
let current = null;

/**
 * A subclass makes `editor`, and writes `begin()` (the image is there: read initial value or draft), `redraw()`,
 * `commands()` and the value. `this.label`-less drawing is refused by the editor.
 */
export class ImageElement extends FullPageElement {
  static attributes = { ...super.attributes, src: "string", labels: "json", "label-colors": "json", "initial-value": "json" };
  static styles = [...super.styles, styles];
  /** @type {ImageEditor} */ editor;
  surface = new Surface();
  crosshair = new Crosshair(this.surface);
  keys = new Keys(this);
  #loaded = Promise.resolve();
  #isDrawPlanned = false;
  /** @type {any} a draft that waits for its image */ #draft;
  /** @type {any} */ #last;

  connectedCallback() {
    super.connectedCallback();
    document.addEventListener("keyup", this.#onKeyup);
    window.addEventListener("blur", this.#onBlur);
    this.addEventListener("pointerdown", () => {
      current = this;
      this.#showFocus(false);
    });
    this.addEventListener("focusin", () => { current = this; });
  }

  /** The image takes the keys. @param {FocusOptions} [options] */
  focus(options) { this.surface.root.focus(options); }

  disconnectedCallback() {
    super.disconnectedCallback();
    document.removeEventListener("keyup", this.#onKeyup);
    window.removeEventListener("blur", this.#onBlur);
    if (current === this) current = null;
  }

  /** Settled when the image is drawn or has failed. */
  get loaded() { return this.#loaded; }

  /** @returns {readonly string[]} */
  get labelNames() {
    const labels = this.json("labels", []);
    return Array.isArray(labels) ? labels.map(String) : [];
  }

  /** What an answer says of the image. */
  get inputImageProperties() {
    const { width, height } = this.editor.size;
    return { height, width };
  }

  // --- the page ---

  renderMain(/** @type {HTMLElement} */ root) {
    this.hint = h("div", { class: "hint", role: "status", "aria-live": "polite" });
    this.told = h("div", { class: "visually-hidden", role: "status", "aria-live": "polite" });
    this.trouble = h("div", { class: "trouble", hidden: true });
    this.slider = new SliderPanel(() => {
      this.surface.root.focus();
      this.refresh();
    });
    this.sliders = ["brightness", "contrast"].map((name) => ({
      name, label: name[0].toUpperCase() + name.slice(1), value: 100, least: 20, most: 300, usual: 100, unit: "%",
      set: (/** @type {number} */ value) => this.surface.adjust(/** @type {any} */ (name), value),
    }));
    root.append(this.surface.root, this.hint, this.told, this.trouble, this.slider.root);
    this.surface.root.addEventListener("look", () => this.planRedraw());
    this.editor.addEventListener("change", () => {
      this.planRedraw();
      this.changed();
    });
    this.editor.addEventListener("begun", () => this.changed());
    for (const type of ["show", "select"]) this.editor.addEventListener(type, () => this.planRedraw());
    this.editor.addEventListener("say", (event) => this.say(/** @type {CustomEvent} */ (event).detail));
    this.editor.addEventListener("tell", (event) => { this.told.textContent = /** @type {CustomEvent} */ (event).detail; });
    this.#load();
  }

  renderSide(/** @type {HTMLElement} */ root) {
    this.labelsPanel = new LabelsPanel(root, this.editor, () => this.focus());
    this.labelsPanel.set(this.labelNames, this.json("label-colors"));
    this.chooseFirst();
  }

  renderTools(/** @type {HTMLElement} */ root) {
    this.box = h("input", { type: "checkbox", "aria-keyshortcuts": "x" });
    this.box.addEventListener("change", () => this.editor.markNothing(this.box.checked));
    const nothing = h("label", { class: "nothing" }, this.box, "Nothing to label", h("kbd", { "aria-hidden": "true" }, "X"));
    this.toolbar = new Toolbar(root, [...this.commands(), this.#stepCommands(), this.#viewCommands()], [nothing]);
  }

  /** The tools that this element draws with. @returns {Command[][]} */
  commands() { return []; }

  /** @returns {Command[]} */
  #viewCommands() {
    const { surface } = this;
    return [
      { name: "in", label: "Zoom in", key: "Z", run: () => surface.zoomStep(true, this.zoomPoint) },
      { name: "out", label: "Zoom out", key: "O", run: () => surface.zoomStep(false, this.zoomPoint) },
      { name: "fit", label: "Fit", key: "F", run: () => surface.fit() },
      ...this.sliders.map((slider) => ({
        name: slider.name, label: slider.label, key: slider.name === "brightness" ? "D" : "C",
        run: () => {
          this.slider.toggle(slider);
          this.refresh();
        },
        isOn: () => this.slider.openName === slider.name,
      })),
    ];
  }

  /** @returns {Command[]} */
  #stepCommands() {
    return [
      { name: "undo", label: "Undo", key: "Ctrl+Z", run: () => this.undo(), isPossible: () => this.canUndo },
      { name: "redo", label: "Redo", key: "Ctrl+Y", run: () => this.redo(), isPossible: () => this.canRedo },
    ];
  }

  get canUndo() { return this.editor.history.canUndo; }
  get canRedo() { return this.editor.history.canRedo; }
  undo() { this.editor.undo(); }
  redo() { this.editor.redo(); }

  /** Where the mouse points, in image pixels. @returns {import("./geometry.js").Point | null} */
  get pointer() { return null; }

  /** Where keys zoom: at the pointer, or in the middle. @returns {import("./geometry.js").Point | undefined} */
  get zoomPoint() {
    const p = this.crosshair.place ?? this.pointer;
    return p ? this.surface.toScreen(p) : undefined;
  }

  chooseFirst() {
    const labels = this.labelNames;
    if (this.editor.label === null || !labels.includes(this.editor.label)) this.editor.label = labels[0] ?? null;
    this.labelsPanel.refresh();
  }

  /** @param {Set<string>} names */
  update(names) {
    super.update(names);
    if (names.has("labels") || names.has("label-colors")) {
      this.labelsPanel.set(this.labelNames, this.json("label-colors"));
      this.chooseFirst();
      this.planRedraw();
    }
    if (names.has("src")) this.#load();
    else if (names.has("initial-value") && this.surface.hasImage) this.begin(undefined);
  }

  // --- the image ---

  #load() {
    const src = this.src;
    this.#loaded = this.#loadFrom(src).catch((error) => this.#failed(src, error));
  }

  /** @param {string} src */
  async #loadFrom(src) {
    this.surface.clear();
    this.trouble.hidden = true;
    const image = await loadImage(this, src);
    if (src !== this.src) return;
    if (!image.naturalWidth) throw new Error("The picture has no size of its own.");
    this.editor.size = { width: image.naturalWidth, height: image.naturalHeight };
    this.surface.show(image);
    await this.begin(this.#draft);
    this.#draft = undefined;
    this.refreshValidity();
    this.redraw();
  }

  /** @param {string} src @param {Error} error */
  #failed(src, error) {
    if (src !== this.src) return;
    this.trouble.replaceChildren(h("p", {}, error.message), h("p", {}, "Try again; if it stays away, decline the task."),
      h("button", { type: "button", class: "button", onclick: () => this.#retry() }, "Try again"));
    this.trouble.hidden = false;
  }

  async #retry() {
    this.#load();
    await this.#loaded;
    this.changed(); // the portal hears whether it can be submitted now
  }

  /** The image is there. @param {any} draft what to restore; undefined: the page's initial value @returns {void | Promise<void>} */
  begin(draft) {} // eslint-disable-line no-unused-vars

  set draft(draft) {
    if (this.surface.hasImage) this.begin(draft ?? undefined);
    else this.#draft = draft ?? undefined;
  }

  get draft() { return this.surface.hasImage ? this.ownDraft : this.#draft; }

  /** Restorable work. @returns {any} */
  get ownDraft() { return undefined; }

  /** The answer of the image before, for "copy from the last image". */
  get last() { return this.#last; }

  set last(answer) {
    this.#last = answer;
    this.planRedraw();
  }

  // --- what is shown ---

  planRedraw() {
    if (this.#isDrawPlanned || !this.isRendered) return;
    this.#isDrawPlanned = true;
    requestAnimationFrame(() => {
      this.#isDrawPlanned = false;
      this.redraw();
    });
  }

  redraw() { this.refresh(); }

  /** Panels and tools follow the editor. */
  refresh() {
    this.labelsPanel.refresh();
    this.toolbar.refresh();
    this.box.checked = this.editor.nothing;
    this.box.disabled = !this.editor.isEmpty;
    if (this.hint.textContent !== this.words) this.hint.textContent = this.words;
  }

  #words = "";

  /** The line over the image. */
  get words() { return this.#words; }

  /** @param {string} words for a screen reader and the hint line */
  say(words) {
    this.#words = words;
    clearTimeout(this.#saying);
    if (words) this.#saying = setTimeout(() => this.say(""), SAID);
    this.planRedraw();
  }

  #saying = 0;

  // --- answers ---

  validate() {
    if (!this.surface.hasImage) return "The picture is not loaded.";
    if (this.editor.isEmpty && !this.editor.nothing) return `Nothing is drawn. Draw, or tick "Nothing to label".`;
    return null;
  }

  // --- keys ---

  /** @returns {Command[]} in the toolbar's order */
  get allCommands() { return [...this.commands(), this.#stepCommands(), this.#viewCommands()].flat(); }

  shortcuts() { return [...this.allCommands.map(({ key, label, does = label }) => ({ keys: [key], does })), ...SHORTCUTS]; }

  /** @param {KeyboardEvent} event @returns {boolean} */
  onKey(event) {
    if (current && current !== this && current.isConnected) return false;
    this.#showFocus(true);
    return this.keys.down(event);
  }

  #onBlur = () => this.keys.rest();

  #onKeyup = (/** @type {KeyboardEvent} */ event) => this.keys.up(event);

  /** Rings around the focus are for people at the keyboard. @param {boolean} shown */
  #showFocus(shown) { this.surface.root.classList.toggle("keyed", shown); }

  /** Keys of the subclass, asked first. @param {string} key @param {KeyboardEvent} event @returns {boolean} */
  onOwnKey(key, event) { return false; } // eslint-disable-line no-unused-vars

  /** @type {import("./pointers.js").Pointers} the subclass makes them */ pointers;

  /** A click by the keyboard. @param {import("./geometry.js").Point} p image pixels */
  clickAt(p) {} // eslint-disable-line no-unused-vars
}
