#!/usr/bin/env python3
"""Writes slices/: TIFF and PNG files of every kind, as Pillow and tifffile (with imagecodecs) write them.

Pixel (x, y) of page p is (7 x + 13 y + 29 p) % 251, less 100 where the type is signed, times 0.5 less 3 where it is float;
tests/unit/format/test_slices.c knows the same. Needs: pip install pillow tifffile imagecodecs numpy
SPDX-License-Identifier: Apache-2.0
"""
import pathlib

import numpy as np
import tifffile
from PIL import Image

HERE = pathlib.Path(__file__).parent / "slices"
HERE.mkdir(exist_ok=True)
NX, NY = 11, 6


def pixels(dtype, pages=1, nx=NX, ny=NY):
    p, y, x = np.mgrid[0:pages, 0:ny, 0:nx]
    v = (7 * x + 13 * y + 29 * p) % 251
    kind = np.dtype(dtype).kind
    v = v - 100 if kind == "i" else v * 0.5 - 3 if kind == "f" else v
    return v.astype(dtype) if pages > 1 else v.astype(dtype)[0]


def tif(name, data, **options):
    tifffile.imwrite(HERE / f"{name}.tif", data, photometric=options.pop("photometric", "minisblack"),
                     metadata=options.pop("metadata", None), **options)


for dtype in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"):
    tif(f"plain_{dtype}", pixels(dtype))
    tif(f"big_endian_{dtype}", pixels(dtype), byteorder=">", compression="zlib")
for packing in ("zlib", "lzw", "packbits"):
    tif(f"{packing}_u1", pixels("u1"), compression=packing)
    tif(f"{packing}_i2", pixels("i2"), compression=packing)
tif("predictor_u2", pixels("u2"), compression="zlib", predictor=2)
tif("predictor_f4", pixels("f4"), compression="zlib", predictor=3)
tif("strips_f4", pixels("f4"), rowsperstrip=4)
tif("tiles_u2", pixels("u2", 1, 40, 23), tile=(16, 16))
tif("tiles_f4", pixels("f4", 3, 40, 23), tile=(16, 32), compression="lzw")
tif("bigtiff_f4", pixels("f4", 2), bigtiff=True)
tif("pages_i2", pixels("i2", 4), resolution=(10 / 0.75, 10 / 1.5), resolutionunit="CENTIMETER")
tif("inch_u1", pixels("u1"), resolution=(25.4 / 0.5, 25.4 / 0.25), resolutionunit="INCH")
tif("white_u1", 255 - pixels("u1"), photometric="miniswhite")
tif("jpeg_u1", pixels("u1"), compression="jpeg")
tif("rgb_u1", np.stack([pixels("u1")] * 3, -1), photometric="rgb")
tif("bits_12", pixels("u2"), compression="zstd")
tifffile.imwrite(HERE / "imagej_u2.tif", pixels("u2", 3), imagej=True, resolution=(1 / 0.75, 1 / 1.5),
                 metadata={"spacing": 2.5, "unit": "mm", "axes": "ZYX"})
tifffile.imwrite(HERE / "hyperstack_f4.tif", pixels("f4", 6).reshape(2, 3, NY, NX), imagej=True,
                 metadata={"spacing": 2.5, "unit": "mm", "axes": "TZYX"})
tifffile.imwrite(HERE / "channels_u1.tif", pixels("u1", 6).reshape(3, 2, NY, NX), imagej=True,
                 metadata={"spacing": 2.5, "unit": "mm", "axes": "ZCYX"})
with tifffile.TiffWriter(HERE / "uneven.tif") as writer:
    writer.write(pixels("u1"), photometric="minisblack", metadata=None)
    writer.write(pixels("u1", 1, 5, 4), photometric="minisblack", metadata=None)
Image.fromarray(pixels("f4")).save(HERE / "pillow_f4.tif")
Image.fromarray(pixels("u2")).save(HERE / "pillow_u2.tif", compression="tiff_lzw")

Image.fromarray(pixels("u1")).save(HERE / "grey_8.png", dpi=(25.4, 50.8))
Image.fromarray(pixels("u2") * 200).save(HERE / "grey_16.png")
Image.fromarray(pixels("u1") > 120).save(HERE / "grey_1.png")
Image.fromarray(pixels("u1")).convert("P").save(HERE / "palette.png")
Image.fromarray(pixels("u1")).convert("RGB").save(HERE / "rgb.png")
Image.fromarray(pixels("u1")).convert("LA").save(HERE / "alpha.png")
Image.fromarray(pixels("u1")).save(HERE / "clear.png", transparency=7)
