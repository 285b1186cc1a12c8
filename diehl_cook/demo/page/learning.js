// The second tab: a network learns while one watches, and stops when one leaves.

import { bytes, Grid } from "./fields.js";
import { ask, complain } from "./server.js";

const element = id => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

export class Learning {
  constructor() {
    this.seed = 0;
    element("start").addEventListener("click", () => this.train());
    element("stop").addEventListener("click", () => this.stopper.abort());
    this.plot([], 1);
  }

  async train() {
    this.stopper = new AbortController();
    this.running(true);
    this.points = [];
    element("progress").textContent = "Compiling the network that learns (seconds, once) …";
    complain("");
    try {
      const response = await ask(`train/${this.seed++}`, "", { signal: this.stopper.signal });
      for await (const moment of lines(response)) {
        if (moment.error) throw new Error(moment.error);
        this.show(moment);
      }
    } catch (error) {
      if (error.name === "AbortError") element("progress").textContent += " Stopped.";
      else complain(error.message);
    }
    this.running(false);
  }

  running(yes) {
    element("start").disabled = yes;
    element("stop").disabled = !yes;
  }

  show({ images, total, fields, labels, accuracy }) {
    const size = 28;
    new Grid(element("fields"), bytes(fields), size).draw(() => 1, () => 0);
    if (accuracy !== null) this.points.push([images, accuracy]);
    const reads = this.points.length
      ? ` Of the last 1,000 it read ${(100 * this.points.at(-1)[1]).toFixed(1)} % rightly.` : "";
    element("progress").textContent = `${images.toLocaleString("en")} of ${total.toLocaleString("en")} images.${reads}`;
    element("seen").value = images / total;
    this.plot(this.points, total);
    element("fields").dataset.classes = labels ? new Set(labels).size : 0;
  }

  plot(points, total) {
    const left = 46, right = 390, top = 10, bottom = 170;
    const x = images => left + (right - left) * images / total;
    const y = share => bottom - (bottom - top) * share;
    const svg = element("accuracy");
    svg.replaceChildren();
    const add = (name, attributes, text = "") => {
      const part = document.createElementNS(SVG, name);
      for (const [key, value] of Object.entries(attributes)) part.setAttribute(key, value);
      part.textContent = text;
      svg.append(part);
    };
    for (const share of [0, 0.25, 0.5, 0.75, 1]) {
      add("line", { x1: left, x2: right, y1: y(share), y2: y(share) });
      add("text", { x: left - 5, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`);
    }
    if (total > 1) add("text", { x: right, y: bottom + 20, "text-anchor": "end" }, `${total.toLocaleString("en")} images`);
    add("polyline", { points: points.map(([images, share]) => `${x(images)},${y(share)}`).join(" ") });
  }
}

/** Each line of a response as it comes in. */
async function* lines(response) {
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n");
    rest = parts.pop();
    for (const part of parts) yield JSON.parse(part);
  }
}
