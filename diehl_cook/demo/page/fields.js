// Receptive fields as pictures: ink where a weight is large, on whatever ground the page has.

export const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export function bytes(base64) {
  return Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
}

/** One image of size x size pixels; brightness 0 to 255 is how opaque the ink is. */
export function picture(brightness, size, ink) {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext("2d");
  context.fillStyle = ink;
  context.fillRect(0, 0, size, size);
  const image = context.getImageData(0, 0, size, size);
  brightness.forEach((level, pixel) => { image.data[4 * pixel + 3] = level; });
  context.putImageData(image, 0, 0);
  return canvas;
}

/** Fields in a square grid, a picture each. */
export class Grid {
  constructor(canvas, fields, size) {
    this.context = canvas.getContext("2d");
    this.context.imageSmoothingEnabled = false;
    this.count = fields.length / size ** 2;
    this.columns = Math.ceil(Math.sqrt(this.count));
    this.side = canvas.width / this.columns;
    const ink = colour("--ink");
    this.pictures = Array.from({ length: this.count }, (_, cell) =>
      picture(fields.subarray(cell * size ** 2, (cell + 1) * size ** 2), size, ink));
  }

  /** Draw all; light(cell) tells from 0 to 1 how much a cell glows, strength(cell) how dark its ink is. */
  draw(strength, light) {
    const { context, side } = this;
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    const glow = colour("--spike");
    this.pictures.forEach((drawn, cell) => {
      const x = cell % this.columns * side, y = Math.floor(cell / this.columns) * side;
      if (light(cell) > 0) {
        context.globalAlpha = light(cell);
        context.fillStyle = glow;
        context.fillRect(x, y, side - 1, side - 1);
      }
      context.globalAlpha = strength(cell);
      context.drawImage(drawn, x, y, side - 1, side - 1);
    });
    context.globalAlpha = 1;
  }
}
