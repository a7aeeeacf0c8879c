// The row of tools below the image: an icon, a word and the key of each.
import { h } from "../element.js";
import { icon } from "./icons.js";

/**
 * @typedef {object} Command
 * @property {string} name its icon too, unless `icon` says otherwise
 * @property {string} [icon]
 * @property {string} label "Zoom in"
 * @property {string} key as a person reads it: "Z", "Ctrl+Z"
 * @property {string} [does] what the list of keys says, where the label is too short
 * @property {() => void} run
 * @property {() => boolean} [isOn] for a switch
 * @property {() => boolean} [isPossible]
 */
/** @typedef {{name: string, label: string, value: number, least: number, most: number, usual: number, unit: string, set: (value: number) => void}} Slider */

export class Toolbar {
  /** @type {{command: Command, button: HTMLButtonElement}[]} */ #buttons = [];

  /** @param {HTMLElement} root @param {readonly (readonly Command[])[]} groups @param {readonly HTMLElement[]} [more] */
  constructor(root, groups, more = []) {
    root.append(
      h("div", { class: "toolbar", role: "toolbar", "aria-label": "Tools" },
        ...groups.map((group) => h("div", { class: "group", role: "group" }, group.map((command) => this.#button(command))))),
      ...more);
    this.refresh();
  }

  /** @param {Command} command */
  #button(command) {
    const { name, label, does = label, key, run } = command;
    const button = h("button", { type: "button", class: "tool", title: `${does} (${key})`, "data-tool": name, "aria-keyshortcuts": key.replace("Ctrl", "Control"), onclick: run },
      icon(command.icon ?? name), h("span", { class: "name" }, label), h("kbd", { "aria-hidden": "true" }, key));
    this.#buttons.push({ command, button });
    return button;
  }

  /** Follows what is on and what is possible. */
  refresh() {
    for (const { command, button } of this.#buttons) {
      if (command.isOn) button.setAttribute("aria-pressed", String(command.isOn()));
      if (command.isPossible) button.disabled = !command.isPossible();
    }
  }
}

/** A slider that opens over the image. */
export class SliderPanel {
  /** @type {Slider | null} */ #slider = null;

  /** @param {() => void} closed gives the focus back */
  constructor(closed) {
    this.closed = closed;
    this.name = h("label", { for: "slider" });
    this.input = h("input", { type: "range", id: "slider" });
    this.output = h("output", { for: "slider" });
    this.root = h("div", { class: "slider", hidden: true }, this.name, this.input, this.output,
      h("button", { type: "button", class: "button link", onclick: () => this.#set(this.#slider?.usual ?? 0) }, "Reset"),
      h("button", { type: "button", class: "button link icon", "aria-label": "Close", onclick: () => this.close() }, "×"));
    this.input.addEventListener("input", () => this.#set(Number(this.input.value)));
  }

  get openName() { return this.root.hidden ? null : this.#slider?.name ?? null; }

  /** @param {Slider} slider */
  toggle(slider) {
    if (this.openName === slider.name) {
      this.close();
      return;
    }
    this.#slider = slider;
    this.name.textContent = slider.label;
    this.input.min = String(slider.least);
    this.input.max = String(slider.most);
    this.root.hidden = false;
    this.#set(slider.value);
    this.input.focus();
  }

  close() {
    if (this.root.hidden) return false;
    this.root.hidden = true;
    this.closed();
    return true;
  }

  /** @param {number} value */
  #set(value) {
    const slider = this.#slider;
    if (!slider) return;
    slider.value = value;
    this.input.value = String(value);
    this.output.textContent = `${value}${slider.unit}`;
    slider.set(value);
  }
}
