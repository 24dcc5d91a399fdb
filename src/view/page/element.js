// Elements of the page. Text goes in as text: names out of files are never read as markup.
// SPDX-License-Identifier: Apache-2.0

export const byId = (id) => document.getElementById(id);

// make('button', {type: 'button', onclick: f}, 'text', child ...)
export function make(kind, properties = {}, ...children) {
  const element = document.createElement(kind);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith('aria-') || name === 'role' || name === 'for') element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children); // strings become text nodes
  return element;
}

export function press(button, on) {
  button.setAttribute('aria-pressed', on ? 'true' : 'false');
}

// As many digits as a reader wants: 5 that count, no exponent where it can be helped.
export function number(value) {
  if (value === null || Number.isNaN(value)) return 'not finite';
  if (!Number.isFinite(value)) return value > 0 ? 'infinite' : '-infinite';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return String(Number(value.toPrecision(6)));
}

// A failure as larmor says it, and what to try.
export function tellFailure(element, failure) {
  element.replaceChildren(make('span', {}, failure.message));
  if (failure.advice) element.append(make('br'), make('span', { className: 'advice' }, failure.advice));
}
