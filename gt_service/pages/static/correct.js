// Corrects an image's label on its page: boxes are drawn, moved, sized, renamed and deleted with a pointer or by keys
// alone, classes are chosen. Nothing is kept before "Save"; the server refuses what was drawn over an older label.

/**
 * @typedef {{label: string, left: number, top: number, width: number, height: number}} Box in pixels of the image
 * @typedef {{image: string, source: string, replaces: string, size: [number, number] | null, boxes: Array<Array<any>> | null,
 *   classes: string[] | null, several: boolean, labels: string[]}} Label what the page knows
 */

const SVG = "http://www.w3.org/2000/svg";
const section = /** @type {HTMLElement} */ (document.getElementById("correct"));
const given = /** @type {Label} */ (JSON.parse(section.dataset.label || "{}"));

/** @param {string} name @param {Record<string, any>} attributes @param {Array<Node | string>} children */
function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value != null) made.setAttribute(key, String(value));
  }
  made.append(...children);
  return made;
}

/** @param {string} name @param {Record<string, any>} attributes */
function shape(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  return made;
}

let isChanged = false;
addEventListener("beforeunload", (event) => {
  if (isChanged) event.preventDefault();
});

const refusal = element("p", { class: "refusal", role: "alert", hidden: true });
const why = element("input", { name: "why", maxlength: 500, autocomplete: "off" });
const key = [...crypto.getRandomValues(new Uint8Array(16))].map((n) => n.toString(16).padStart(2, "0")).join("");
let tries = 0;

/** Sends a label; null takes the image's label out. @param {any} label @param {HTMLButtonElement} button */
async function save(label, button) {
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  refusal.hidden = true;
  try {
    const answer = await fetch(section.dataset.action || "", {
      method: "POST",
      headers: {
        "Accept": "application/json",
        "Content-Type": "application/json",
        "Gt-Service-Page": "1",
        // A second click is the same request; another label after a refusal is another one.
        "Idempotency-Key": `${key}-${tries}`,
      },
      body: JSON.stringify({ image: given.image, source: given.source, replaces: given.replaces, label, why: why.value }),
    });
    if (answer.ok) {
      isChanged = false;
      location.reload();
      return;
    }
    tries += 1;
    const body = await answer.json().catch(() => ({}));
    refuse([body.message || `The server answered ${answer.status}.`, body.remedy].filter(Boolean).join(" "));
  } catch {
    refuse("The server cannot be reached. Your changes are still here; try again.");
  }
  button.removeAttribute("aria-busy");
  button.disabled = false;
}

/** @param {string} text */
function refuse(text) {
  refusal.textContent = text;
  refusal.hidden = false;
}

/** The fields and buttons that both kinds of labels have. @param {() => any} label @param {HTMLElement[]} fields */
function form(label, ...fields) {
  const submit = element("button", { type: "submit" }, "Save");
  const remove = element("button", { type: "button", class: "outline danger", onclick: takeOut }, "Take the label out");
  const cancel = element("button", { type: "button", class: "secondary outline", onclick: reset }, "Cancel");
  function takeOut() {
    if (confirm("Take this image's label out? It is then in no export.")) save(null, /** @type {any} */ (remove));
  }
  function reset() {
    isChanged = false;
    location.reload();
  }
  const whole = element(
    "form",
    {
      class: "correcting",
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        save(label(), /** @type {any} */ (submit));
      },
    },
    ...fields,
    element("label", { class: "why" }, "Why (for the history) ", why),
    refusal,
    element("div", { class: "actions" }, submit, cancel, remove),
  );
  return whole;
}

/** @returns {HTMLElement} */
function classesForm() {
  const chosen = new Set(given.classes);
  const kind = given.several ? "checkbox" : "radio";
  const fields = given.labels.map((name) =>
    element("label", {}, element("input", {
      type: kind, name: "class", value: name, checked: chosen.has(name), onchange: () => { isChanged = true; },
    }), ` ${name}`));
  const set = element("fieldset", {}, element("legend", {}, given.several ? "Classes" : "Class"), ...fields);
  const label = () => ({
    classes: [.../** @type {NodeListOf<HTMLInputElement>} */ (set.querySelectorAll("input:checked"))].map((one) => one.value),
  });
  return form(label, set);
}

