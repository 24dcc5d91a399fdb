// The stage on NiiVue: one canvas per image, all at the same place, overlays over each.
// SPDX-License-Identifier: Apache-2.0
import { make, tellFailure } from '/element.js';
import { SINGLE, labelTable } from '/colours.js';
import { askBytes } from '/session.js';
import { inverse, voxelAt } from '/space.js';

const HIGHEST_LABEL = 4095; // a table of colours is a texture: as wide as any graphics driver takes

const BESIDE = 14; // pixels beside a slice, for its letters
// left, right, top and bottom of axial, coronal and sagittal slices, by NiiVue's numbers
const SIDES = { 0: ['L', 'R', 'A', 'P'], 1: ['L', 'R', 'S', 'I'], 2: ['P', 'A', 'S', 'I'] };

let module = null;
// Begins to fetch NiiVue; the same promise for all who ask.
export function fetchNiivue() {
  if (!module) {
    module = import('/niivue.js').then(trust);
    module.catch(() => {});
  }
  return module;
}

// NiiVue goes through all voxels for a window also where it is told one; that takes as long as to read the file.
function trust(niivue) {
  const { prototype } = niivue.NVImage, find = prototype.calMinMax;
  prototype.calMinMax = function calMinMax(...how) {
    const { cal_min: low, cal_max: high } = this.hdr;
    if (!(high > low)) return find.apply(this, how);
    Object.assign(this, { cal_min: low, cal_max: high, robust_min: low, robust_max: high, global_min: low, global_max: high });
    return [low, high, low, high];
  };
  return niivue;
}

// A canvas that can draw, for the first picture; null where the browser has no WebGL 2. To make one takes as long
// as to read a scan, so none is made to try alone.
export function glCanvas() {
  const canvas = make('canvas');
  return canvas.getContext('webgl2', { alpha: true, antialias: navigator.hardwareConcurrency > 6 }) && canvas; // as NiiVue asks
}

// What the cross-hair meets in a NiiVue image, in the file's own order of voxels.
function meets(volume, size, mm) {
  volume.larmorBackwards ??= inverse(volume.hdr.affine);
  const { ijk, inside } = voxelAt(volume.larmorBackwards, size, mm);
  if (!inside) return { inside, ijk };
  const stored = volume.img[ijk[0] + size[0] * (ijk[1] + size[1] * ijk[2])];
  const slope = volume.hdr.scl_slope || 1;
  return { inside, ijk, value: stored * slope + (volume.hdr.scl_slope ? volume.hdr.scl_inter : 0) };
}

const sizeOf = (volume) => volume.hdr.dims.slice(1, 4);

export class NiiStage {
  // tell: {at(mm), drawn(column), broken(column, Error), drags(field, column)}; canvas: of glCanvas()
  constructor(box, tell, canvas) {
    this.canvas = canvas;
    this.box = box;
    this.tell = tell;
    this.slots = []; // {figure, caption, field, message, nv, ready, column, volume}
    this.layers = new Map(); // an overlay's entry: its NVImage, shared by all slots
    this.options = { layout: 'all', radiological: false, crosshair: true };
    this.at = null;
    this.guessed = false; // before larmor has told where the head is
  }

  slot(n) {
    if (this.slots[n]) return this.slots[n];
    const slot = { caption: make('span', { className: 'name' }), canvas: this.canvas || make('canvas'), message: make('p', { className: 'message' }) };
    this.canvas = null;
    slot.letters = make('div', { className: 'letters' });
    slot.field = make('div', { className: 'field' }, slot.canvas, slot.letters);
    slot.figure = make('figure', { className: 'column' }, make('figcaption', {}, slot.caption), slot.field, slot.message);
    this.box.append(slot.figure);
    this.tell.drags(slot.field, () => slot.column);
    slot.ready = this.start(slot);
    slot.ready.catch(() => {});
    this.slots[n] = slot;
    return slot;
  }

