/** Unsubmitted work as JSON: taken from a page, and put back into the same page loaded again. */

import { CrowdElement } from "./base.js";

/**
 * @typedef {{fields: Record<string, unknown>}} Draft key of a field → its state. The key is the field's name and its
 * place among those of the same name, so that a template's scripts may add others in between.
 */

/** @param {Document} root @returns {Draft} */
export function takeDraft(root) {
  const fields = {};
  for (const [key, element] of keyed(root)) {
    const state = stateOf(element);
    if (state !== undefined) fields[key] = state;
  }
  return { fields };
}

/** @param {Document} root @param {Draft} draft */
export function applyDraft(root, draft) {
  const fields = draft?.fields ?? {};
  // Twice: the change of one field may let a template's script add others.
  const done = new Set();
  for (let round = 0; round < 2; round += 1) {
    for (const [key, element] of keyed(root)) {
      if (done.has(key) || !Object.hasOwn(fields, key)) continue;
      done.add(key);
      restore(element, fields[key]);
    }
  }
}

function* keyed(root) {
  const counts = new Map();
  for (const element of all(root)) {
    if (!isStateful(element)) continue;
    const name = `${element.localName}:${element.name || element.id || ""}`;
    const place = counts.get(name) ?? 0;
    counts.set(name, place + 1);
    yield [`${name}:${place}`, element];
  }
}

/** Light elements, and those in a form that an element brings in its shadow root. */
function all(root) {
  return [...root.querySelectorAll("*")].flatMap((element) => {
    const form = element.shadowRoot?.querySelector("crowd-form");
    return form ? [element, ...form.querySelectorAll("*")] : [element];
  });
}

function isStateful(element) {
  if (element instanceof CrowdElement) return true;
  if (!["input", "select", "textarea"].includes(element.localName)) return false;
  return !["submit", "button", "reset", "image", "file", "password", "hidden"].includes(element.type);
}

function stateOf(element) {
  if (element instanceof CrowdElement) return element.draft;
  if (element.type === "checkbox" || element.type === "radio") return element.checked;
  if (element.type === "select-multiple") return [...element.selectedOptions].map((option) => option.value);
  return element.value;
}

function restore(element, state) {
  if (element instanceof CrowdElement) {
    element.draft = state;
    element.changed();
    return;
  }
  if (element.type === "checkbox" || element.type === "radio") {
    if (element.checked === state) return;
    element.checked = state;
  } else if (element.type === "select-multiple") {
    for (const option of element.options) option.selected = state.includes(option.value);
  } else {
    if (element.value === state) return;
    element.value = state;
  }
  for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true }));
}
