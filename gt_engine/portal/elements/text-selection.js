/** What a person has marked in a text inside a shadow root, in offsets of that text (UTF-16 units). */

/** @param {ShadowRoot} root @param {HTMLElement} text holds the text and nothing else @returns {{start: number, end: number}|null} */
export function markedIn(root, text) {
  const range = selectedRange(root);
  if (!range || (range.startContainer === range.endContainer && range.startOffset === range.endOffset)) return null;
  const holds = (node) => text === node || text.contains(node);
  if (!holds(range.startContainer) && !holds(range.endContainer)) return null;
  // A drag may well end beside the text.
  const start = holds(range.startContainer) ? offsetIn(text, range.startContainer, range.startOffset) : 0;
  const end = holds(range.endContainer) ? offsetIn(text, range.endContainer, range.endOffset) : text.textContent.length;
  return start < end ? { start, end } : null;
}

/** Marks a range as the mouse would. */
export function markIn(text, start, end) {
  if (end <= start) return;
  const [from, to] = [placeIn(text, start, false), placeIn(text, end, true)];
  document.getSelection().setBaseAndExtent(...from, ...to);
}

/** The selection of a shadow root, which from outside of it cannot be seen. */
function selectedRange(root) {
  const selection = document.getSelection();
  if (selection.getComposedRanges) return selection.getComposedRanges({ shadowRoots: [root] })[0];
  const own = root.getSelection?.() ?? selection; // browsers from before 2024
  return own.rangeCount ? own.getRangeAt(0) : undefined;
}

function offsetIn(text, node, offset) {
  const before = document.createRange();
  before.setStart(text, 0);
  before.setEnd(node, offset);
  return before.toString().length;
}

/** The text node at an offset; at a border, the one that ends there or the one that begins. */
function placeIn(text, offset, isEnd) {
  const walker = document.createTreeWalker(text, NodeFilter.SHOW_TEXT);
  let left = offset;
  let last = [text, 0];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (left < node.length || (isEnd && left === node.length)) return [node, left];
    left -= node.length;
    last = [node, node.length];
  }
  return last;
}
