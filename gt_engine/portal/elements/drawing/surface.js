// The stage: the image, what is drawn over it, and which part of it is on screen.
import { h } from "../element.js";
import { Scene } from "./scene.js";
import { fit, panned, revealed, toImage, toScreen, zoomed } from "./viewport.js";

/** @typedef {import("./geometry.js").Point} Point */
/** @typedef {import("./geometry.js").Size} Size */

const STEP = 1.4; // zoom by a key or button
const CRISP = 3; // CSS pixels per image pixel from which pixels are shown as squares

export class Surface {
  /** @type {HTMLImageElement | null} */ #image = null;
  /** @type {Size} */ size = { width: 0, height: 0 };
  /** @type {import("./viewport.js").View} */ view = { scale: 1, x: 0, y: 0 };
  /** @type {Size} CSS pixels */ stage = { width: 0, height: 0 };
  #isFitted = true;
  #filters = { brightness: 100, contrast: 100 };

  constructor() {
    this.picture = h("div", { class: "picture" });
    // Public templates look for an element of this name to learn where the image is.
    this.area = h("canvas", { class: "upper-canvas", width: 1, height: 1, "aria-hidden": "true" });
    this.scene = new Scene();
    this.across = h("div", { class: "cross across", hidden: true });
    this.down = h("div", { class: "cross down", hidden: true });
    this.root = h("div", { class: "stage", tabindex: 0, role: "application", "aria-label": "Image" },
      this.picture, this.area, this.scene.root, this.across, this.down);
    this.watch = new ResizeObserver(() => this.#resized());
    this.watch.observe(this.root);
  }

  get hasImage() { return this.#image !== null; }

  /** @param {HTMLImageElement} image decoded; its natural size is the upright one */
  show(image) {
    this.#image = image;
    this.size = { width: image.naturalWidth, height: image.naturalHeight };
    image.alt = "";
    image.draggable = false;
    this.picture.replaceChildren(image);
    this.#resized();
    this.fit();
  }

  clear() {
    this.#image = null;
    this.picture.replaceChildren();
  }

  #resized() {
    const { clientWidth: width, clientHeight: height } = this.root;
    if (width === this.stage.width && height === this.stage.height) return;
    const middle = toImage(this.view, { x: this.stage.width / 2, y: this.stage.height / 2 });
    this.stage = { width, height };
    if (!width || !height || !this.#image) return;
    if (this.#isFitted) this.fit();
    else {
      const at = toScreen(this.view, middle);
      this.pan({ x: width / 2 - at.x, y: height / 2 - at.y });
    }
  }

  /** Where a pointer is, in CSS pixels of the stage. @param {{clientX: number, clientY: number}} event @returns {Point} */
  at(event) {
    const { left, top } = this.root.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  }

  /** @param {Point} p CSS pixels of the stage @returns {Point} image pixels, not clipped */
  toImage(p) { return toImage(this.view, p); }

  /** @param {Point} p image pixels @returns {Point} CSS pixels of the stage */
  toScreen(p) { return toScreen(this.view, p); }

  fit() {
    if (!this.#image || !this.stage.width) return;
    this.#look(fit(this.size, this.stage));
    this.#isFitted = true;
  }

  /** @param {number} factor @param {Point} [at] CSS pixels of the stage; its middle if left out */
  zoom(factor, at = { x: this.stage.width / 2, y: this.stage.height / 2 }) {
    this.#look(zoomed(this.view, factor, at, this.size, this.stage));
  }

  /** One step in or out. @param {boolean} isIn @param {Point} [at] */
  zoomStep(isIn, at) { this.zoom(isIn ? STEP : 1 / STEP, at); }

  /** @param {Point} by CSS pixels */
  pan(by) { this.#look(panned(this.view, by, this.size, this.stage)); }

  /** @param {import("./kinds/kind.js").Area} area */
  reveal(area) {
    const view = revealed(this.view, area, this.size, this.stage);
    if (view.x !== this.view.x || view.y !== this.view.y) this.#look(view);
  }

  /** @param {import("./viewport.js").View} view */
  #look(view) {
    if (!this.#image) return;
    this.view = view;
    this.#isFitted = false;
    const { scale, x, y } = view;
    this.#image.style.transform = `matrix(${scale},0,0,${scale},${x},${y})`;
    this.#image.classList.toggle("crisp", scale >= CRISP);
    this.area.style.transform = `matrix(${scale * this.size.width},0,0,${scale * this.size.height},${x},${y})`;
    this.scene.look(view, this.stage);
    this.root.dispatchEvent(new Event("look"));
  }

  /** @param {Point | null} p image pixels; null hides it */
  crosshair(p) {
    this.across.hidden = this.down.hidden = p === null;
    if (!p) return;
    const at = this.toScreen(p);
    this.across.style.transform = `translateY(${at.y}px)`;
    this.down.style.transform = `translateX(${at.x}px)`;
  }

  /** @param {"brightness" | "contrast"} name @param {number} percent */
  adjust(name, percent) {
    this.#filters[name] = percent;
    const { brightness, contrast } = this.#filters;
    this.picture.style.filter = brightness === 100 && contrast === 100 ? "" : `brightness(${brightness}%) contrast(${contrast}%)`;
  }
}
