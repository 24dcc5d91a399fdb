// The page of `larmor view`: what is shown, and who tells whom.
// SPDX-License-Identifier: Apache-2.0
import { byId, make, press, tellFailure } from '/element.js';
import { Folder } from '/folder.js';
import { listenForKeys, toggleHelp } from '/keys.js';
import { NiiStage, fetchNiivue, glCanvas } from '/nii.js';
import { Panel } from '/panel.js';
import { PlainStage } from '/plain.js';
import { Readout } from '/readout.js';
import { ReportTab } from '/report_tab.js';
import { askBytes, askJson, begin, onGone, watch } from '/session.js';
import { choices } from '/colours.js';
import { listenForDrags } from '/windowing.js';

const SIDE_BY_SIDE = 8; // a browser keeps about 16 pictures of this kind
const OVERLAY_OPACITY = 0.5;
const LAYOUTS = [['all', 'Planes + 3-D'], ['planes', 'Planes'], ['axial', 'Axial'], ['coronal', 'Coronal'], ['sagittal', 'Sagittal'], ['render', '3-D']];

const state = { columns: [], overlays: [], column: null, layout: 'all', radiological: false, leftWindows: false, linked: false,
  overlaysShown: true, at: null };
let stage, panel, readout, folder;

// ---- what is said at the top ----

const notices = new Map();
function notice(kind, failure) {
  if (failure) notices.set(kind, failure);
  else notices.delete(kind);
  const element = byId('notice');
  element.hidden = notices.size === 0;
  element.classList.toggle('bad', notices.has('gone') || notices.has('start'));
  if (notices.size) tellFailure(element, notices.get('gone') || [...notices.values()].at(-1));
}

// ---- an image or overlay of the list, and what is known of it ----

const usable = ([low, high]) => (high > low ? [low, high] : [low - 0.5, low + 0.5]); // a constant image

function part(entry, overlay) {
  const one = { id: entry.id, name: entry.name, overlay, about: null, window: null, colour: null, channel: 0,
    opacity: overlay ? OVERLAY_OPACITY : 1, error: null };
  one.known = askJson(`/about/${entry.id}`).then((about) => {
    about.window = usable(about.window);
    one.about = about;
    one.colour = choices(about, overlay)[0];
    const first = !one.touched;
    const was = one.window;
    if (first) one.window = [...about.window];
    if (was && first) repaint(one); // drawn before this was known
    if (!overlay) stage?.centre(about.centre);
    refresh(one);
    return about;
  });
  one.known.catch((failure) => {
    one.error ??= failure;
    refresh(one);
  });
  return one;
}

function repaint(one) {
  if (!stage) return;
  if (one.overlay) stage.repaintOverlay(one);
  else stage.repaint(one);
}

function refresh(one) {
  if (!panel) return; // asked for early
  if (one.overlay) panel.showOverlays(state.overlays);
  if (one === state.column) panel.show(state.columns, one);
  folder?.mark(one.id, Boolean(one.error));
  if (state.at) at(state.at);
}

// ---- what the stage tells ----

function at(mm) {
  state.at = mm;
  const parts = [...state.columns, ...state.overlays];
  readout.show(mm, parts, () => stage.values(state.columns, state.overlays, mm));
}

function setWindow(column, next) {
  const limits = usable(next);
  for (const one of state.linked ? state.columns : [column]) {
    one.window = [...limits];
    one.touched = true;
    stage.repaint(one);
    panel.window(one);
  }
}

function choose(column) {
  state.column = column;
  panel.show(state.columns, column);
}

const tell = {
  at,
  drawn(one) {
    refresh(one);
    document.body.dataset.drawn = state.columns.map((column) => column.id).join(' '); // for who waits for it
    if (one.overlay) document.body.dataset.laid = Number(document.body.dataset.laid || 0) + 1;
  },
  broken(one, failure) {
    one.error = failure;
    refresh(one);
  },
  drags(field, column) {
    listenForDrags(field, () => state.leftWindows, () => {
      choose(column());
      return column().window;
    }, (next) => setWindow(column(), next), () => {
      if (column().about) setWindow(column(), column().about.window);
    });
  },
};

