/** crowd-polygon: closed outlines on an image. `{inputImageProperties, polygons: [{label, vertices: [{x, y}]}]}` */

import { define } from "./base.js";
import { DrawingElement } from "./drawing/drawing-element.js";
import { POLYGON } from "./drawing/kinds/vertices.js";
import { VertexTool } from "./drawing/tools/vertex-tool.js";

export class CrowdPolygon extends DrawingElement {
  static kind = POLYGON;
  static field = "polygons";
  static choosesLabel = false; // as in Ground Truth: a label first, then the polygon
  static tellsModified = false; // the guide names no such key for polygons

  makeTool(editor) {
    return new VertexTool(editor);
  }
}

define("crowd-polygon", CrowdPolygon);
