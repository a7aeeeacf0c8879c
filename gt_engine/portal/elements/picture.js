/** A picture to look at: fitted, zoomed at the cursor, panned; with a layer above it in the picture's own pixels. */

import { css, h, loadImage } from "./base.js";

export const pictureStyles = css`
  .picture { position: relative; flex: 1; min-height: 12rem; overflow: hidden; background: #22272d; touch-action: none; cursor: grab; }
  .picture.panning { cursor: grabbing; }
  .picture .stage { position: absolute; inset: 0 auto auto 0; transform-origin: 0 0; }
  .picture .stage > * { position: absolute; inset: 0; width: 100%; height: 100%; }
  .picture .note { position: absolute; inset: 0; display: grid; place-content: center; text-align: center; color: #e7ecf1; padding: 1rem; margin: 0; }
`;
const MAX_SCALE = 16;
const STEP = 1.25;

export class Picture {
  #scale = 1;
  #x = 0;
  #y = 0;
  #isFitted = true;
  #pointers = new Map();
  /** @type {HTMLImageElement|null} */ image = null;

  /** @param {import("./base.js").CrowdElement} owner */
  constructor(owner) {
    this.owner = owner;
    this.layer = h("div", { class: "layer" });
    this.stage = h("div", { class: "stage" });
    this.note = h("p", { class: "note" }, "Loading the picture…");
    this.element = h("div", { class: "picture" }, this.stage, this.note);
    this.element.addEventListener("wheel", (event) => this.#onWheel(event), { passive: false });
    this.element.addEventListener("pointerdown", (event) => this.#onDown(event));
    this.element.addEventListener("pointermove", (event) => this.#onMove(event));
    for (const type of ["pointerup", "pointercancel"]) this.element.addEventListener(type, (event) => this.#onUp(event));
    this.element.addEventListener("dblclick", (event) => (this.#isFitted ? this.zoomTo(1, event) : this.fit()));
    new ResizeObserver(() => this.#isFitted && this.fit()).observe(this.element);
  }

  /** Shows the picture of an address. Never rejects: what cannot be shown is said in its place. */
  async load(src, description) {
    this.note.hidden = false;
    try {
      const image = await loadImage(this.owner, src);
      this.image = image;
      image.alt = description;
      image.draggable = false;
      this.stage.replaceChildren(image, this.layer);
      Object.assign(this.stage.style, { width: `${image.naturalWidth}px`, height: `${image.naturalHeight}px` });
      this.note.hidden = true;
      this.fit();
    } catch (error) {
      this.image = null;
      this.stage.replaceChildren();
      this.note.textContent = error.message;
    }
  }

  fit() {
    if (!this.image) return;
    const { clientWidth, clientHeight } = this.element;
    const { naturalWidth, naturalHeight } = this.image;
    this.#scale = Math.min(clientWidth / naturalWidth, clientHeight / naturalHeight, 4) || 1;
    this.#x = (clientWidth - naturalWidth * this.#scale) / 2;
    this.#y = (clientHeight - naturalHeight * this.#scale) / 2;
    this.#isFitted = true;
    this.#apply();
  }

  /** @param {number} factor @param {{clientX: number, clientY: number}=} at stays where it is; the middle otherwise */
  zoom(factor, at) {
    this.zoomTo(this.#scale * factor, at);
  }

  zoomTo(scale, at) {
    if (!this.image) return;
    const box = this.element.getBoundingClientRect();
    const x = at ? at.clientX - box.left : box.width / 2;
    const y = at ? at.clientY - box.top : box.height / 2;
    const next = Math.min(MAX_SCALE, Math.max(0.02, scale));
    this.#x = x - ((x - this.#x) * next) / this.#scale;
    this.#y = y - ((y - this.#y) * next) / this.#scale;
    this.#scale = next;
    this.#isFitted = false;
    this.#apply();
  }

  /** The buttons of a toolbar. @returns {HTMLElement[]} */
  tools() {
    const button = (text, name, key, does) =>
      h("button", { type: "button", class: "button", "aria-label": name, title: `${name} (${key})`, "aria-keyshortcuts": key, onclick: does }, text, h("kbd", { "aria-hidden": "true" }, key.toUpperCase()));
    return [
      button("+", "Zoom in", "z", () => this.zoom(STEP)),
      button("−", "Zoom out", "o", () => this.zoom(1 / STEP)),
      button("Fit", "Fit to the window", "f", () => this.fit()),
    ];
  }

  shortcuts() {
    return [{ keys: ["Z", "O"], does: "Zoom in, zoom out (or the mouse wheel)" }, { keys: ["F"], does: "Fit to the window (or a double click)" }];
  }

  /** @param {KeyboardEvent} event @returns {boolean} */
  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const does = { z: () => this.zoom(STEP), o: () => this.zoom(1 / STEP), f: () => this.fit() }[event.key.toLowerCase()];
    does?.();
    return Boolean(does);
  }

  #apply() {
    this.stage.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
    this.stage.style.setProperty("--scale", String(this.#scale));
  }

  #onWheel(event) {
    event.preventDefault();
    this.zoom(Math.exp(-Math.max(-100, Math.min(100, event.deltaY)) * 0.003), event);
  }

  #onDown(event) {
    if (event.button !== 0) return;
    this.element.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, event);
    this.element.classList.add("panning");
  }

  #onMove(event) {
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const other = [...this.#pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    this.#pointers.set(event.pointerId, event);
    if (other) {
      const distance = (pointer) => Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
      const middle = { clientX: (event.clientX + other.clientX) / 2, clientY: (event.clientY + other.clientY) / 2 };
      this.zoom(distance(event) / (distance(before) || 1), middle);
    } else {
      this.#x += event.clientX - before.clientX;
      this.#y += event.clientY - before.clientY;
      this.#isFitted = false;
      this.#apply();
    }
  }

  #onUp(event) {
    this.#pointers.delete(event.pointerId);
    if (!this.#pointers.size) this.element.classList.remove("panning");
  }
}
