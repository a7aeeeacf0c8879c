/** crowd-line: straight lines from end to end. `{inputImageProperties, lines: [{label, vertices: [{x, y}, {x, y}]}]}` */

import { define } from "./base.js";
import { DrawingElement } from "./drawing/drawing-element.js";
import { LINE } from "./drawing/kinds/vertices.js";
import { VertexTool } from "./drawing/tools/vertex-tool.js";

export class CrowdLine extends DrawingElement {
  static kind = LINE;
  static field = "lines";
  static choosesLabel = false;

  makeTool(editor) {
    return new VertexTool(editor);
  }
}

define("crowd-line", CrowdLine);
