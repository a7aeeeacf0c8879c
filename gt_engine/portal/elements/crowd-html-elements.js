/** The one script of a task page: defines all crowd elements, tells scripts that they are there, and joins the portal. */

import { announce } from "./frame.js"; // first: it hears of errors, and of pictures that fail
import "./form.js"; // second: it moves its children, which is cheap while they are not upgraded yet
import "./crowd-bounding-box.js";
import "./crowd-button.js";
import "./crowd-checkbox.js";
import "./crowd-classifier.js";
import "./crowd-entity-annotation.js";
import "./crowd-furniture.js";
import "./crowd-image-classifier.js";
import "./crowd-input.js";
import "./crowd-instance-segmentation.js";
import "./crowd-instructions.js";
import "./crowd-keypoint.js";
import "./crowd-line.js";
import "./crowd-polygon.js";
import "./crowd-polyline.js";
import "./crowd-semantic-segmentation.js";
import "./crowd-question-answer-generation.js";
import "./crowd-slider.js";
import "./crowd-tabs.js";
import "./crowd-text-ranking.js";

announce();
