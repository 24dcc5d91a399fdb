// The place under the cross-hair, and what each image has there.
// SPDX-License-Identifier: Apache-2.0
import { byId, make, number } from '/element.js';
import { placeFrom } from '/space.js';

export class Readout {
  // go(mm): somebody typed a place
  constructor(go) {
    this.place = byId('place');
    this.table = byId('values');
    this.turn = 0;
    this.place.addEventListener('change', () => {
      const mm = placeFrom(this.place.value);
      this.place.classList.toggle('wrong', !mm);
      if (mm) go(mm);
    });
  }

  // Room for the values, so that the pictures above are not squeezed when they come
  prepare(parts) {
    this.turn++;
    this.table.replaceChildren(...parts.map((part) => this.row(part, null)));
  }

  // values(): a promise of one answer per part, null where it has none
  async show(mm, parts, values) {
    const turn = ++this.turn;
    if (document.activeElement !== this.place) {
      this.place.value = mm.map((value) => (Math.abs(value) < 0.05 ? 0 : value).toFixed(1)).join(' ');
      this.place.classList.remove('wrong');
    }
    const answers = await values();
    if (turn !== this.turn) return; // a later place was quicker
    this.table.replaceChildren(...parts.map((part, n) => this.row(part, answers[n])));
  }

  row(part, answer) {
    const value = part.error ? 'cannot be read' : !answer ? '' : !answer.inside ? 'outside' : number(answer.value);
    const voxel = answer?.inside ? `voxel ${answer.ijk.join(' ')}` : '';
    return make('tr', {}, make('th', { scope: 'row' }, part.name), make('td', { className: 'value' }, value),
      make('td', { className: 'voxel' }, voxel));
  }
}