/** @returns {HTMLElement} */
function boxesForm() {
  const [width, height] = given.size || [0, 0];
  const unit = Math.max(width, height) / 160;
  const svg = /** @type {SVGSVGElement} */ (document.querySelector("#picture svg"));
  svg.querySelectorAll(".box, .box-label").forEach((old) => old.remove());
  svg.classList.add("editing");
  const layer = svg.appendChild(shape("g", {}));
  /** @type {Box[]} */
  const boxes = (given.boxes || []).map(([label, left, top, across, down]) => ({ label, left, top, width: across, height: down }));
  let selected = boxes.length ? 0 : -1;

  const list = element("ul", { class: "boxes" });
  const name = /** @type {HTMLSelectElement} */ (element(
    "select", { name: "label", onchange: () => change(selected, { label: name.value }) },
    ...given.labels.map((label) => element("option", { value: label }, label)),
  ));
  const status = element("p", { class: "about", "aria-live": "polite" });

  /** Keeps a box inside the image, in whole pixels. @param {Box} box @returns {Box} */
  function inside(box) {
    const across = Math.max(1, Math.min(Math.round(box.width), width));
    const down = Math.max(1, Math.min(Math.round(box.height), height));
    return {
      label: box.label,
      left: Math.max(0, Math.min(Math.round(box.left), width - across)),
      top: Math.max(0, Math.min(Math.round(box.top), height - down)),
      width: across,
      height: down,
    };
  }

  /** @param {number} index @param {Partial<Box>} by */
  function change(index, by) {
    if (!boxes[index]) return;
    boxes[index] = inside({ ...boxes[index], ...by });
    isChanged = true;
    draw();
  }

  /** @param {Box} box */
  function add(box) {
    boxes.push(inside(box));
    selected = boxes.length - 1;
    isChanged = true;
    draw();
  }

  /** @param {number} index */
  function remove(index) {
    if (!boxes[index]) return;
    boxes.splice(index, 1);
    selected = Math.min(index, boxes.length - 1);
    isChanged = true;
    draw();
    status.textContent = "Box deleted.";
    (/** @type {HTMLElement | null} */ (list.querySelector("[aria-pressed=true]")) || svg).focus();
  }

  function draw() {
    layer.replaceChildren();
    const focused = list.contains(document.activeElement);
    list.replaceChildren();
    boxes.forEach((box, index) => {
      const { left: x, top: y, width: across, height: down } = box;
      const isSelected = index === selected;
      for (const kind of ["halo", "human"]) {
        layer.append(shape("rect", {
          x, y, width: across, height: down, class: `box ${kind}${isSelected ? " selected" : ""}`,
          "stroke-width": (kind === "halo" ? 5 : 2) + (isSelected ? 1 : 0), "data-box": index,
        }));
      }
      if (isSelected) {
        for (const [dx, dy] of [[0, 0], [1, 0], [0, 1], [1, 1]]) {
          layer.append(shape("circle", {
            cx: x + dx * across, cy: y + dy * down, r: 8 * screenPixel(), class: "handle", "data-box": index, "data-corner": `${dx}${dy}`,
          }));
        }
      }
      const what = `${index + 1}. ${box.label}, ${across} × ${down} at ${x}, ${y}`;
      list.append(element("li", {}, element("button", {
        type: "button", class: isSelected ? "outline" : "outline secondary", "aria-pressed": String(isSelected),
        onclick: () => { selected = index; draw(); }, onkeydown: (/** @type {KeyboardEvent} */ event) => keys(event, index),
      }, what)));
    });
    if (boxes[selected]) name.value = boxes[selected].label;
    const current = /** @type {HTMLElement | null} */ (list.querySelector("[aria-pressed=true]"));
    if (focused && current) current.focus();
  }

  /** Arrows move, with Ctrl or Alt they size, with Shift in tens; Delete deletes. @param {KeyboardEvent} event @param {number} index */
  function keys(event, index) {
    const box = boxes[index];
    const step = event.shiftKey ? 10 : 1;
    const [dx, dy] = /** @type {Record<string, number[]>} */ ({
      ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step],
    })[event.key] || [0, 0];
    if (event.key === "Delete" || event.key === "Backspace") remove(index);
    else if (!dx && !dy) return;
    else if (event.ctrlKey || event.altKey) {
      selected = index;
      change(index, { width: Math.min(box.width + dx, width - box.left), height: Math.min(box.height + dy, height - box.top) });
    } else {
      selected = index;
      change(index, { left: box.left + dx, top: box.top + dy });
    }
    event.preventDefault();
  }

  /** How many pixels of the image one of the screen is: handles stay as large as a fingertip wants them. */
  function screenPixel() {
    return 1 / ((svg.getScreenCTM() || { a: 1 }).a || 1);
  }

  /** Where a pointer is, in pixels of the image. @param {PointerEvent} event */
  function point(event) {
    const matrix = /** @type {DOMMatrix} */ (svg.getScreenCTM()).inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return { x: Math.max(0, Math.min(x, width)), y: Math.max(0, Math.min(y, height)) };
  }

  /** @type {null | ((at: {x: number, y: number}) => void)} */
  let drag = null;
  svg.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    const from = point(event);
    const target = /** @type {SVGElement} */ (event.target);
    const index = target.dataset.box === undefined ? -1 : Number(target.dataset.box);
    event.preventDefault();
    svg.setPointerCapture(event.pointerId);
    if (index < 0) {
      // A click alone selects nothing and draws nothing; a drag draws.
      let drawn = -1;
      drag = (to) => {
        const box = {
          label: name.value, left: Math.min(from.x, to.x), top: Math.min(from.y, to.y),
          width: Math.abs(to.x - from.x), height: Math.abs(to.y - from.y),
        };
        if (drawn >= 0) change(drawn, box);
        else if (box.width > unit * 2 && box.height > unit * 2) {
          add(box);
          drawn = boxes.length - 1;
        }
      };
      return;
    }
    selected = index;
    const was = { ...boxes[index] };
    const corner = target.dataset.corner;
    draw();
    drag = (to) => {
      const x = to.x - from.x;
      const y = to.y - from.y;
      if (!corner) return change(index, { left: was.left + x, top: was.top + y });
      const fixed = { x: was.left + (corner[0] === "1" ? 0 : was.width), y: was.top + (corner[1] === "1" ? 0 : was.height) };
      const free = { x: was.left + (corner[0] === "1" ? was.width : 0) + x, y: was.top + (corner[1] === "1" ? was.height : 0) + y };
      free.x = Math.max(0, Math.min(free.x, width));
      free.y = Math.max(0, Math.min(free.y, height));
      return change(index, {
        left: Math.min(fixed.x, free.x), top: Math.min(fixed.y, free.y),
        width: Math.abs(free.x - fixed.x), height: Math.abs(free.y - fixed.y),
      });
    };
  });
  svg.addEventListener("pointermove", (event) => { if (drag) drag(point(event)); });
  for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => { drag = null; });

  const middle = () => ({ label: name.value, left: width * 3 / 8, top: height * 3 / 8, width: width / 4, height: height / 4 });
  const tools = element(
    "div", { class: "actions" },
    element("button", { type: "button", class: "outline", onclick: () => { add(middle()); focusSelected(); } }, "Add a box"),
    element("button", { type: "button", class: "outline", onclick: () => remove(selected) }, "Delete the box"),
  );
  function focusSelected() {
    /** @type {HTMLElement | null} */ (list.querySelector("[aria-pressed=true]"))?.focus();
  }
  draw();
  return form(
    () => ({ boxes: boxes.map((box) => ({ ...box })) }),
    element("p", { class: "about" }, "Draw on the image; drag a box or its corners. By keys: choose a box below, then arrows move it, Ctrl and arrows size it, with Shift in steps of ten, Delete deletes it."),
    element("label", {}, "Class of the chosen box, and of the next ", name),
    tools,
    list,
    status,
  );
}

const open = element("button", { type: "button", class: "outline", onclick: () => {
  const made = given.boxes === null ? classesForm() : boxesForm();
  open.replaceWith(made);
  /** @type {HTMLElement | null} */ (made.querySelector("select, input"))?.focus();
} }, "Correct this label");
section.append(open);
