// The first tab: an image goes to the network, and one presentation comes back to look at.

import { bytes, colour, Grid, picture } from "./fields.js";
import { Paper } from "./paper.js";
import { ask, complain } from "./server.js";

const element = id => document.getElementById(id);

const SLOWER = 8; // than the network's own time
const FLASH = 5; // ms that an input spike is seen
const FADE = 60; // ms in which the light of a cell goes to a third
const MOST_TILES = 24;

/** How often the image was shown, where once was not enough. */
function effort({ showings, silent }) {
  if (showings === 1) return "";
  return ` Shown ${showings} times, each more intensely, ${silent ? "and still too few spikes" : "until it drew enough spikes"}.`;
}

export class Reading {
  constructor(about) {
    this.about = about;
    this.grid = new Grid(element("cells"), bytes(about.fields), about.size);
    this.classes = Math.max(...about.labels) + 1;
    this.members = Array(this.classes).fill(0);
    for (const label of about.labels) if (label >= 0) this.members[label]++;
    this.asked = 0;
    this.repeat = 0;
    this.spikes = { t: [], i: [] };
    this.inputs = { t: [], i: [] };
    this.tiles = [];
    element("size").textContent = `${about.size} × ${about.size}`;
    element("time").max = about.image_ms;
    this.makeVotes();
    this.makeSliders();
    this.paper = new Paper(element("paper"), drawn => this.read(drawn));
    element("clear").addEventListener("click", () => this.clear());
    element("test-image").addEventListener("click", () => this.pick());
    element("file").addEventListener("change", event => this.open(event.target.files[0]));
    this.letDrop(element("read"));
    element("again").addEventListener("click", () => { this.repeat++; this.show(); });
    element("play").addEventListener("click", () => this.playing ? this.pause() : this.play());
    element("time").addEventListener("input", () => { this.pause(); this.draw(); });
    this.draw();
  }

  // What is shown

  /** Read a picture, drawn here or from a file: a blob, or the promise of one. */
  async read(drawing, name) {
    await this.attempt(async () => {
      const blob = await drawing;
      if (blob.size > this.about.most_bytes)
        throw new Error(`is over ${this.about.most_bytes / 1e6} MB; make it smaller`);
      const made = await (await ask("picture", blob)).json();
      if (name) this.paper.put(this.picture(made.pixels));
      return { pixels: made.pixels, note: "" };
    }, name);
  }

  async open(file) {
    element("file").value = "";
    if (!file) return;
    this.paper.clear();
    await this.read(file, file.name);
  }

  async pick() {
    this.paper.clear();
    const number = Math.floor(Math.random() * this.about.test_images);
    await this.attempt(async () => {
      const image = await (await ask(`test/${number}`)).json();
      this.paper.put(this.picture(image.pixels));
      return { pixels: image.pixels, note: `Test image ${number}; its label is ${image.class}.` };
    });
  }

  picture(pixels) {
    return picture(Uint8Array.from(pixels), this.about.size, colour("--ink"));
  }

  letDrop(target) {
    const paper = element("paper").classList;
    target.addEventListener("dragover", event => { event.preventDefault(); paper.add("over"); });
    target.addEventListener("dragleave", () => paper.remove("over"));
    target.addEventListener("drop", event => {
      event.preventDefault();
      paper.remove("over");
      this.open(event.dataTransfer.files[0]);
    });
  }

  clear() {
    this.asked++;
    this.paper.clear();
    this.pixels = undefined;
    this.forget();
    this.busy(false);
    complain("");
  }

  /** Get an image and show it; of several under way only the last counts. */
  async attempt(get, name = "") {
    const number = ++this.asked;
    this.busy(true);
    try {
      const { pixels, note } = await get();
      if (number !== this.asked) return;
      this.pixels = pixels;
      this.repeat = 0;
      element("of-class").textContent = note;
      await this.show();
    } catch (error) {
      if (number === this.asked) this.fail(name ? `${name}: ${error.message}` : error.message);
    }
  }