  async start(slot) {
    const { Niivue, DRAG_MODE } = await fetchNiivue();
    const nv = new Niivue({ logLevel: 'error', dragAndDropEnabled: false, isSliceMM: true, show3Dcrosshair: true,
      isOrientationTextVisible: false, loadingText: '', crosshairColor: [0.95, 0.6, 0.2, 1], crosshairWidth: 1,
      crosshairWidthUnit: 'mm', multiplanarPadPixels: 4, tileMargin: 2 * BESIDE, multiplanarShowRender: 1, fontColor: [0.75, 0.78, 0.82, 1], viewModeHotKey: '',
      clipPlaneHotKey: '', cycleClipPlaneHotKey: '', backColor: [0, 0, 0, 1] });
    nv.opts.dragMode = DRAG_MODE.none; // the page's own: windowing.js
    nv.opts.mouseEventConfig = { leftButton: { primary: DRAG_MODE.crosshair, withShift: DRAG_MODE.pan, withCtrl: DRAG_MODE.pan },
      rightButton: DRAG_MODE.none, centerButton: DRAG_MODE.pan };
    await nv.attachToCanvas(slot.canvas);
    for (const [name, colour] of Object.entries(SINGLE)) {
      nv.addColormap(`larmor ${name}`, { R: [0, colour[0]], G: [0, colour[1]], B: [0, colour[2]], A: [0, 255], I: [0, 255] });
    }
    nv.onLocationChange = (where) => {
      if (slot.volume) this.moved(Array.from(where.mm).slice(0, 3));
    };
    slot.canvas.addEventListener('webglcontextlost', () =>
      this.fail(slot, new Error('the graphics driver has given this picture up; reload the page')));
    slot.nv = nv;
    const resize = nv.resizeListener.bind(nv);
    nv.resizeListener = () => { // NiiVue calls it; one drawing of what is arranged anew
      if (!slot.field.clientWidth || !slot.field.clientHeight) return; // hidden behind the report
      nv.isBusy = true;
      resize();
      nv.isBusy = false;
      if (slot.volume) this.arrange(slot);
      else nv.drawScene();
    };
    this.apply(slot);
    return nv;
  }

  moved(mm) {
    if (this.at && this.at.every((value, axis) => Math.abs(value - mm[axis]) < 1e-3)) return;
    this.at = mm;
    this.guessed = false;
    this.tell.at(mm);
  }

  // Where the head is, which may be known only after the first picture; no one has moved since
  centre(mm) {
    if (this.guessed) this.move(mm);
  }

  // Shows these images instead of those before; what was seen stays until its successor is there.
  show(columns, overlays) {
    this.overlays = overlays;
    while (this.slots.length > columns.length) this.drop(this.slots.pop());
    return Promise.all(columns.map((column, n) => this.open(this.slot(n), column)));
  }

  drop(slot) {
    slot.fetching?.abort();
    slot.figure.remove();
    slot.nv?.cleanup();
    slot.nv?.gl.getExtension('WEBGL_lose_context')?.loseContext(); // a browser has few of them
  }

  // Of the first image it was asked for before there was a stage
  bytes(column, { signal }) {
    const begun = column.bytes;
    column.bytes = null;
    return begun || askBytes(`/volume/${column.id}.nii?channel=${column.channel}`, { signal });
  }

  async open(slot, column) {
    slot.fetching?.abort();
    slot.fetching = new AbortController();
    const mine = slot.fetching;
    slot.column = column;
    slot.caption.textContent = column.name;
    slot.message.textContent = '';
    slot.figure.classList.remove('broken');
    slot.figure.classList.add('loading');
    try {
      const [buffer, nv, { NVImage }] = await Promise.all([
        this.bytes(column, mine), slot.ready, fetchNiivue()]);
      const [low, high] = column.window || [NaN, NaN];
      performance.mark('larmor has voxels and NiiVue');
      const volume = await NVImage.loadFromUrl({ url: 'volume.nii', name: 'volume.nii', buffer, colormap: 'gray', cal_min: low, cal_max: high });
      if (slot.fetching !== mine) return;
      nv.isBusy = true; // one drawing, when all is set
      nv.volumes = [];
      nv.overlays = [];
      this.colour(volume, column, 1);
      nv.addVolume(volume);
      slot.volume = volume;
      column.window ??= [volume.cal_min, volume.cal_max];
      const first = !this.at;
      this.guessed = first && !column.about;
      this.at ??= column.about?.centre ?? Array.from(nv.frac2mm(nv.scene.crosshairPos, 0, true)).slice(0, 3);
      nv.scene.crosshairPos = nv.mm2frac(this.at, 0, true);
      nv.isBusy = false;
      performance.mark('larmor draws');
      this.arrange(slot);
      performance.mark('larmor drawn');
      slot.figure.classList.remove('loading');
      this.connect();
      this.tell.drawn(column);
      if (first) this.tell.at(this.at);
      await this.lay(slot);
    } catch (failure) {
      if (failure.name === 'AbortError' || slot.fetching !== mine) return;
      slot.figure.classList.remove('loading');
      this.fail(slot, failure);
    }
  }

