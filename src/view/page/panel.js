// The panel beside the pictures: window, histogram and facts of the chosen image; the overlays.
// SPDX-License-Identifier: Apache-2.0
import { byId, make, number, press, tellFailure } from '/element.js';
import { choices } from '/colours.js';
import { Histogram } from '/histogram.js';
import { looksLikeCt } from '/windowing.js';

const FIXED = 'colours are chosen by larmor here';

export class Panel {
  // tell: {choose(column), window(column, [low, high]), linked(bool), colour(part), overlay(overlay), channel(column)}
  // ctWindows: {name: [low, high]}, as larmor tells them
  constructor(tell, canColour, ctWindows) {
    this.tell = tell;
    this.ctWindows = ctWindows;
    this.canColour = canColour; // without NiiVue the colours are larmor's
    this.column = null;
    this.chooser = make('select', { title: 'Which image the window belongs to', onchange: () => tell.choose(this.chooser.value) });
    this.low = this.field('black', 0);
    this.high = this.field('white', 1);
    this.presets = make('div', { className: 'presets' });
    this.histogram = new Histogram(make('canvas', { className: 'histogram', title: 'Counts on a logarithmic scale; drag the ends of the window' }),
      (next) => tell.window(this.column, next));
    this.ends = make('p', { className: 'ends' }, make('span'), make('span'));
    this.level = make('p', { className: 'faint' });
    this.linked = make('input', { type: 'checkbox', onchange: () => tell.linked(this.linked.checked) });
    this.linkedRow = make('label', { className: 'check' }, this.linked, 'the same window for all images');
    this.channel = make('input', { type: 'range', min: 0, oninput: () => this.chooseChannel() });
    this.channelText = make('output');
    this.channelRow = make('label', { className: 'row' }, 'channel', this.channel, this.channelText);
    this.colour = make('select', { onchange: () => this.chooseColour(this.column, this.colour) });
    this.colourRow = make('label', { className: 'row' }, 'colours', this.colour);
    this.failure = make('p', { className: 'message' });
    this.facts = make('table', { className: 'facts' });
    this.warnings = make('ul', { className: 'warnings' });
    this.overlays = make('section');
    this.controls = make('div', {}, make('div', { className: 'row' }, this.low.label, this.high.label), this.level, this.presets,
      this.histogram.canvas, this.ends, this.linkedRow, this.channelRow, this.colourRow);
    byId('panel').replaceChildren(make('section', {}, this.chooser, this.controls, this.failure), this.overlays,
      make('section', {}, this.facts, this.warnings));
  }

  field(name, end) {
    const input = make('input', { type: 'number', step: 'any', onchange: () => {
      const next = [...this.column.window];
      next[end] = Number(input.value);
      if (input.value === '' || !(next[1] > next[0])) input.classList.add('wrong');
      else this.tell.window(this.column, next);
    } });
    return { input, label: make('label', {}, name, input) };
  }

  chooseChannel() {
    this.column.channel = Number(this.channel.value);
    this.channelText.textContent = this.channel.value;
    this.tell.channel(this.column);
  }

  chooseColour(part, select) {
    part.colour = select.value;
    this.tell.colour(part);
  }

  // All images, and the chosen one
  show(columns, column) {
    this.column = column;
    this.chooser.replaceChildren(...columns.map((one, n) => make('option', { value: n }, one.name)));
    this.chooser.value = columns.indexOf(column);
    this.chooser.disabled = columns.length < 2;
    this.linkedRow.hidden = columns.length < 2;
    const about = column.about, failed = column.error;
    this.controls.hidden = !about || Boolean(failed);
    this.failure.replaceChildren();
    if (failed) tellFailure(this.failure, failed);
    this.facts.replaceChildren();
    this.warnings.replaceChildren();
    if (!about) return;
    this.channelRow.hidden = !(about.channels > 1);
    this.channel.max = about.channels - 1;
    this.channel.value = column.channel;
    this.channelText.textContent = column.channel;
    this.fill(this.colour, this.colourRow, column, false);
    const named = looksLikeCt(about) ? Object.entries(this.ctWindows) : [];
    const finite = about.range.every(Number.isFinite) && about.range[1] > about.range[0];
    const list = [['auto', about.window], ...(finite ? [['all', about.range]] : []), ...named];
    this.presets.replaceChildren(...list.map(([name, limits]) => make('button', { type: 'button', title: limits.map(number).join(' to '),
      onclick: () => this.tell.window(this.column, [...limits]) }, name)));
    this.ends.firstChild.textContent = number(about.range[0]);
    this.ends.lastChild.textContent = number(about.range[1]);
    this.window(column);
    const rows = [['size', about.size.join(' \u00d7 ')], ['voxel', `${about.spacing_mm.map((mm) => Number(mm.toPrecision(4))).join(' \u00d7 ')} mm`],
      ['stored as', `${about.orientation}, ${about.type}`], ['values', about.range.map(number).join(' to ')]];
    if (about.channels > 1) rows.push(['channels', String(about.channels)]);
    const all = about.size.reduce((product, size) => product * size, 1);
    if (about.channels === 1 && about.finite < all) rows.push(['not finite', `${all - about.finite} of ${all} voxels`]);
    this.facts.replaceChildren(...rows.map(([what, text]) => make('tr', {}, make('th', { scope: 'row' }, what), make('td', {}, text))));
    this.warnings.replaceChildren(...about.warnings.map((text) => make('li', {}, text)));
  }

  fill(select, row, part, overlay) {
    const names = choices(part.about, overlay);
    row.hidden = !this.canColour;
    select.title = this.canColour ? '' : FIXED;
    select.replaceChildren(...names.map((name) => make('option', { value: name }, name)));
    part.colour ??= names[0];
    select.value = part.colour;
  }

  // The window has changed, by whatever hand
  window(column) {
    if (column !== this.column || !column.window || !column.about) return;
    const [low, high] = column.window, digits = (value) => Number(value.toPrecision(5));
    for (const [{ input }, value] of [[this.low, low], [this.high, high]]) {
      input.classList.remove('wrong');
      if (document.activeElement !== input) input.value = digits(value);
    }
    this.level.textContent = `level ${digits((low + high) / 2)}, width ${digits(high - low)}`;
    for (const button of this.presets.children) press(button, button.title === column.window.map(number).join(' to '));
    this.histogram.show(column.about, column.window);
  }

  showOverlays(overlays) {
    this.overlays.replaceChildren(...(overlays.length ? [make('h2', {}, 'Overlays')] : []), ...overlays.map((overlay) => this.overlay(overlay)));
  }

  overlay(overlay) {
    const opacity = make('input', { type: 'range', min: 0, max: 1, step: 0.05, value: overlay.opacity, title: 'opacity',
      'aria-label': 'opacity', oninput: () => {
        overlay.opacity = Number(opacity.value);
        this.tell.overlay(overlay);
      } });
    const colour = make('select', { 'aria-label': 'colours', onchange: () => this.chooseColour(overlay, colour) });
    const failure = make('p', { className: 'message' });
    const row = make('div', { className: 'overlay' }, make('p', { className: 'name' }, overlay.name), make('div', { className: 'row' }, opacity, colour), failure);
    if (overlay.about) this.fill(colour, colour, overlay, true);
    else colour.hidden = true;
    if (overlay.error) tellFailure(failure, overlay.error);
    return row;
  }
}
