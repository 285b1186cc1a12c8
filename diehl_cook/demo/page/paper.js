// Drawing with mouse or finger; the picture is handed on whenever a stroke ends.

import { colour } from "./fields.js";

const WIDTH = 24; // of 280 pixels: about as thick as the strokes of MNIST

export class Paper {
  constructor(canvas, finished) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.finished = finished;
    canvas.addEventListener("pointerdown", event => this.begin(event));
    canvas.addEventListener("pointermove", event => this.go(event));
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => this.end());
    this.clear();
  }

  clear() {
    this.context.fillStyle = colour("--card");
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Show an image that was not drawn here; one may go on drawing. */
  put(picture) {
    this.clear();
    this.context.imageSmoothingEnabled = false;
    this.context.drawImage(picture, 0, 0, this.canvas.width, this.canvas.height);
  }

  begin(event) {
    if (event.button !== 0) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.at = this.place(event);
    this.go(event);
  }

  go(event) {
    if (!this.at) return;
    const next = this.place(event);
    Object.assign(this.context, { lineWidth: WIDTH, lineCap: "round", strokeStyle: colour("--ink") });
    this.context.beginPath();
    this.context.moveTo(...this.at);
    this.context.lineTo(...next);
    this.context.stroke();
    this.at = next;
  }

  end() {
    if (!this.at) return;
    this.at = undefined;
    this.finished(new Promise(resolve => this.canvas.toBlob(resolve)));
  }

  place(event) {
    const box = this.canvas.getBoundingClientRect();
    return [
      (event.clientX - box.left) / box.width * this.canvas.width,
      (event.clientY - box.top) / box.height * this.canvas.height,
    ];
  }
}