// ---- what is shown ----

// The first images are asked for before anything else is made ready
const early = new Map();
function askEarly(entry, whole) {
  const one = part(entry, false);
  if (whole) {
    one.bytes = askBytes(`/volume/${entry.id}.nii?channel=0`);
    one.bytes.catch(() => {});
  }
  early.set(entry, one);
}

function show(entries) {
  state.columns = entries.map((entry) => early.get(entry) || part(entry, false));
  early.clear();
  choose(state.columns[0]);
  readout.prepare([...state.columns, ...state.overlays]);
  delete document.body.dataset.drawn;
  delete document.body.dataset.laid;
  stage.show(state.columns, state.overlays);
}

function setLayout(name) {
  state.layout = name;
  for (const button of byId('layouts').children) press(button, button.dataset.layout === name);
  stage.set('layout', name);
}

function toggleSides() {
  state.radiological = !state.radiological;
  press(byId('sides'), state.radiological);
  stage.set('radiological', state.radiological);
}

function toggleLeft() {
  state.leftWindows = !state.leftWindows;
  press(byId('left_windows'), state.leftWindows);
}

function toggleOverlays() {
  state.overlaysShown = !state.overlaysShown;
  for (const overlay of state.overlays) {
    if (!state.overlaysShown) overlay.before = overlay.opacity;
    overlay.opacity = state.overlaysShown ? overlay.before ?? OVERLAY_OPACITY : 0;
    stage.repaintOverlay(overlay);
  }
  panel.showOverlays(state.overlays);
}

function channel(by) {
  const { column } = state, last = (column.about?.channels || 1) - 1;
  const next = Math.min(last, Math.max(0, column.channel + by));
  if (next === column.channel) return;
  column.channel = next;
  panel.show(state.columns, column);
  showChannel(column);
}

// The window stays, so that channels can be compared; range and histogram are the channel's own.
function showChannel(column) {
  const { channel: wanted } = column;
  stage.channel(column);
  askJson(`/about/${column.id}?channel=${wanted}`).then((about) => {
    if (column.channel !== wanted) return;
    about.window = usable(about.window);
    column.about = about;
    refresh(column);
  }, () => {}); // what failed is told by the picture
}

// ---- the beginning ----

// Which stage, and the sentence where it is not NiiVue's
async function chooseStage(list) {
  const box = byId('stage');
  const without = (sentence, advice) => {
    notice('plain', { message: `${sentence}: slices are shown, without 3-D`, advice });
    return new PlainStage(box, tell);
  };
  if (!list.niivue) return without('NiiVue is not installed', 'run ./dev setup where npm and the network are there, then ./dev install');
  const canvas = glCanvas();
  if (!canvas) return without('this browser has no WebGL 2', 'turn on hardware acceleration in its settings, or use a newer browser');
  return new NiiStage(box, tell, canvas);
}

