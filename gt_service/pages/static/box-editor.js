/**
 * <box-editor>: boxes over an image, drawn, moved, sized, renamed and deleted with a pointer or by keys alone. It tells
 * of every change with an event "edit".
 *
 * A second editor, beside the one of gt-engine's task pages: the app is deployed without gt-engine and may import nothing
 * of it, and that one is made for labeling all day, with masks, zoom, history and a frame around it. An element, not a
 * class to import: an import's address has no version in it, and browsers keep these files for ever.
 */

/**
 * @typedef {{x: number, y: number}} Point in pixels of the image
 * @typedef {{width: number, height: number}} Size
 * @typedef {{left: number, top: number, width: number, height: number}} Area
 * @typedef {Area & {label: string}} Box
 */

const SVG = "http://www.w3.org/2000/svg";
const CORNERS = [[0, 0], [1, 0], [0, 1], [1, 1]];
const HANDLE = 8; // pixels of the screen, as large as a fingertip wants it
/** @type {Record<string, [number, number]>} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const HELP = "Draw on the image; drag a box or its corners. By keys: choose a box below, then arrows move it, Ctrl and arrows size it, with Shift in steps of ten, Delete deletes it.";

/** @param {number} value @param {number} least @param {number} most */
const between = (value, least, most) => Math.max(least, Math.min(value, most));

/** Inside the image, in whole pixels. @param {Box} box @param {Size} image @returns {Box} */
function inside(box, image) {
  const width = between(Math.round(box.width), 1, image.width);
  const height = between(Math.round(box.height), 1, image.height);
  return {
    label: box.label,
    left: between(Math.round(box.left), 0, image.width - width),
    top: between(Math.round(box.top), 0, image.height - height),
    width,
    height,
  };
}

/** @param {Point} one @param {Point} other corners that face each other @returns {Area} */
const spanned = (one, other) => ({
  left: Math.min(one.x, other.x), top: Math.min(one.y, other.y), width: Math.abs(other.x - one.x), height: Math.abs(other.y - one.y),
});

/** A corner is dragged, also across the one that faces it. @param {Area} was @param {string} corner "01": left, bottom @param {Point} by @param {Size} image */
function sized(was, corner, by, image) {
  const [isRight, isBottom] = [corner[0] === "1", corner[1] === "1"];
  const fixed = { x: was.left + (isRight ? 0 : was.width), y: was.top + (isBottom ? 0 : was.height) };
  const free = { x: was.left + (isRight ? was.width : 0) + by.x, y: was.top + (isBottom ? was.height : 0) + by.y };
  return spanned(fixed, { x: between(free.x, 0, image.width), y: between(free.y, 0, image.height) });
}

/** @param {string} name @param {Record<string, string|number>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

/** @param {string} words @param {string} look its class @param {() => void} act */
function button(words, look, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = look;
  made.textContent = words;
  made.onclick = act;
  return made;
}

export class BoxEditor extends HTMLElement {
  /** @type {Box[]} */
  #boxes = [];
  #selected = -1;
  /** @type {Size} */
  #image = { width: 0, height: 0 };
  /** @type {null | ((to: Point) => void)} what the pointer does that is down */
  #drag = null;
  #name = document.createElement("select"); // of the selected box, and of the next
  #list = document.createElement("ul");
  #status = document.createElement("p");
  #layer = shape("g", {});
  #picture = document.createElementNS(SVG, "svg");

