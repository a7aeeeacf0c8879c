/** crowd-bounding-box: rectangles on an image. `{boundingBoxes: [{height, label, left, top, width}], inputImageProperties}` */

import { define } from "./base.js";
import { DrawingElement } from "./drawing/drawing-element.js";
import { BOX } from "./drawing/kinds/box.js";
import { BoxTool } from "./drawing/tools/box-tool.js";

export class CrowdBoundingBox extends DrawingElement {
  static kind = BOX;
  static field = "boundingBoxes";

  makeTool(editor) {
    return new BoxTool(editor);
  }

  moreTools() {
    return [{
      name: "extreme", label: "Extremes", does: "Boxes by clicks on the top, left, bottom and right edge of the object", key: "E", isOn: () => this.tool.extreme,
      run: () => {
        this.tool.cancel();
        this.tool.extreme = !this.tool.extreme;
        this.gestures.moves = false;
        this.redraw();
      },
    }];
  }
}

define("crowd-bounding-box", CrowdBoundingBox);
