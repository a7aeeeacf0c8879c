/** crowd-slider with its labels: a number on a scale. */

import { CrowdElement, css, define, h } from "./base.js";

const styles = css`
  :host { display: block; margin-block: .5rem; max-width: 34rem; }
  .row { display: flex; align-items: center; gap: .9rem; }
  .track { position: relative; flex: 1; min-width: 6rem; padding-top: var(--pin, 0); }
  input[type="range"] { display: block; width: 100%; height: 1.6rem; margin: 0; accent-color: var(--crowd-accent); cursor: pointer; }
  input[type="range"].untouched { accent-color: var(--crowd-control); opacity: .75; }
  .pin { position: absolute; top: 0; translate: -50%; min-width: 1.9rem; padding: .05rem .4rem; border-radius: 4px; text-align: center; font-size: .8rem; font-weight: 600; background: var(--crowd-text); color: var(--crowd-surface); }
  .secondary { position: absolute; bottom: .1rem; left: 0; height: 3px; border-radius: 2px; background: var(--crowd-accent); opacity: .35; }
  .number { width: 5.5rem; padding: .35em .5em; border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); background: var(--crowd-surface); }
  .labels { position: relative; }
  .labels.some { height: 1.5rem; }
`;
const THUMB = 16; // px: the middle of the thumb does not reach the ends of the track

class CrowdSlider extends CrowdElement {
  static attributes = {
    ...super.attributes, min: "number", max: "number", step: "number", pin: "boolean", editable: "boolean", required: "boolean",
    disabled: "boolean", "secondary-progress": "number", label: "string",
  };
  static get observedAttributes() {
    return [...super.observedAttributes, "value"];
  }
  static regions = ["crowd-slider-label"];
  static styles = [styles];
  #value = undefined; // until somebody, or the attribute, has said one
  #range = h("input", { type: "range", part: "control" });
  #number = h("input", { type: "number", class: "number" });
  #pin = h("output", { class: "pin", "aria-hidden": "true" });
  #secondary = h("div", { class: "secondary" });
  #labels = h("div", { class: "labels" }, h("slot", { name: "crowd-slider-label" }));

  render(root) {
    this.#range.addEventListener("input", (event) => this.#take(event, this.#range, false));
    this.#range.addEventListener("change", (event) => this.#take(event, this.#range, true));
    // A press on the place where the thumb stands already is an answer too.
    this.#range.addEventListener("pointerup", (event) => this.#value === undefined && this.#take(event, this.#range, true));
    this.#range.addEventListener("keydown", (event) => (event.key === " " || event.key === "Home") && this.#value === undefined && this.#take(event, this.#range, true));
    this.#number.addEventListener("input", (event) => event.stopPropagation());
    this.#number.addEventListener("change", (event) => this.#take(event, this.#number, true));
    root.append(
      h("div", { class: "row" }, h("div", { class: "track" }, this.#pin, this.#range, this.#secondary, this.#labels), this.#number),
      h("p", { class: "error", part: "error", role: "alert" }), h("slot"));
    this.#labels.firstChild.addEventListener("slotchange", () => this.#placeLabels());
    this.update();
  }

  attributeChangedCallback(name, before, after) {
    if (name === "value") this.value = after;
    else super.attributeChangedCallback(name, before, after);
  }

  update() {
    for (const control of [this.#range, this.#number]) {
      Object.assign(control, { min: this.#min, max: this.#max, step: this.step || 1, disabled: this.disabled });
      control.setAttribute("aria-label", this.label || this.getAttribute("aria-label") || this.title || this.name || "Value");
    }
    this.#number.hidden = !this.editable;
    this.#pin.hidden = !this.pin;
    this.style.setProperty("--pin", this.pin ? "1.5rem" : "0");
    this.#show();
    this.#placeLabels();
  }

  get value() {
    return this.#value ?? Math.max(this.#min, Math.min(this.#max, 0));
  }

  set value(value) {
    const number = value === null || value === "" ? NaN : Number(value);
    this.#value = isNaN(number) ? undefined : number;
    if (!this.isRendered) return;
    this.#show();
    this.refreshValidity();
  }

  get answer() {
    return this.required && this.#value === undefined ? undefined : this.value;
  }

  get draft() {
    return this.#value;
  }

  set draft(draft) {
    this.value = draft;
  }

  formResetCallback() {
    this.value = this.getAttribute("value");
  }

  /** A scale that nobody touched stands on its lowest mark by chance, not by anybody's judgement. */
  validate() {
    return this.required && this.#value === undefined ? "Please choose a value on the scale." : null;
  }

  focus(options) {
    this.#range.focus(options);
  }

  get #min() { return this.min ?? 0; }
  get #max() { return this.max ?? 100; }

  #take(event, control, isFinal) {
    event.stopPropagation();
    if (control.value === "") return;
    this.#value = Math.max(this.#min, Math.min(this.#max, Number(control.value)));
    this.#show();
    if (isFinal) return this.changed();
    this.refreshValidity();
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  /** Where a value stands on the track. */
  #left(value) {
    const share = this.#max === this.#min ? 0 : (value - this.#min) / (this.#max - this.#min);
    return `calc(${THUMB / 2}px + (100% - ${THUMB}px) * ${share})`;
  }

  #show() {
    this.#range.value = this.#number.value = String(this.value);
    this.#range.classList.toggle("untouched", this.required && this.#value === undefined);
    this.#pin.textContent = this.#value === undefined && this.required ? "–" : String(this.value);
    this.#pin.style.left = this.#left(this.value);
    this.#secondary.style.width = this.secondaryProgress === undefined ? "0" : this.#left(this.secondaryProgress);
  }

  #placeLabels() {
    const labels = [...this.children].filter((child) => child.localName === "crowd-slider-label");
    this.#labels.classList.toggle("some", labels.length > 0);
    for (const label of labels) label.style.left = this.#left(Number(label.getAttribute("position")));
  }
}

class CrowdSliderLabel extends CrowdElement {
  static formAssociated = false;
  static attributes = { position: "number" };
  static styles = [css`:host { position: absolute; translate: -50%; font-size: .85rem; color: var(--crowd-muted); white-space: nowrap; }`];
}

define("crowd-slider-label", CrowdSliderLabel);
define("crowd-slider", CrowdSlider);
