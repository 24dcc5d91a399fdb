#!/usr/bin/env python3
# Prints the mark (lar_mark_image) of an image of 600 x 3 x 2 voxels whose voxel n holds n * 7919 % 613 - 300, by
# integers of any length: what test_twins compares, so that marks in records of an earlier larmor stay right.
# SPDX-License-Identifier: Apache-2.0
import struct

SIZE, ALL = (600, 3, 2), 2**64 - 1


def mix(x):
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9 & ALL
    x = (x ^ x >> 27) * 0x94D049BB133111EB & ALL
    return x ^ x >> 31


def two(x):
    return x, (x ^ x >> 29) * 0x9E3779B97F4A7C15 & ALL ^ x >> 32


place, values = [0, 0], [0, 0]
for n in range(SIZE[0] * SIZE[1] * SIZE[2]):
    mixed = mix(struct.unpack("<I", struct.pack("<f", n * 7919 % 613 - 300))[0] + 1)
    for k in range(2):
        values[k] += two(mixed)[k]
        place[k] += two(mix(mixed ^ n * 0xD6E8FEB86659FD93 & ALL))[k]
for k in range(2):
    place[k] &= ALL
    for size in SIZE:
        place[k] = mix(place[k] ^ size)
    values[k] = mix(values[k] & ALL ^ SIZE[0] * SIZE[1] * SIZE[2])
print("%016x%016x-%016x%016x" % (*place, *values))
