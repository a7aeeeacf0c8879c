/** crowd-polyline: open lines of two or more points. `{inputImageProperties, polylines: [{label, vertices: [{x, y}]}]}` */

import { define } from "./base.js";
import { DrawingElement } from "./drawing/drawing-element.js";
import { POLYLINE } from "./drawing/kinds/vertices.js";
import { VertexTool } from "./drawing/tools/vertex-tool.js";

export class CrowdPolyline extends DrawingElement {
  static kind = POLYLINE;
  static field = "polylines";
  static choosesLabel = false;

  makeTool(editor) {
    return new VertexTool(editor);
  }
}

define("crowd-polyline", CrowdPolyline);
