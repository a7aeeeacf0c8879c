/** crowd-input and crowd-text-area: words of the worker's own. */

import { CrowdElement, css, define, h } from "./base.js";

const styles = css`
  :host { display: block; margin-block: .35rem; }
  label { display: block; margin-bottom: .25rem; font-size: .925rem; font-weight: 500; }
  label:empty { display: none; }
  .control {
    display: block; width: 100%; padding: .5em .65em; border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius);
    background: var(--crowd-surface); color: var(--crowd-text); line-height: 1.4;
  }
  .control:focus-visible { outline-offset: 0; }
  .control:disabled { background: var(--crowd-sunken); color: var(--crowd-muted); }
  .control[aria-invalid="true"] { border-color: var(--crowd-danger); }
  textarea.control { field-sizing: content; resize: vertical; overflow: auto; }
  .foot { display: flex; gap: 1rem; justify-content: space-between; }
  .counter { margin: .25rem 0 0 auto; color: var(--crowd-muted); font-size: .8rem; }
`;

/** What one line and several lines share; `makeControl()` gives the native control. */
class TextField extends CrowdElement {
  static attributes = {
    ...super.attributes, label: "string", placeholder: "string", required: "boolean", disabled: "boolean", "max-length": "number",
    "min-length": "number", "allowed-pattern": "string", "auto-validate": "boolean", "auto-focus": "boolean", "error-message": "string",
  };
  static get observedAttributes() {
    return [...super.observedAttributes, "value"];
  }
  static styles = [styles];
  /** @type {HTMLInputElement|HTMLTextAreaElement} */ control = this.makeControl();
  #label = h("label", { for: "control" });
  #error = h("p", { class: "error", part: "error", id: "error", role: "alert" });
  #counter = h("p", { class: "counter" });

  render(root) {
    const { control } = this;
    Object.assign(control, { id: "control", className: "control", dir: "auto" });
    control.setAttribute("part", "control");
    control.setAttribute("aria-describedby", "error");
    control.addEventListener("input", (event) => this.#onInput(event));
    control.addEventListener("change", (event) => this.#onChange(event));
    control.addEventListener("beforeinput", (event) => this.#onBeforeInput(event));
    root.append(this.#label, control, h("div", { class: "foot" }, this.#error, this.#counter), h("slot"));
    this.update(new Set(Object.keys(this.constructor.attributes)));
    if (this.autoFocus) queueMicrotask(() => control.focus());
  }

  attributeChangedCallback(name, before, after) {
    if (name === "value") this.value = after ?? "";
    else super.attributeChangedCallback(name, before, after);
  }

  update() {
    const { control } = this;
    const name = this.label || this.placeholder || this.getAttribute("aria-label") || this.title || this.name;
    this.#label.replaceChildren(...(this.label ? [this.label, this.required ? " *" : ""] : []));
    control.placeholder = this.placeholder;
    control.required = this.required;
    control.disabled = this.disabled;
    if (this.maxLength > 0) control.maxLength = this.maxLength;
    else control.removeAttribute("maxlength");
    if (this.label) control.removeAttribute("aria-label");
    else control.setAttribute("aria-label", name);
    this.#count();
  }

  get value() {
    return this.control.value;
  }

  set value(value) {
    this.control.value = value ?? "";
    if (this.isRendered) {
      this.#count();
      this.refreshValidity();
    }
  }

  get answer() {
    return this.value === "" ? undefined : this.value;
  }

  formResetCallback() {
    this.value = this.getAttribute("value") ?? "";
  }

  validate() {
    const { control, minLength } = this;
    const what = this.label ? `“${this.label}”` : "this field";
    if (this.required && control.value.trim() === "") return this.errorMessage || `Please fill in ${what}.`;
    if (control.value === "") return null;
    if (minLength && [...control.value].length < minLength) return this.errorMessage || `${what} needs at least ${minLength} characters.`.replace(/^this/, "This");
    return control.validity.valid ? null : this.errorMessage || control.validationMessage;
  }

  showProblem(message) {
    this.control.setAttribute("aria-invalid", String(Boolean(message)));
    super.showProblem(message);
  }

  focus(options) {
    this.control.focus(options);
  }

  #onInput(event) {
    event.stopPropagation();
    this.#count();
    this.showProblem(null);
    this.refreshValidity();
    this.dispatchEvent(new Event("input", { bubbles: true, composed: true }));
  }

  #onChange(event) {
    event.stopPropagation();
    const problem = this.autoValidate ? this.validate() : null;
    this.control.setAttribute("aria-invalid", String(Boolean(problem)));
    this.#error.textContent = problem ?? "";
    this.dispatchEvent(new Event("change", { bubbles: true, composed: true }));
  }

  /** Characters that the pattern does not allow are not taken (documented together with auto-validate). */
  #onBeforeInput(event) {
    if (!this.autoValidate || !this.allowedPattern || !event.data) return;
    const allowed = new RegExp(this.allowedPattern, "u");
    if (![...event.data].every((character) => allowed.test(character))) event.preventDefault();
  }

  #count() {
    if (!this.hasAttribute("char-counter")) return;
    this.#counter.textContent = `${this.control.value.length}${this.maxLength ? ` / ${this.maxLength}` : ""}`;
  }
}

class CrowdInput extends TextField {
  static attributes = { ...super.attributes, type: "string" };

  makeControl() {
    return h("input", { type: "text" });
  }

  update(names) {
    const known = ["text", "number", "email", "url", "tel", "search", "date", "time", "month", "week", "datetime-local", "password", "color"];
    this.control.type = known.includes(this.type) ? this.type : "text";
    super.update(names);
  }
}

class CrowdTextArea extends TextField {
  static attributes = { ...super.attributes, rows: "number", "max-rows": "number", "char-counter": "boolean" };

  makeControl() {
    return h("textarea", { rows: 2 });
  }

  update(names) {
    const rows = this.rows || 2;
    this.control.rows = rows;
    this.control.style.minHeight = `calc(${rows} * 1.4em + 1em)`;
    this.control.style.maxHeight = this.maxRows ? `calc(${this.maxRows} * 1.4em + 1.2em)` : "60vh";
    super.update(names);
  }
}

define("crowd-input", CrowdInput);
define("crowd-text-area", CrowdTextArea);
