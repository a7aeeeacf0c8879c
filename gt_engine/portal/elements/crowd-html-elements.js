/** The one script of a task page: defines all crowd elements, tells scripts that they are there, and joins the portal. */

import { announce } from "./frame.js"; // first: it hears of errors, and of pictures that fail
import "./form.js"; // second: it moves its children, which is cheap while they are not upgraded yet
import "./crowd-bounding-box.js";
import "./crowd-classifier.js";
import "./crowd-image-classifier.js";
import "./crowd-keypoint.js";
import "./crowd-line.js";
import "./crowd-polygon.js";
import "./crowd-polyline.js";

announce();
