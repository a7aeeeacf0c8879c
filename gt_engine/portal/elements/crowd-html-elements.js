/** The one script of a task page: defines all crowd elements, tells scripts that they are there, and joins the portal. */

import "./form.js"; // first: it moves its children, which is cheap while they are not upgraded yet
import { startFrame } from "./frame.js";

startFrame();
