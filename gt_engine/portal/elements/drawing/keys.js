// What keys do in an element that draws: its own first, then tools, then labels.
import { indexOfKey } from "./labels.js";

/** @typedef {import("./image-element.js").ImageElement} ImageElement */

export const SHORTCUTS = [
  { keys: ["1 … 9", "0", "G … U"], does: "Choose the label with this key" },
  { keys: ["X"], does: "Nothing to label" },
  { keys: ["Space"], does: "Hold and drag to move the image; pressed alone, click at the crosshair" },
  { keys: ["Arrows"], does: "Move the crosshair; with Shift faster, with Alt by one pixel" },
  { keys: ["Wheel"], does: "Zoom at the pointer; with Shift, move sideways" },
];

export class Keys {
  /** @param {ImageElement} element */
  constructor(element) { this.element = element; }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was used */
  down(event) {
    const { element } = this;
    if (isPressing(event)) return false;
    const key = nameOf(event);
    if (event.ctrlKey || event.metaKey) return this.#withCtrl(key, event.shiftKey);
    if (key === "Escape" && element.slider.close()) return true;
    if (element.onOwnKey(key, event)) return true;
    if (event.altKey) return false;
    if (key === " ") return this.#holdSpace();
    if (key === "x") {
      element.editor.markNothing(!element.editor.nothing);
      return true;
    }
    return this.#runCommand(key) || this.#chooseLabel(key);
  }

  /** The space bar is up, or the window hears of no keys any more. */
  rest() {
    this.element.pointers.pans = false;
    this.element.surface.root.classList.remove("pans");
  }

  /** @param {KeyboardEvent} event */
  up(event) {
    const { pointers, crosshair } = this.element;
    if (event.key !== " " || !pointers.pans) return;
    this.rest();
    if (pointers.hasPanned || !crosshair.place) return;
    this.element.clickAt(crosshair.place);
    this.element.planRedraw();
  }

  /** @param {string} key @param {boolean} shift */
  #withCtrl(key, shift) {
    if (key === "y" || (key === "z" && shift)) this.element.redo();
    else if (key === "z") this.element.undo();
    else return false;
    return true;
  }

  #holdSpace() {
    const { pointers, surface } = this.element;
    if (!pointers.pans) pointers.hasPanned = false;
    pointers.pans = true;
    surface.root.classList.add("pans");
    return true;
  }

  /** @param {string} key */
  #runCommand(key) {
    const command = this.element.allCommands.find((each) => each.key.toLowerCase() === key);
    if (command?.isPossible?.() ?? true) command?.run();
    return command !== undefined;
  }

  /** @param {string} key */
  #chooseLabel(key) {
    const label = this.element.labelNames[indexOfKey(key)];
    if (label !== undefined) this.element.editor.choose(label);
    return label !== undefined;
  }
}

/**
 * The key's name, letters small. Where a keyboard writes other letters (я) or marks on the digits (é, &), it is the
 * letter or digit at that place of a Latin keyboard.
 * @param {KeyboardEvent} event
 */
function nameOf({ key, code }) {
  if (key.length > 1 || /^[a-z0-9 [\]]$/i.test(key)) return key.length === 1 ? key.toLowerCase() : key;
  return /^(?:Key|Digit)(.)$/.exec(code)?.[1].toLowerCase() ?? key;
}

/** Whether a key belongs to the control that has the focus: Space and Enter to buttons, arrows to sliders. @param {KeyboardEvent} event */
function isPressing(event) {
  const target = event.composedPath()[0];
  if (!(target instanceof Element)) return false;
  if (event.key === " " || event.key === "Enter") return target.closest("button, a, summary, input") !== null;
  return event.key.startsWith("Arrow") && target.matches("input");
}