  /**
   * Lays the boxes over the image in place of those that are drawn there.
   * @param {{size: [number, number] | null, boxes: Array<Array<any>> | null, labels: string[]}} label
   *   a box is a label, left, top, width, height @param {SVGSVGElement} picture
   */
  open({ size, boxes, labels }, picture) {
    const [width, height] = size || [0, 0];
    this.#image = { width, height };
    this.#boxes = (boxes || []).map(([label, left, top, across, down]) => ({ label, left, top, width: across, height: down }));
    this.#selected = this.#boxes.length ? 0 : -1;
    this.#picture = picture;
    this.#buildControls(labels);
    picture.querySelectorAll(".box, .box-label").forEach((old) => old.remove());
    picture.classList.add("editing");
    picture.append(this.#layer);
    picture.addEventListener("pointerdown", (event) => this.#press(event));
    picture.addEventListener("pointermove", (event) => this.#drag?.(this.#point(event)));
    for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => { this.#drag = null; });
    this.#draw();
  }

  /** @returns {Box[]} */
  get boxes() {
    return this.#boxes.map((box) => ({ ...box }));
  }

  /** @param {string[]} labels */
  #buildControls(labels) {
    const [help, label, tools] = ["p", "label", "div"].map((name) => document.createElement(name));
    help.className = this.#status.className = "about";
    help.textContent = HELP;
    this.#name.name = "label";
    this.#name.append(...labels.map((name) => new Option(name)));
    this.#name.onchange = () => this.#change(this.#selected, { label: this.#name.value });
    label.append("Class of the chosen box, and of the next ", this.#name);
    tools.className = "actions";
    tools.append(
      button("Add a box", "outline", () => this.#addByKeys()),
      button("Delete the box", "outline", () => this.#remove(this.#selected)),
    );
    this.#list.className = "boxes";
    this.#status.setAttribute("aria-live", "polite");
    this.append(help, label, tools, this.#list, this.#status);
  }

  // --- changes

  #edited() {
    this.dispatchEvent(new Event("edit"));
    this.#draw();
  }

  /** @param {number} index @param {Partial<Box>} by */
  #change(index, by) {
    if (!this.#boxes[index]) return;
    this.#boxes[index] = inside({ ...this.#boxes[index], ...by }, this.#image);
    this.#edited();
  }

  /** @param {Area} area @returns {number} its index */
  #add(area) {
    this.#boxes.push(inside({ label: this.#name.value, ...area }, this.#image));
    this.#selected = this.#boxes.length - 1;
    this.#edited();
    return this.#selected;
  }

  /** In the middle, to be moved from there. */
  #addByKeys() {
    const { width, height } = this.#image;
    this.#add({ left: width * 3 / 8, top: height * 3 / 8, width: width / 4, height: height / 4 });
    this.#choice?.focus();
  }

  /** @param {number} index */
  #remove(index) {
    if (!this.#boxes[index]) return;
    this.#boxes.splice(index, 1);
    this.#selected = Math.min(index, this.#boxes.length - 1);
    this.#edited();
    this.#status.textContent = "Box deleted.";
    (this.#choice || this.#picture).focus();
  }

  // --- by keys

  /** Arrows move, with Ctrl or Alt they size, with Shift in tens; Delete deletes. @param {KeyboardEvent} event @param {number} index */
  #key(event, index) {
    const box = this.#boxes[index];
    const [across, down] = ARROWS[event.key] ?? [0, 0];
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = [across * step, down * step];
    if (event.key === "Delete" || event.key === "Backspace") this.#remove(index);
    else if (!dx && !dy) return;
    else {
      this.#selected = index;
      const { width, height } = this.#image;
      this.#change(index, event.ctrlKey || event.altKey
        ? { width: Math.min(box.width + dx, width - box.left), height: Math.min(box.height + dy, height - box.top) }
        : { left: box.left + dx, top: box.top + dy });
    }
    event.preventDefault();
  }

  // --- with a pointer

  /** Where a pointer is. @param {PointerEvent} event @returns {Point} */
  #point(event) {
    const matrix = /** @type {DOMMatrix} */ (this.#picture.getScreenCTM()).inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return { x: between(x, 0, this.#image.width), y: between(y, 0, this.#image.height) };
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button) return;
    const { box, corner } = /** @type {SVGElement} */ (event.target).dataset;
    event.preventDefault();
    this.#picture.setPointerCapture(event.pointerId);
    this.#drag = box === undefined ? this.#drawing(this.#point(event)) : this.#dragging(Number(box), corner, this.#point(event));
  }

  /** A click alone selects nothing and draws nothing; a drag draws. @param {Point} from */
  #drawing(from) {
    const least = Math.max(this.#image.width, this.#image.height) / 80;
    let drawn = -1;
    return (/** @type {Point} */ to) => {
      const area = spanned(from, to);
      if (drawn >= 0) this.#change(drawn, { label: this.#name.value, ...area });
      else if (area.width > least && area.height > least) drawn = this.#add(area);
    };
  }

  /** A box, or one of its corners. @param {number} index @param {string|undefined} corner @param {Point} from */
  #dragging(index, corner, from) {
    const was = { ...this.#boxes[index] };
    this.#selected = index;
    this.#draw();
    return (/** @type {Point} */ to) => {
      const by = { x: to.x - from.x, y: to.y - from.y };
      this.#change(index, corner ? sized(was, corner, by, this.#image) : { left: was.left + by.x, top: was.top + by.y });
    };
  }

  // --- what is shown

  /** The selected box in the list. @returns {HTMLElement | null} */
  get #choice() {
    return this.#list.querySelector("[aria-pressed=true]");
  }

  #draw() {
    this.#layer.replaceChildren(...this.#boxes.flatMap((box, index) => this.#shapes(box, index)));
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...this.#boxes.map((box, index) => this.#listed(box, index)));
    if (this.#boxes[this.#selected]) this.#name.value = this.#boxes[this.#selected].label;
    if (hadFocus) this.#choice?.focus();
  }

  /** @param {Box} box @param {number} index */
  #shapes({ left: x, top: y, width, height }, index) {
    const isSelected = index === this.#selected;
    const rectangle = (/** @type {string} */ kind, /** @type {number} */ stroke) => shape("rect", {
      x, y, width, height, class: `box ${kind}${isSelected ? " selected" : ""}`, "stroke-width": stroke + (isSelected ? 1 : 0), "data-box": index,
    });
    const lines = [rectangle("halo", 5), rectangle("human", 2)];
    if (!isSelected) return lines;
    const pixel = 1 / (this.#picture.getScreenCTM()?.a || 1); // of the screen, in pixels of the image
    return [...lines, ...CORNERS.map(([right, bottom]) => shape("circle", {
      cx: x + right * width, cy: y + bottom * height, r: HANDLE * pixel, class: "handle", "data-box": index, "data-corner": `${right}${bottom}`,
    }))];
  }

  /** @param {Box} box @param {number} index */
  #listed({ label, left, top, width, height }, index) {
    const isSelected = index === this.#selected;
    const words = `${index + 1}. ${label}, ${width} × ${height} at ${left}, ${top}`;
    const choice = button(words, isSelected ? "outline" : "outline secondary", () => {
      this.#selected = index;
      this.#draw();
    });
    choice.setAttribute("aria-pressed", String(isSelected));
    choice.onkeydown = (event) => this.#key(event, index);
    const item = document.createElement("li");
    item.append(choice);
    return item;
  }
}

customElements.define("box-editor", BoxEditor);
