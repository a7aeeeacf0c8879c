/** A list of categories to choose one or several of, each with its key. */

import { KEYS, css, h } from "./base.js";

export const choicesStyles = css`
  fieldset.choices { border: 0; margin: 0; padding: 0; min-width: 0; }
  .choices legend { padding: 0; margin: 0 0 .5rem; font-size: .95rem; font-weight: 600; }
  .choices .filter { width: 100%; margin-bottom: .5rem; padding: .4em .6em; background: var(--crowd-surface); border: 1px solid var(--crowd-control); border-radius: var(--crowd-radius); }
  .choices .list { display: flex; flex-direction: column; gap: .3rem; }
  .choices label {
    display: flex; align-items: center; gap: .6rem; min-height: 2.4rem; padding: .35rem .6rem; cursor: pointer;
    border: 1px solid var(--crowd-line); border-radius: var(--crowd-radius); overflow-wrap: anywhere; line-height: 1.3;
  }
  .choices label:hover { background: var(--crowd-raised); }
  .choices label:has(:checked) { border-color: var(--crowd-accent); background: var(--crowd-tint); box-shadow: inset 0 0 0 1px var(--crowd-accent); }
  .choices label:has(:focus-visible) { outline: 2px solid var(--crowd-accent); outline-offset: 2px; }
  .choices input { margin: 0; flex: none; accent-color: var(--crowd-accent); outline: none; }
  .choices input:is([type="radio"], [type="checkbox"]) { width: 1.05rem; height: 1.05rem; }
  .choices .text { flex: 1; min-width: 0; }
  .choices .exclusion { margin-top: .4rem; font-style: italic; }
  @container (max-width: 52rem) { .choices .list { flex-direction: row; flex-wrap: wrap; } .choices .exclusion { margin-top: 0; } }
`;
/** Each category's key, in their order. "1 - not at all" has the key 1, wherever it stands. @param {string[]} categories */
function keysFor(categories) {
  const digits = categories.map((category) => /^\d(?!\d)/.exec(category)?.[0]);
  return new Set(digits).size === categories.length && digits.every(Boolean) ? digits : KEYS;
}

const FILTER_FROM = 12; // categories: from so many on a field to search them is shown

export class Choices {
  #isMultiple;
  #onChange;
  #name = `choices-${Math.random().toString(36).slice(2)}`;
  /** @type {string[]} */ #categories = [];
  /** @type {string|null} */ #exclusion = null;
  /** @type {readonly string[]} */ #keys = KEYS;
  /** @type {Set<string>} */ #chosen = new Set();

  /** @param {{isMultiple: boolean, title: string, onChange: () => void}} options */
  constructor({ isMultiple, title, onChange }) {
    this.#isMultiple = isMultiple;
    this.#onChange = onChange;
    this.list = h("div", { class: "list" });
    this.filter = h("input", { class: "filter", type: "search", placeholder: "Search", "aria-label": "Search the categories", oninput: () => this.#applyFilter() });
    this.element = h("fieldset", { class: "choices" }, h("legend", {}, title), this.filter, this.list);
    this.list.addEventListener("change", (event) => this.#read(event));
    this.list.addEventListener("input", (event) => event.stopPropagation());
  }

  /** What is offered; a choice that is still offered stays. @param {string[]} categories @param {string|null} exclusion stands alone */
  offer(categories, exclusion = null) {
    this.#categories = categories.map(String);
    this.#exclusion = exclusion;
    this.#keys = keysFor(this.#all);
    this.#chosen = new Set(this.#all.filter((category) => this.#chosen.has(category)));
    this.list.replaceChildren(...this.#all.map((category, index) => this.#choice(category, index)));
    this.filter.hidden = this.#all.length < FILTER_FROM;
    this.#show();
  }

  /** Chosen categories in the order in which they are offered. */
  get chosen() {
    return this.#all.filter((category) => this.#chosen.has(category));
  }

  set chosen(categories) {
    this.#chosen = new Set(categories.map(String).filter((category) => this.#all.includes(category)));
    this.#show();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it chose something */
  onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return false;
    const category = this.#all[this.#keys.indexOf(event.key.toLowerCase())];
    if (category === undefined) return false;
    if (!event.repeat) this.#choose(category, !(this.#isMultiple && this.#chosen.has(category)));
    return true;
  }

  /** For the list of keys. */
  shortcuts() {
    return this.#all.slice(0, this.#keys.length).map((category, index) => ({ keys: [this.#keys[index].toUpperCase()], does: `Choose “${category}”` }));
  }

  get #all() {
    return this.#exclusion === null ? this.#categories : [...this.#categories, this.#exclusion];
  }

  #choice(category, index) {
    const key = this.#keys[index];
    return h("label", { class: category === this.#exclusion ? "exclusion" : null },
      h("input", { type: this.#isMultiple ? "checkbox" : "radio", name: this.#name, value: category, "aria-keyshortcuts": key }),
      h("span", { class: "text", dir: "auto" }, category), key && h("kbd", { "aria-hidden": "true" }, key.toUpperCase()));
  }

  #read(event) {
    event.stopPropagation();
    this.#choose(event.target.value, event.target.checked);
  }

  #choose(category, isChosen) {
    if (!this.#isMultiple || category === this.#exclusion) this.#chosen.clear();
    else if (this.#exclusion !== null) this.#chosen.delete(this.#exclusion);
    if (isChosen) this.#chosen.add(category);
    else this.#chosen.delete(category);
    this.#show();
    this.#onChange();
  }

  #show() {
    for (const input of this.list.querySelectorAll("input")) input.checked = this.#chosen.has(input.value);
  }

  #applyFilter() {
    const words = this.filter.value.trim().toLowerCase();
    for (const label of this.list.children) label.hidden = !label.textContent.toLowerCase().includes(words);
  }
}
