// The window: which values are black and white. Whether those of CT apply, and dragging.
// SPDX-License-Identifier: Apache-2.0

// Whether the values look like Hounsfield units: air far below water, bone far above.
export function looksLikeCt(about) {
  return about.range[0] <= -500 && about.range[0] >= -32768 && about.range[1] >= 300 && about.range[1] <= 32767 && !about.labels;
}

// Right and left: wider and narrower; up and down: darker and brighter. Half the field is the whole window.
export function dragged([low, high], right, down, field) {
  const width = high - low, level = (low + high) / 2;
  const wider = width * Math.exp(2 * right / field), moved = level + width * 2 * -down / field;
  return [moved - wider / 2, moved + wider / 2];
}

// Dragging over a field changes the window: always with the right button, with the left one where asked.
// begin(): the window now, or null; change(window); reset(): double click. Comes before NiiVue.
export function listenForDrags(field, leftToo, begin, change, reset) {
  let from = null, wait = 0, next = null;
  const move = (event) => {
    event.stopPropagation();
    next = dragged(from.window, event.clientX - from.x, event.clientY - from.y, from.field);
    if (!wait) {
      wait = requestAnimationFrame(() => { // no more often than it can be seen
        wait = 0;
        change(next);
      });
    }
  };
  const end = (event) => {
    event.stopPropagation();
    window.removeEventListener('mousemove', move, true);
    window.removeEventListener('mouseup', end, true);
    field.classList.remove('windowing');
  };
  field.addEventListener('mousedown', (event) => {
    if (event.button !== 2 && !(event.button === 0 && leftToo())) return;
    event.stopPropagation();
    event.preventDefault();
    const window_now = begin();
    if (!window_now) return;
    from = { x: event.clientX, y: event.clientY, window: window_now, field: Math.max(200, field.clientWidth) };
    field.classList.add('windowing');
    window.addEventListener('mousemove', move, true);
    window.addEventListener('mouseup', end, true);
  }, true);
  field.addEventListener('contextmenu', (event) => event.preventDefault(), true);
  field.addEventListener('dblclick', (event) => {
    event.stopPropagation();
    reset();
  }, true);
}
