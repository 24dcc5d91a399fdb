// The stage without NiiVue and without WebGL: three slices per image, drawn by larmor.
// SPDX-License-Identifier: Apache-2.0
import { make, tellFailure } from '/element.js';
import { ask, askJson } from '/session.js';

// Axes of the world: across, up, and the one that the wheel runs along. As `larmor figure`.
const PLANES = [{ name: 'axial', across: 0, up: 1, normal: 2 }, { name: 'coronal', across: 0, up: 2, normal: 1 },
  { name: 'sagittal', across: 1, up: 2, normal: 0 }];
const GAP = 4; // pixels between slices
const LARGEST = 2048; // pixels of a picture that larmor is asked for

export class PlainStage {
  constructor(box, tell) {
    this.box = box;
    this.tell = tell;
    this.slots = []; // {figure, caption, message, planes: [{plane, picture, image, lines, address, busy}], column}
    this.overlays = [];
    this.options = { layout: 'planes', radiological: false, crosshair: true };
    this.at = null;
  }

  slot(n) {
    if (this.slots[n]) return this.slots[n];
    const slot = { caption: make('span', { className: 'name' }), message: make('p', { className: 'message' }) };
    const field = make('div', { className: 'field slices' });
    slot.planes = PLANES.map((plane) => {
      const one = { plane, image: make('img', { alt: '', draggable: false }), lines: [make('i'), make('i')] };
      one.picture = make('div', { className: `slice ${plane.name}` }, one.image, ...one.lines);
      one.image.addEventListener('mousedown', (event) => {
        if (event.button === 0) this.point(slot, one, event);
      });
      one.image.addEventListener('mousemove', (event) => {
        if (event.buttons === 1) this.point(slot, one, event);
      });
      one.picture.addEventListener('wheel', (event) => {
        event.preventDefault();
        this.step(slot.column, plane.normal, event.deltaY > 0 ? -1 : 1);
      }, { passive: false });
      field.append(one.picture);
      return one;
    });
    slot.box = field;
    new ResizeObserver(() => this.arrange(slot)).observe(field);
    slot.figure = make('figure', { className: 'column' }, make('figcaption', {}, slot.caption), field, slot.message);
    this.box.append(slot.figure);
    this.tell.drags(field, () => slot.column);
    this.slots[n] = slot;
    return slot;
  }

  show(columns, overlays) {
    this.overlays = overlays;
    while (this.slots.length > columns.length) this.slots.pop().figure.remove();
    return Promise.all(columns.map((column, n) => this.open(this.slot(n), column)));
  }

  async open(slot, column) {
    slot.column = column;
    slot.caption.textContent = column.name;
    slot.message.textContent = '';
    slot.figure.classList.remove('broken');
    slot.figure.classList.add('loading');
    try {
      const about = await column.known;
      await Promise.allSettled(this.overlays.map((overlay) => overlay.known)); // a damaged one is left out
      if (slot.column !== column) return;
      if (!this.at) {
        this.at = about.centre;
        this.tell.at(this.at);
      }
      slot.field = about.field;
      this.size(slot);
      await Promise.all(slot.planes.map((one) => this.draw(slot, one)));
      if (slot.column !== column) return;
      slot.figure.classList.remove('loading');
      performance.mark('larmor drawn');
      this.tell.drawn(column);
    } catch (failure) {
      if (slot.column === column) this.fail(slot, failure);
    }
  }

  fail(slot, failure) {
    slot.figure.classList.remove('loading');
    slot.figure.classList.add('broken');
    tellFailure(slot.message, failure);
    this.tell.broken(slot.column, failure);
  }

  // All three to one scale, side by side and one above the other
  size(slot) {
    const [x, y, z] = [0, 1, 2].map((axis) => slot.field[1][axis] - slot.field[0][axis]);
    const scale = Math.min((slot.box.clientWidth - GAP) / (x + y), (slot.box.clientHeight - GAP) / (y + z));
    for (const { plane, picture } of slot.planes) {
      for (const [name, axis] of [['width', plane.across], ['height', plane.up]]) {
        picture.style[name] = `${Math.max(1, Math.floor(scale * [x, y, z][axis]))}px`;
      }
    }
  }