  async show() {
    if (!this.pixels) return;
    const number = ++this.asked;
    this.busy(true);
    const question = {
      pixels: this.pixels,
      repeat: this.repeat,
      intensity: Number(element("intensity").value),
      inhibition: Number(element("inhibition").value),
      thresholds: element("thresholds").value / 100,
    };
    try {
      const answer = await (await ask("show", JSON.stringify(question))).json();
      if (number === this.asked) this.take(answer);
    } catch (error) {
      if (number === this.asked) this.fail(error.message);
    }
  }

  take(answer) {
    complain("");
    this.spikes = answer.excitatory;
    this.inputs = answer.input;
    this.seen = this.picture(this.pixels);
    element("class").textContent = answer.class ?? "?";
    element("words").textContent = `${answer.words}.${effort(answer)}`;
    element("repeat").textContent = `Presentation ${this.repeat + 1} of this image`;
    this.makeTiles();
    this.busy(false);
    this.play();
  }

  fail(words) {
    this.forget();
    this.busy(false);
    complain(`${words[0].toUpperCase()}${words.slice(1)}`);
  }

  forget() {
    this.pause();
    this.spikes = { t: [], i: [] };
    this.inputs = { t: [], i: [] };
    this.seen = undefined;
    element("class").textContent = "–";
    element("words").textContent = "Nothing shown yet.";
    element("repeat").textContent = element("of-class").textContent = "";
    this.makeTiles();
    this.draw();
  }

  busy(yes) {
    element("reading").setAttribute("aria-busy", yes);
  }

  // Sliders

  makeSliders() {
    const units = {
      intensity: value => `${value} (trained with ${this.about.intensity})`,
      inhibition: value => `${value} (trained with ${this.about.inhibition})`,
      thresholds: value => `${value} %`,
    };
    const trained = { ...this.about, thresholds: 100 };
    const sliders = Object.keys(units).map(element);
    const tell = slider => {
      slider.parentElement.querySelector("output").textContent = units[slider.id](Number(slider.value));
    };
    const reset = () => sliders.forEach(slider => { slider.value = trained[slider.id]; tell(slider); });
    for (const slider of sliders) {
      slider.max = Math.max(slider.max, 2 * trained[slider.id]);
      slider.addEventListener("input", () => tell(slider));
      slider.addEventListener("change", () => this.show());
    }
    element("as-trained").addEventListener("click", () => { reset(); this.show(); });
    reset();
  }

  // Time

