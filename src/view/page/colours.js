// Colours of overlays: one for a mask, one per label, a scale for a map.
// SPDX-License-Identifier: Apache-2.0

// Okabe and Ito 2008, https://jfly.uni-koeln.de/color/, the bright ones first: on grey scans.
const SET = [[230, 159, 0], [86, 180, 233], [0, 158, 115], [240, 228, 66], [213, 94, 0], [204, 121, 167], [0, 114, 178]];

export const SINGLE = { red: [255, 70, 60], green: [60, 220, 120], blue: [70, 150, 255], yellow: [250, 220, 60],
  orange: [230, 159, 0], pink: [240, 120, 190] };
// NiiVue's names of colour scales that are even to the eye, and two that part above from below
export const SCALES = ['viridis', 'inferno', 'magma', 'plasma', 'mako', 'batlow', 'warm', 'cool'];

// The colour of label n >= 1: the set, then hues a golden angle apart.
export function labelColour(n) {
  if (n <= SET.length) return SET[n - 1];
  const hue = (n * 137.508) % 360, light = 0.5 + 0.15 * ((n % 3) - 1);
  const part = (shift) => {
    const k = (shift + hue / 30) % 12;
    return Math.round(255 * (light - 0.65 * Math.min(light, 1 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [part(0), part(8), part(4)];
}

// What may be chosen for an image, the first is what it gets.
export function choices(about, overlay) {
  const single = Object.keys(SINGLE), grey = overlay ? [] : ['grey'];
  if (!about.labels) return overlay ? ['inferno', ...SCALES.filter((name) => name !== 'inferno'), ...single] : [...grey, ...SCALES];
  const mask = about.range[1] <= 1;
  return mask && overlay ? [...single, 'labels'] : ['labels', ...grey, ...single];
}

// NiiVue's table for labels up to `highest`, 0 see-through; one colour for all where `name` is one.
export function labelTable(name, highest) {
  const table = { R: [], G: [], B: [], A: [], I: [] };
  for (let n = 0; n <= highest; n++) {
    const [r, g, b] = n === 0 ? [0, 0, 0] : SINGLE[name] || labelColour(n);
    table.R.push(r);
    table.G.push(g);
    table.B.push(b);
    table.A.push(n === 0 ? 0 : 255);
    table.I.push(n);
  }
  return table;
}