function keys() {
  const step = (axis, sign) => () => stage.step(state.column, axis, sign);
  const crosshair = () => stage.set('crosshair', !stage.options.crosshair);
  const plain = stage instanceof PlainStage;
  return [
    ...LAYOUTS.map(([name, title], n) => [String(n + 1), plain ? '' : String(n + 1), title, () => (plain ? null : setLayout(name))]),
    ['ArrowLeft', 'arrows', 'cross-hair one voxel to the left, right, front or back', step(0, -1)],
    ['ArrowRight', '', '', step(0, 1)], ['ArrowUp', '', '', step(1, 1)], ['ArrowDown', '', '', step(1, -1)],
    ['PageUp', 'Page up, Page down', 'cross-hair one voxel towards the head or the feet', step(2, 1)], ['PageDown', '', '', step(2, -1)],
    ['n', folder ? 'N, P' : '', 'next and previous file', () => folder?.step(1)], ['p', '', '', () => folder?.step(-1)],
    ['/', folder ? '/' : '', 'filter the list of files', () => byId('filter').focus()],
    ['.', '. and ,', 'next and previous channel', () => channel(1)], [',', '', '', () => channel(-1)],
    ['a', 'A', 'the first window again', () => state.column.about && setWindow(state.column, state.column.about.window)],
    ['w', 'W', 'dragging with the left button changes the window, or moves the cross-hair', toggleLeft],
    ['o', 'O', 'overlays on and off', toggleOverlays],
    ['x', 'X', 'cross-hair on and off', crosshair],
    ['c', 'C', 'cross-hair to the centre of the head', () => state.column.about && stage.move(state.column.about.centre)],
    ['r', plain ? '' : 'R', 'radiological: the patient\u2019s right on the left', () => (plain ? null : toggleSides())],
    ['+', plain ? '' : '+ \u2212 0', 'slices larger, smaller, as at first', () => stage.zoom(1.25)], ['=', '', '', () => stage.zoom(1.25)],
    ['-', '', '', () => stage.zoom(0.8)], ['0', '', '', () => stage.zoom(0)],
    ['?', '?', 'this help', toggleHelp],
  ];
}

async function start() {
  onGone((isGone) => notice('gone', isGone ? { message: 'larmor has ended', advice:
    'start larmor view again and open the address that it prints; what is shown here stays' } : null));
  const list = await begin();
  const of = (role) => list.entries.filter((entry) => entry.role === role);
  const images = of('image').slice(0, SIDE_BY_SIDE);
  const pages = [...of('image').slice(SIDE_BY_SIDE), ...of('page')];
  for (const entry of images.length ? images : pages.slice(0, 1)) askEarly(entry, list.niivue);
  if (list.niivue) fetchNiivue();
  document.title = `${list.title} \u2013 larmor`;
  byId('title').textContent = list.title;
  stage = await chooseStage(list);
  readout = new Readout((mm) => stage.move(mm));
  panel = new Panel({ choose: (n) => choose(state.columns[n]), window: setWindow, colour: repaint, overlay: repaint,
    linked: (on) => {
      state.linked = on;
      if (on && state.column.window) setWindow(state.column, state.column.window);
    }, channel: showChannel }, stage instanceof NiiStage, list.ct_windows);
  byId('layouts').append(...LAYOUTS.map(([name, title], n) => {
    const button = make('button', { type: 'button', title: `${title} (${n + 1})`, onclick: () => setLayout(name) }, title);
    button.dataset.layout = name;
    return button;
  }));
  byId('layouts').hidden = byId('sides').hidden = stage instanceof PlainStage;
  byId('sides').onclick = toggleSides;
  byId('left_windows').onclick = toggleLeft;
  byId('help_button').onclick = toggleHelp;

  state.overlays = of('overlay').map((entry) => part(entry, true));
  panel.showOverlays(state.overlays);
  if (pages.length) folder = new Folder(pages, (entry) => show([...images, entry]));
  listenForKeys(keys());
  setLayout(stage instanceof PlainStage ? 'planes' : 'all');
  const report = list.report ? new ReportTab() : null;
  if (images.length) show(images);
  else if (pages.length) folder.go(pages[0]);
  else if (report) report.show(true);
  else notice('start', { message: 'there is no image to show', advice: 'name an image, or a folder that holds some: larmor view t1.nii.gz' });
  if (of('image').length > SIDE_BY_SIDE) {
    notice('many', { message: `${SIDE_BY_SIDE} images are shown side by side, the others are in the list` });
  }
  watch(4000);
}

start().catch((failure) => {
  notice('start', failure);
  document.body.classList.add('failed');
});
