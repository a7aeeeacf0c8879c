// Fills all fields of a task page, as a quick worker would. Returns a promise of the tags of what it filled.
return (async () => {
const filled = [];
const all = (root) => [...root.querySelectorAll("*")].flatMap((element) => [element, ...(element.shadowRoot?.querySelector("crowd-form") ? all(element.shadowRoot) : [])]);
const fire = (element) => { for (const type of ["input", "change"]) element.dispatchEvent(new Event(type, { bubbles: true })); };
const mask = () => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 800, height: 600 });
  const context = canvas.getContext("2d");
  context.fillStyle = "#2ca02c";
  context.fillRect(100, 100, 200, 200);
  return canvas.toDataURL("image/png");
};
const label = (element) => {
  const first = element.labels?.[0] ?? "thing";
  return typeof first === "object" ? first.label : first;
};
const values = {
  "crowd-bounding-box": (e) => ({ boundingBoxes: [{ label: label(e), left: 10, top: 10, width: 50, height: 40 }] }),
  "crowd-polygon": (e) => ({ polygons: [{ label: label(e), vertices: [{ x: 10, y: 10 }, { x: 90, y: 10 }, { x: 50, y: 90 }] }] }),
  "crowd-polyline": (e) => ({ polylines: [{ label: label(e), vertices: [{ x: 10, y: 10 }, { x: 90, y: 10 }, { x: 50, y: 90 }] }] }),
  "crowd-line": (e) => ({ lines: [{ label: label(e), vertices: [{ x: 10, y: 10 }, { x: 90, y: 10 }] }] }),
  "crowd-keypoint": (e) => ({ keypoints: [{ label: label(e), x: 10, y: 10 }] }),
  "crowd-entity-annotation": (e) => ({ entities: [{ label: label(e), startOffset: 0, endOffset: 3 }] }),
  "crowd-input": (e) => (e.type === "number" ? "1" : "words"),
  "crowd-text-area": () => "words",
  "crowd-slider": () => 3,
  "crowd-text-ranking": (e) => ({ ordinalRankingDimensions: e.ordinalRankingDimensions.map(() => ({ responseRankings: e.responses.map((_, index) => index + 1) })) }),
  "crowd-question-answer-generation": () => ({ questionAnswerPairs: [{ question: "Who wrote it?", answer: "Ada did." }] }),
};
const masks = {
  "crowd-semantic-segmentation": (e) => ({ src: mask(), labelMappings: { [label(e)]: { color: "#2ca02c" } } }),
  "crowd-instance-segmentation": (e) => ({ src: mask(), instances: [{ color: "#2ca02c", label: label(e) }] }),
};
const until = async (holds) => { for (let tries = 0; tries < 100 && !holds(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20)); };
const radios = new Set();
// What a worker would drag: one picture into each empty list.
for (const list of document.querySelectorAll(".right .StackedList:not(:has(img))")) list.append(document.querySelector("#unclassified img"));
for (const element of all(document)) {
  const tag = element.localName;
  if (element.hasAttribute("disabled")) continue;
  if (tag.includes("classifier")) element.shadowRoot.querySelector(".choices .list input").click();
  else if (masks[tag]) {
    if (!element.labels?.length) element.labels = ["thing"];
    element.initialValue = masks[tag](element);
    await until(() => element.validate() === null);
    element.changed();
  } else if (values[tag]) {
    if (!element.labels?.length && "labels" in element) element.labels = ["thing"];
    element.value = values[tag](element);
    element.changed();
  } else if (tag === "crowd-radio-button" || tag === "crowd-checkbox" || tag === "crowd-toggle-button") {
    const group = element.closest("crowd-radio-group") ?? element.name;
    if (tag === "crowd-radio-button" && radios.has(group)) continue;
    radios.add(group);
    element.choose(true);
  } else if (tag === "select") {
    const option = [...element.options].find((choice) => choice.value && !choice.disabled);
    if (!option) continue;
    element.value = option.value;
    fire(element);
  } else if (tag === "textarea") {
    element.value = "words";
    fire(element);
  } else if (tag === "input") {
    if (element.type === "radio" || element.type === "checkbox") {
      if (radios.has(element.name) || !element.offsetParent) continue;
      radios.add(element.name);
      if (!element.checked) element.click();
    } else if (["text", "number", "date", "email", "url", "search"].includes(element.type)) {
      element.value = { number: element.min || "1", date: element.min || "2019-01-02", email: "a@b.example", url: "https://a.example" }[element.type] ?? "words";
      fire(element);
    } else continue;
  } else continue;
  filled.push(tag);
}
return filled;
})();
