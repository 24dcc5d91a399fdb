// Where a voxel is: affines between voxels and millimetres (to the patient's right, front, head).
// SPDX-License-Identifier: Apache-2.0

// The inverse of a 4x4 affine given by rows; null where it has none.
export function inverse(m) {
  const [a, b, c] = m[0], [d, e, f] = m[1], [g, h, i] = m[2];
  const minors = [[e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d]];
  const determinant = a * minors[0][0] + b * minors[1][0] + c * minors[2][0];
  if (!determinant) return null;
  return minors.map((row) => {
    const r = row.map((value) => value / determinant);
    return [...r, -(r[0] * m[0][3] + r[1] * m[1][3] + r[2] * m[2][3])];
  });
}

export function through(affine, [x, y, z]) {
  return affine.slice(0, 3).map((row) => row[0] * x + row[1] * y + row[2] * z + row[3]);
}

// The voxel whose box holds the place, and whether the image has it.
export function voxelAt(backwards, size, mm) {
  const ijk = through(backwards, mm).map((value) => Math.round(value));
  return { ijk, inside: ijk.every((index, axis) => index >= 0 && index < size[axis]) };
}

// Three numbers in a text, or null.
export function placeFrom(text) {
  const numbers = text.trim().split(/[\s,;]+/).map(Number);
  return numbers.length === 3 && numbers.every(Number.isFinite) ? numbers : null;
}