  // The sentence stands where the picture would be
  fail(slot, failure) {
    slot.volume = null;
    slot.figure.classList.add('broken');
    tellFailure(slot.message, failure);
    this.tell.broken(slot.column, failure);
  }

  // The overlays over one image, each fetched once.
  async lay(slot) {
    for (const overlay of this.overlays) {
      try {
        const image = await this.layer(overlay);
        if (slot.nv.volumes.includes(image) || !slot.volume) continue;
        slot.nv.addVolume(image);
        this.tell.drawn(overlay);
      } catch (failure) {
        this.tell.broken(overlay, failure);
      }
    }
  }

  layer(overlay) {
    if (!this.layers.has(overlay)) {
      this.layers.set(overlay, (async () => {
        const [buffer, { NVImage }] = await Promise.all([askBytes(`/volume/${overlay.id}.nii`), fetchNiivue(), overlay.known]);
        const [low, high] = overlay.window;
        const image = await NVImage.loadFromUrl({ url: 'volume.nii', name: 'volume.nii', buffer, colormap: 'gray', opacity: overlay.opacity,
          cal_min: low, cal_max: high });
        this.colour(image, overlay, overlay.opacity);
        return image;
      })());
    }
    return this.layers.get(overlay);
  }

  colour(image, part, opacity) {
    image._opacity = opacity;
    if (part.window) [image.cal_min, image.cal_max] = part.window;
    image.colormapLabel = null;
    if (part.about?.labels && part.colour !== 'grey' && part.about.range[1] >= 1) {
      image.setColormapLabel(labelTable(part.colour, Math.min(HIGHEST_LABEL, Math.ceil(part.about.range[1]))));
    } else {
      const name = part.colour || 'grey';
      image._colormap = name === 'grey' || name === 'labels' ? 'gray' : SINGLE[name] ? `larmor ${name}` : name;
    }
  }

  // Each canvas tells the others where it is, how it is zoomed and turned.
  connect() {
    const there = this.slots.filter((slot) => slot.volume).map((slot) => slot.nv);
    for (const nv of there) nv.broadcastTo(there.filter((other) => other !== nv), { crosshair: true, zoomPan: true, '3d': true });
  }

  slotOf(column) {
    return this.slots.find((slot) => slot.column === column && slot.volume);
  }

  // column.window or column.colour have changed
  repaint(column) {
    const slot = this.slotOf(column);
    if (!slot) return;
    this.colour(slot.volume, column, 1);
    slot.nv.updateGLVolume();
  }

  // overlay.opacity, .colour or .window have changed
  async repaintOverlay(overlay) {
    const image = await this.layer(overlay);
    this.colour(image, overlay, overlay.opacity);
    for (const slot of this.slots) if (slot.volume && slot.nv.volumes.includes(image)) slot.nv.updateGLVolume();
  }

  async channel(column) {
    const slot = this.slots.find((one) => one.column === column);
    if (slot) await this.open(slot, column);
  }

  set(option, value) {
    this.options[option] = value;
    for (const slot of this.slots) if (slot.nv) this.apply(slot);
  }

  apply({ nv }) {
    const types = { all: 3, planes: 3, axial: 0, coronal: 1, sagittal: 2, render: 4 }; // SLICE_TYPE
    nv.opts.multiplanarShowRender = this.options.layout === 'all' ? 1 : 0; // SHOW_RENDER
    nv.opts.show3Dcrosshair = this.options.crosshair;
    nv.opts.isRadiologicalConvention = this.options.radiological;
    nv.opts.sliceType = types[this.options.layout];
    this.arrange(true);
  }

