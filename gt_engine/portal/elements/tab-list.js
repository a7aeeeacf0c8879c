/** Tabs as screen readers know them: arrows go from one to the next. */

import { css, h } from "./base.js";

export const tabStyles = css`
  .tabs [role="tablist"] { display: flex; flex-wrap: wrap; gap: .25rem; border-bottom: 1px solid var(--crowd-line); margin-bottom: 1rem; }
  .tabs [role="tab"] { padding: .5rem .9rem; border: 0; border-bottom: 3px solid transparent; background: none; cursor: pointer; font-weight: 500; color: var(--crowd-muted); }
  .tabs [role="tab"][aria-selected="true"] { border-color: var(--crowd-accent); color: var(--crowd-text); }
`;

export class TabList {
  /** @param {string} label @param {[string, Element][]} tabs title and content @param {number} selected */
  constructor(label, tabs, selected = 0) {
    const list = h("div", { role: "tablist", "aria-label": label });
    this.buttons = tabs.map(([title], index) =>
      h("button", { type: "button", role: "tab", id: `tab-${index}`, "aria-controls": `panel-${index}`, onclick: () => this.select(index) }, title));
    this.panels = tabs.map(([, content], index) => h("div", { role: "tabpanel", id: `panel-${index}`, "aria-labelledby": `tab-${index}` }, content));
    list.append(...this.buttons);
    list.addEventListener("keydown", (event) => this.#onKeydown(event));
    this.element = h("div", { class: "tabs" }, list, ...this.panels);
    this.select(selected);
  }

  select(selected) {
    this.selected = selected;
    this.buttons.forEach((button, index) => {
      button.setAttribute("aria-selected", String(index === selected));
      button.tabIndex = index === selected ? 0 : -1;
    });
    this.panels.forEach((panel, index) => { panel.hidden = index !== selected; });
  }

  #onKeydown(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    this.select((this.selected + step + this.buttons.length) % this.buttons.length);
    this.buttons[this.selected].focus();
  }
}
