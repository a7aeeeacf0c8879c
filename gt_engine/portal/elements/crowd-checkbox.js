/** crowd-checkbox, crowd-toggle-button, crowd-radio-button and crowd-radio-group: yes or no, and one of several. */

import { CrowdElement, css, define, h } from "./base.js";

const styles = css`
  :host { display: inline-block; margin-block: .2rem; }
  label { display: inline-flex; align-items: flex-start; gap: .5rem; cursor: pointer; min-height: 1.5rem; }
  label:has(:disabled) { cursor: not-allowed; color: var(--crowd-muted); }
  input { flex: none; width: 1.1rem; height: 1.1rem; margin: .2rem 0 0; accent-color: var(--crowd-accent); cursor: inherit; }
  input[role="switch"] {
    appearance: none; width: 2.3rem; height: 1.3rem; margin-top: .1rem; border-radius: 1rem; position: relative;
    background: var(--crowd-control); transition: background .12s;
  }
  input[role="switch"]::after {
    content: ""; position: absolute; inset: .15rem auto auto .15rem; width: 1rem; height: 1rem; border-radius: 50%; background: #fff; transition: translate .12s;
  }
  input[role="switch"]:checked { background: var(--crowd-accent); }
  input[role="switch"]:checked::after { translate: 1rem; }
  input[aria-invalid="true"] { outline: 2px solid var(--crowd-danger); }
`;

/** The state is the `checked` attribute, which is there or not. */
class Checkable extends CrowdElement {
  static attributes = { ...super.attributes, checked: "boolean", disabled: "boolean", required: "boolean", value: "string" };
  static styles = [styles];
  #initial = false;
  control = this.makeControl();

  render(root) {
    this.#initial = this.checked;
    this.control.addEventListener("change", (event) => {
      event.stopPropagation();
      this.choose(this.control.checked);
    });
    this.control.addEventListener("input", (event) => event.stopPropagation());
    root.append(h("label", {}, this.control, h("span", { part: "label" }, h("slot"))), h("p", { class: "error", part: "error", role: "alert" }));
    this.update();
  }

  /** As a person does it. */
  choose(isChecked) {
    this.checked = isChecked;
    this.changed();
  }

  update() {
    this.control.checked = this.checked;
    this.control.disabled = this.disabled;
    this.control.setAttribute("aria-invalid", String(this.hasAttribute("invalid")));
    if (!this.textContent.trim()) this.control.setAttribute("aria-label", this.title || this.value || this.name);
  }

  get value() {
    return this.getAttribute("value") || "on";
  }

  set value(value) {
    this.setAttribute("value", value ?? "");
  }

  get answer() {
    return { [this.value]: this.checked };
  }

  get draft() {
    return this.checked;
  }

  set draft(draft) {
    this.checked = draft;
  }

  formResetCallback() {
    this.checked = this.#initial;
  }

  validate() {
    return this.required && !this.checked ? `Please tick “${this.textContent.trim() || this.value}”.` : null;
  }

  focus(options) {
    this.control.focus(options);
  }
}

class CrowdCheckbox extends Checkable {
  makeControl() {
    return h("input", { type: "checkbox" });
  }
}

class CrowdToggleButton extends Checkable {
  static attributes = { ...super.attributes, invalid: "boolean" };

  makeControl() {
    return h("input", { type: "checkbox", role: "switch" });
  }
}

class CrowdRadioButton extends Checkable {
  makeControl() {
    return h("input", { type: "radio" });
  }

  render(root) {
    super.render(root);
    this.control.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.#rove();
  }

  update() {
    super.update();
    if (this.checked) for (const other of this.#others()) other.checked = false;
    this.#rove();
  }

  validate() {
    return this.required && ![this, ...this.#others()].some((button) => button.checked) ? "Please choose one." : null;
  }

  /** All of a group, or, outside one, all of the same name. */
  #all() {
    const group = this.closest("crowd-radio-group");
    if (group) return [...group.querySelectorAll("crowd-radio-button")];
    const near = [...(this.closest("crowd-form") ?? this.getRootNode()).querySelectorAll("crowd-radio-button")];
    return near.filter((button) => button === this || (button.name === this.name && !button.closest("crowd-radio-group")));
  }

  #others() {
    return this.#all().filter((button) => button !== this);
  }

  /** Tab comes to the chosen button of a group, or to its first. */
  #rove() {
    const all = this.#all().filter((button) => button instanceof CrowdRadioButton);
    const stop = all.find((button) => button.checked) ?? all[0];
    for (const button of all) button.control.tabIndex = button === stop ? 0 : -1;
  }

  #onKeydown(event) {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    const usable = this.#all().filter((button) => !button.disabled);
    if (!step || usable.length < 2) return;
    event.preventDefault();
    const next = usable.at((usable.indexOf(this) + step) % usable.length);
    next.choose(true);
    next.focus();
  }
}

class CrowdRadioGroup extends CrowdElement {
  static formAssociated = false;
  static styles = [css`:host { display: flex; flex-direction: column; align-items: flex-start; gap: .1rem; margin-block: .35rem; }`];

  render(root) {
    this.internals.role = "radiogroup";
    super.render(root);
  }
}

define("crowd-checkbox", CrowdCheckbox);
define("crowd-toggle-button", CrowdToggleButton);
define("crowd-radio-group", CrowdRadioGroup);
define("crowd-radio-button", CrowdRadioButton);