  // Planes as large as they can be, in the same order for all images; a cross-hair two pixels wide.
  // Draws those that change by it, and `one`, or all where that is true.
  arrange(one = null) {
    let best = 0;
    for (const slot of this.slots) {
      if (!slot.nv || !slot.volume) continue;
      const { nv } = slot, { opts } = nv, [x, y, z] = nv.sceneExtentsMinMax(true)[2];
      const most = this.options.layout === 'all' ? Math.max(x, y, z) : 0; // the 3-D picture's side
      const fits = (across, up) => Math.min(nv.canvas.width / across, nv.canvas.height / up); // pixels of a millimetre
      const scales = { 1: fits(Math.max(x, y), y + 2 * z + most), 2: fits(x + y, y + z), 3: fits(2 * x + y + most, Math.max(y, z)) };
      best ||= Number(Object.keys(scales).sort((a, b) => scales[b] - scales[a])[0]); // MULTIPLANAR_TYPE
      const scale = [fits(x, y), fits(x, z), fits(y, z), scales[best], fits(Math.hypot(x, y), z)][opts.sliceType];
      const thick = this.options.crosshair ? 2 / scale / nv.scene.pan2Dxyzmm[3] : 0;
      if (slot === one || one === true || opts.multiplanarLayout !== best || Math.abs(opts.crosshairWidth - thick) > 0.05 * thick) {
        opts.multiplanarLayout = best;
        nv.setCrosshairWidth(thick); // draws
      }
      this.letter(slot);
    }
  }

  // Which side of the patient is where: beside each slice, where NiiVue's own letters would stand in it
  letter(slot) {
    const { nv } = slot, { dpr } = nv.uiData, alone = nv.opts.sliceType < 3, all = [];
    const put = (text, x, y) => {
      const letter = make('b', {}, text);
      letter.style.left = `${x}px`;
      letter.style.top = `${y}px`;
      all.push(letter);
    };
    for (const { axCorSag, leftTopWidthHeight } of nv.screenSlices) {
      if (!(axCorSag in SIDES)) continue;
      const [x, y, width, height] = leftTopWidthHeight.map((value) => value / dpr), out = alone ? -BESIDE / 2 : BESIDE / 2;
      const [left, right] = this.options.radiological && axCorSag < 2 ? ['R', 'L'] : SIDES[axCorSag];
      put(left, x - out, y + height / 2);
      put(right, x + width + out, y + height / 2);
      const beside = x + width / 2 + (alone ? BESIDE : 0); // of the cross-hair
      put(SIDES[axCorSag][2], beside, y - out);
      put(SIDES[axCorSag][3], beside, y + height + out);
    }
    slot.letters.replaceChildren(...all);
  }

  put(slot, mm) {
    slot.nv.scene.crosshairPos = slot.nv.mm2frac(mm, 0, true);
    slot.nv.drawScene();
  }

  move(mm) {
    this.at = mm;
    this.guessed = false;
    for (const slot of this.slots) if (slot.volume) this.put(slot, mm);
    this.tell.at(mm);
  }

  // One voxel of the image along the axis that is nearest to the patient's
  step(column, axis, sign) {
    const slot = this.slotOf(column) || this.slots.find((one) => one.volume);
    if (!slot || !this.at) return;
    const spacing = slot.volume.pixDimsRAS[axis + 1] || 1, mm = [...this.at];
    mm[axis] += sign * spacing;
    this.move(mm);
  }

  zoom(factor) {
    for (const slot of this.slots) {
      if (!slot.volume) continue;
      const pan = slot.nv.scene.pan2Dxyzmm, zoom = factor ? Math.min(20, Math.max(0.5, pan[3] * factor)) : 1;
      // what is under the cross-hair stays where it is
      const next = factor && this.at ? this.at.map((mm, axis) => pan[axis] + (pan[3] - zoom) * mm) : [0, 0, 0];
      slot.nv.scene.pan2Dxyzmm = [...next, zoom];
    }
    this.arrange(true);
  }

  // What is under the cross-hair: of each image and overlay, in their order
  async values(columns, overlays, mm) {
    const of = async (image) => (image ? meets(image, sizeOf(image), mm) : null);
    return Promise.all([...columns.map((column) => of(this.slotOf(column)?.volume)),
      ...overlays.map((overlay) => (this.layers.has(overlay) ? this.layers.get(overlay).then(of, () => null) : null))]);
  }
}
