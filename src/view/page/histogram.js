// The histogram of an image, with its window drawn in it; the window's ends can be dragged.
// SPDX-License-Identifier: Apache-2.0

const INSET = 6; // pixels left and right, so that an end can be grasped

export class Histogram {
  // change([low, high]) while an end, or what lies between them, is dragged
  constructor(canvas, change) {
    this.canvas = canvas;
    this.change = change;
    this.about = this.window = null;
    this.grasp = null;
    canvas.addEventListener('pointerdown', (event) => this.take(event));
    canvas.addEventListener('pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) canvas.addEventListener(name, () => { this.grasp = null; });
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  show(about, window_now) {
    this.about = about;
    this.window = window_now;
    this.draw();
  }

  // From a value to a pixel. The axis holds all values and the window.
  limits() {
    const { low, high } = this.about.histogram;
    const [a, b] = this.window || [low, high];
    const from = Math.min(low, a), to = Math.max(high, b);
    return [from, to > from ? to : from + 1];
  }

  x(value) {
    const [from, to] = this.limits();
    return INSET + (value - from) / (to - from) * (this.canvas.clientWidth - 2 * INSET);
  }

  value(x) {
    const [from, to] = this.limits();
    return from + (x - INSET) / (this.canvas.clientWidth - 2 * INSET) * (to - from);
  }

  // Pairs of bins together: whole numbers fall into narrow bins like the teeth of a comb
  halved() {
    const { counts } = this.about.histogram;
    return Array.from({ length: counts.length / 2 }, (unused, n) => counts[2 * n] + counts[2 * n + 1]);
  }

  draw() {
    const { canvas } = this, scale = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    if (!this.about?.histogram) return;
    const { low, high } = this.about.histogram, counts = this.halved(), most = Math.log1p(Math.max(...counts));
    const wide = (high - low) / counts.length;
    const bottom = height - 1;
    if (this.window) {
      const [a, b] = this.window.map((value) => this.x(value));
      const shade = pen.createLinearGradient(a, 0, Math.max(b, a + 1), 0);
      shade.addColorStop(0, '#16181c');
      shade.addColorStop(1, '#5b616b');
      pen.fillStyle = shade;
      pen.fillRect(a, 0, b - a, bottom);
    }
    pen.fillStyle = '#8ab4f8';
    counts.forEach((count, bin) => {
      if (!count) return;
      const left = this.x(low + bin * wide), right = high > low ? this.x(low + (bin + 1) * wide) : left + 2;
      const tall = Math.max(1, Math.log1p(count) / most * (bottom - 6));
      pen.fillRect(left, bottom - tall, Math.max(1, right - left), tall);
    });
    pen.fillStyle = '#3a3f47';
    pen.fillRect(INSET, bottom, width - 2 * INSET, 1);
    if (this.window) {
      pen.fillStyle = '#f2a03d';
      for (const value of this.window) pen.fillRect(Math.round(this.x(value)) - 1, 0, 2, bottom);
    }
  }

  take(event) {
    if (!this.window || !this.about) return;
    const [a, b] = this.window.map((value) => this.x(value)), x = event.offsetX;
    const near = Math.abs(x - a) < Math.abs(x - b) ? 0 : 1;
    if (Math.min(Math.abs(x - a), Math.abs(x - b)) < 10) this.grasp = { end: near };
    else if (x > a && x < b) this.grasp = { middle: this.value(x), window: [...this.window] };
    else this.grasp = { end: x <= a ? 0 : 1 };
    this.grasp.limits = this.limits();
    this.canvas.setPointerCapture(event.pointerId);
    this.drag(event);
  }

  drag(event) {
    if (!this.grasp) return;
    const [from, to] = this.grasp.limits; // of when it was taken: an axis that grows under the hand runs away
    const value = from + (event.offsetX - INSET) / (this.canvas.clientWidth - 2 * INSET) * (to - from);
    const next = [...this.window], least = (to - from) / 1000;
    if ('end' in this.grasp) {
      next[this.grasp.end] = this.grasp.end ? Math.max(value, next[0] + least) : Math.min(value, next[1] - least);
    } else {
      next[0] = this.grasp.window[0] + value - this.grasp.middle;
      next[1] = this.grasp.window[1] + value - this.grasp.middle;
    }
    this.change(next);
  }
}