  arrange(slot) {
    if (!slot.field) return;
    this.size(slot);
    this.redraw(slot);
  }

  address(slot, one) {
    const sides = [one.picture.clientWidth, one.picture.clientHeight];
    const longest = Math.min(LARGEST, Math.max(16, Math.round(Math.max(...sides) * (window.devicePixelRatio || 1))));
    const { column } = slot, shown = this.overlays.filter((overlay) => overlay.opacity > 0 && !overlay.error);
    let address = `/slice/${column.id}.png?plane=${one.plane.name}&at=${this.at.map((mm) => mm.toFixed(3)).join(',')}&longest=${longest}`;
    if (column.window) address += `&window=${column.window.map((value) => Number(value.toPrecision(7))).join(',')}`;
    if (column.channel) address += `&channel=${column.channel}`;
    for (const overlay of shown.slice(0, 1)) address += `&over=${overlay.id}&opacity=${overlay.opacity}`;
    return address;
  }

  // One request at a time for each slice; where the place has moved on meanwhile, the newest comes next.
  async draw(slot, one) {
    this.cross(slot, one);
    if (one.busy) {
      one.again = true;
      return;
    }
    one.busy = true;
    try {
      do {
        one.again = false;
        const address = this.address(slot, one);
        if (address === one.address) continue;
        const picture = await (await ask(address)).blob();
        const was = one.image.src;
        one.image.src = URL.createObjectURL(picture);
        if (was) URL.revokeObjectURL(was);
        await one.image.decode().catch(() => {});
        one.address = address;
      } while (one.again);
    } finally {
      one.busy = false;
    }
  }

  redraw(slot) {
    for (const one of slot.planes) this.draw(slot, one).catch((failure) => this.fail(slot, failure));
  }

  // The cross-hair lies over the picture, which is the whole field
  cross(slot, { plane, lines }) {
    const inside = slot.field && this.at && this.options.crosshair;
    for (const line of lines) line.hidden = !inside;
    if (!inside) return;
    const [low, high] = slot.field, part = (axis) => (this.at[axis] - low[axis]) / (high[axis] - low[axis]);
    lines[0].style.left = `${100 * part(plane.across)}%`;
    lines[1].style.top = `${100 * (1 - part(plane.up))}%`;
    for (const [n, axis] of [plane.across, plane.up].entries()) lines[n].hidden = part(axis) < 0 || part(axis) > 1;
  }

  point(slot, { plane, image }, event) {
    if (!slot.field) return;
    event.preventDefault();
    const box = image.getBoundingClientRect(), [low, high] = slot.field, mm = [...this.at];
    const part = (value) => Math.min(1, Math.max(0, value));
    mm[plane.across] = low[plane.across] + part((event.clientX - box.left) / box.width) * (high[plane.across] - low[plane.across]);
    mm[plane.up] = high[plane.up] - part((event.clientY - box.top) / box.height) * (high[plane.up] - low[plane.up]);
    this.move(mm);
  }

  move(mm) {
    this.at = mm;
    for (const slot of this.slots) if (slot.field) this.redraw(slot);
    this.tell.at(mm);
  }

  centre() {} // known before anything is drawn

  step(column, axis, sign) {
    if (!this.at || !column?.about) return;
    const mm = [...this.at];
    mm[axis] += sign * Math.min(...column.about.spacing_mm.filter((spacing) => spacing > 0));
    this.move(mm);
  }

  repaint(column) {
    for (const slot of this.slots) if (slot.column === column && slot.field) this.redraw(slot);
  }

  repaintOverlay() {
    for (const slot of this.slots) if (slot.field) this.redraw(slot);
  }

  async channel(column) {
    this.repaint(column);
  }

  set(option, value) {
    this.options[option] = value;
    this.box.dataset.layout = this.options.layout;
    for (const slot of this.slots) for (const one of slot.planes) this.cross(slot, one);
  }

  zoom() {} // by the browser's own zoom

  async values(columns, overlays, mm) {
    const at = mm.map((value) => value.toFixed(4)).join(',');
    return Promise.all([...columns, ...overlays].map((part) => (part.error ? null :
      askJson(`/value/${part.id}?at=${at}${part.channel ? `&channel=${part.channel}` : ''}`).catch(() => null))));
  }
}
