// The list of a folder's files: filter, next and previous.
// SPDX-License-Identifier: Apache-2.0
import { byId, make } from '/element.js';

export class Folder {
  // open(entry): show it
  constructor(entries, open) {
    this.entries = entries;
    this.open = open;
    this.current = null;
    this.filter = byId('filter');
    this.items = entries.map((entry) => {
      const button = make('button', { type: 'button', title: entry.name, onclick: () => this.go(entry) }, entry.name);
      return { entry, button, item: make('li', {}, button) };
    });
    byId('files').replaceChildren(...this.items.map(({ item }) => item));
    byId('previous').onclick = () => this.step(-1);
    byId('next').onclick = () => this.step(1);
    this.filter.addEventListener('input', () => this.narrow());
    this.filter.addEventListener('keydown', (event) => {
      if (event.key === 'Enter') this.listed()[0]?.button.click();
      if (event.key === 'Escape') {
        this.filter.value = '';
        this.narrow();
        this.filter.blur();
      }
    });
    byId('folder').hidden = entries.length === 0;
    this.narrow();
  }

  listed() {
    return this.items.filter(({ item }) => !item.hidden);
  }

  // All words of the filter, in any order and case
  narrow() {
    const words = this.filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { entry, item } of this.items) {
      const name = entry.name.toLowerCase();
      item.hidden = !words.every((word) => name.includes(word));
    }
    this.tell();
  }

  tell() {
    const listed = this.listed(), place = listed.findIndex(({ entry }) => entry === this.current);
    byId('position').textContent = listed.length === 0 ? 'none matches' : `${place < 0 ? '\u2013' : place + 1} of ${listed.length}`;
    byId('previous').disabled = !(place > 0);
    byId('next').disabled = listed.length === 0 || place === listed.length - 1;
  }

  go(entry) {
    this.current = entry;
    for (const one of this.items) {
      if (one.entry === entry) {
        one.button.setAttribute('aria-current', 'true');
        this.reveal(one.item);
      } else {
        one.button.removeAttribute('aria-current');
      }
    }
    this.tell();
    this.open(entry);
  }

  // Scrolls the list alone, not the page around it
  reveal(item) {
    const list = byId('files'), above = item.offsetTop - list.offsetTop, below = above + item.offsetHeight - list.clientHeight;
    list.scrollTop = Math.max(Math.min(list.scrollTop, above), below);
  }

  step(by) {
    const listed = this.listed(), place = listed.findIndex(({ entry }) => entry === this.current);
    const next = listed[place < 0 ? 0 : place + by];
    if (next) this.go(next.entry);
  }

  // A file that could not be read stays in the list, and is marked.
  mark(id, broken) {
    const found = this.items.find(({ entry }) => entry.id === id);
    if (found) found.item.classList.toggle('broken', broken);
  }
}
