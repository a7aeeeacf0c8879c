/** crowd-keypoint: points on an image. `{inputImageProperties, keypoints: [{label, x, y}]}` */

import { define } from "./base.js";
import { DrawingElement } from "./drawing/drawing-element.js";
import { KEYPOINT } from "./drawing/kinds/keypoint.js";
import { PointTool } from "./drawing/tools/point-tool.js";

export class CrowdKeypoint extends DrawingElement {
  static kind = KEYPOINT;
  static field = "keypoints";
  static dropsUnknown = true; // "label values … must have a matching value … or the point will not be rendered"
  static tellsModified = false; // the guide names no such key for points

  makeTool(editor) {
    return new PointTool(editor);
  }
}

define("crowd-keypoint", CrowdKeypoint);
