// Key points: one click each.
import { wholePixel } from "../geometry.js";

/** @typedef {import("./tool.js").Press} Press */
/** @typedef {import("./tool.js").Tool} Tool */

/** @implements {Tool} */
export class PointTool {
  active = false;
  hint = "";
  preview = null;

  /** @param {import("../editor.js").Editor} editor */
  constructor(editor) { this.editor = editor; }

  down() {}
  drag() {}
  hover() {}
  abandon() {}

  /** @param {Press} at */
  up({ p }) { this.editor.add(wholePixel(p, this.editor.size)); }

  finish() { return false; }
  cancel() { return false; }
  undo() { return false; }
  redo() { return false; }
}