  play() {
    this.pause();
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      element("time").value = this.about.image_ms;
      this.draw();
      return;
    }
    const begun = performance.now();
    const step = now => {
      element("time").value = (now - begun) / SLOWER;
      this.draw();
      if (Number(element("time").value) < this.about.image_ms) this.playing = requestAnimationFrame(step);
      else this.pause();
    };
    this.playing = requestAnimationFrame(step);
    element("play").textContent = "Pause";
  }

  pause() {
    cancelAnimationFrame(this.playing);
    this.playing = undefined;
    element("play").textContent = "Play";
  }

  // Pictures

  /** Everything as it is at the time of the slider; its end has the spikes of the rest, too. */
  draw() {
    const now = Number(element("time").value);
    this.now = now >= this.about.image_ms ? Infinity : now;
    element("now").textContent = `${now} ms`;
    this.last = new Map(); // when each cell fired last
    this.spikes.t.forEach((t, n) => { if (t <= this.now) this.last.set(this.spikes.i[n], t); });
    this.drawInput();
    this.drawVotes();
    this.drawRaster(now);
    this.drawTiles(now);
    this.grid.draw(cell => this.last.has(cell) ? 1 : 0.3, cell => this.light(cell, now));
  }

  /** How much a cell glows: from its spike on, ever less. */
  light(cell, now) {
    return this.last.has(cell) ? 0.15 + 0.75 * Math.exp((this.last.get(cell) - now) / FADE) : 0;
  }

  drawInput() {
    const canvas = element("input"), context = canvas.getContext("2d");
    const side = canvas.width / this.about.size;
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, canvas.width, canvas.height);
    if (this.seen) {
      context.globalAlpha = 0.35;
      context.drawImage(this.seen, 0, 0, canvas.width, canvas.height);
      context.globalAlpha = 1;
    }
    context.fillStyle = colour("--spike");
    const until = Math.min(this.now, this.about.image_ms);
    this.inputs.t.forEach((t, n) => {
      if (t > until || t <= until - FLASH) return;
      const cell = this.inputs.i[n];
      context.fillRect(cell % this.about.size * side, Math.floor(cell / this.about.size) * side, side, side);
    });
  }

  makeVotes() {
    const row = class_ => `<tr><th scope="row">${class_}</th><td><div class="bar"></div></td><td>0</td></tr>`;
    element("votes").insertAdjacentHTML("beforeend",
      `<tbody>${Array.from({ length: this.classes }, (_, class_) => row(class_)).join("")}</tbody>`);
    this.rows = [...element("votes").querySelectorAll("tr")];
  }

  drawVotes() {
    const spikes = Array(this.classes).fill(0);
    this.spikes.t.forEach((t, n) => {
      const label = this.about.labels[this.spikes.i[n]];
      if (t <= this.now && label >= 0) spikes[label]++;
    });
    const votes = spikes.map((count, class_) => count / Math.max(this.members[class_], 1));
    const most = Math.max(...votes);
    this.rows.forEach((row, class_) => {
      row.classList.toggle("first", most > 0 && votes[class_] === most);
      row.querySelector(".bar").style.width = most > 0 ? `${100 * votes[class_] / most}%` : 0;
      row.lastElementChild.textContent = votes[class_] ? votes[class_].toFixed(2) : "0";
    });
  }

  drawRaster(now) {
    const canvas = element("raster"), context = canvas.getContext("2d");
    const height = canvas.height / (this.classes + 1), x = t => t / this.about.image_ms * canvas.width;
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.font = `${height}px system-ui, sans-serif`;
    for (let class_ = 0; class_ < this.classes; class_++) {
      context.fillStyle = colour("--line");
      context.fillRect(height, (class_ + 0.5) * height, canvas.width, 1);
      context.fillStyle = colour("--soft");
      context.fillText(class_, 0, (class_ + 0.85) * height);
    }
    const past = colour("--spike"), ahead = colour("--soft");
    this.spikes.t.forEach((t, n) => {
      const label = this.about.labels[this.spikes.i[n]];
      context.fillStyle = t <= this.now ? past : ahead;
      context.fillRect(x(Math.min(t, this.about.image_ms)) - 1.5, (label < 0 ? this.classes : label) * height, 3, height);
    });
    context.fillStyle = colour("--blue");
    context.fillRect(x(now) - 1, 0, 2, canvas.height);
  }

  makeTiles() {
    const counts = new Map();
    for (const cell of this.spikes.i) counts.set(cell, (counts.get(cell) ?? 0) + 1);
    this.tiles = [...counts].slice(0, MOST_TILES).map(([cell, count]) => {
      const tile = document.createElement("li");
      const canvas = Object.assign(document.createElement("canvas"), { width: 112, height: 112 });
      const label = this.about.labels[cell];
      tile.append(canvas, `${label < 0 ? "no class" : label}: ${count} ${count === 1 ? "spike" : "spikes"}`);
      return { cell, tile, context: canvas.getContext("2d") };
    });
    element("fired").replaceChildren(...this.tiles.map(each => each.tile));
    const others = counts.size - this.tiles.length;
    element("more").textContent = others > 0 ? `and ${others} more cells, below.` : "";
  }

  drawTiles(now) {
    const glow = colour("--spike");
    for (const { cell, context } of this.tiles) {
      const { width, height } = context.canvas;
      context.imageSmoothingEnabled = false;
      context.clearRect(0, 0, width, height);
      context.globalAlpha = this.light(cell, now);
      context.fillStyle = glow;
      context.fillRect(0, 0, width, height);
      context.globalAlpha = this.last.has(cell) ? 1 : 0.2;
      context.drawImage(this.grid.pictures[cell], 0, 0, width, height);
      context.globalAlpha = 1;
    }
  }
}
