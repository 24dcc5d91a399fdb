// Keys, and the help that lists them.
// SPDX-License-Identifier: Apache-2.0
import { byId, make } from '/element.js';

const MOUSE = [
  ['left button', 'moves the cross-hair; in the 3-D picture, turns it'],
  ['right button, dragged', 'window: right and left for wide and narrow, up and down for dark and bright'],
  ['wheel', 'slices; over the 3-D picture, its size'],
  ['middle button or Shift + left, dragged', 'moves the slices'],
  ['double click', 'back to the first window'],
];

// keys: [key as the browser calls it, as it is written, what it does, function]
export function listenForKeys(keys) {
  const table = new Map(keys.map(([key, , , act]) => [key, act]));
  // before NiiVue, which has keys of its own
  for (const name of ['keydown', 'keyup']) {
    window.addEventListener(name, (event) => {
      if (event.target.closest('input, select, textarea, dialog') || event.ctrlKey || event.metaKey || event.altKey) {
        return;
      }
      const act = table.get(event.key.length === 1 ? event.key.toLowerCase() : event.key);
      if (event.target.tagName === 'CANVAS') event.stopPropagation();
      if (!act || name === 'keyup') return;
      event.preventDefault();
      act();
    }, true);
  }
  const rows = (pairs) => pairs.map(([what, does]) => make('tr', {}, make('th', { scope: 'row' }, what), make('td', {}, does)));
  const told = keys.filter(([, written]) => written).map(([, written, does]) => [written, does]);
  byId('help').append(make('h2', {}, 'Mouse'), make('table', {}, ...rows(MOUSE)), make('h2', {}, 'Keys'),
    make('table', {}, ...rows(told)),
    make('button', { type: 'button', onclick: () => byId('help').close() }, 'Close'));
}

export function toggleHelp() {
  const help = byId('help');
  if (help.open) help.close();
  else help.showModal();
}
