#!/usr/bin/env python3
"""Writes the seeds of corpus/: tiny files of every kind that the readers know.

Only Python's standard library. What a fuzzer finds is added to corpus/ by hand under a name that says what it was.
SPDX-License-Identifier: Apache-2.0
"""
import gzip
import json
import pathlib
import struct
import zlib

HERE = pathlib.Path(__file__).parent / "corpus"
SIZES = {2: 1, 256: 1, 4: 2, 512: 2, 8: 4, 768: 4, 16: 4, 1024: 8, 1280: 8, 64: 8}


def nifti(version, order, datatype, dims, slope=(1.0, 0.0), extension=b"", sform=1, qform=1):
    head = bytearray(348 if version == 1 else 540)

    def put(at, kind, *values):
        struct.pack_into(order + str(len(values)) + kind, head, at, *values)

    dim = [len(dims), *dims] + [1] * (7 - len(dims))
    bits = 8 * SIZES[datatype]
    offset = len(head) + 4 + (16 if extension else 0)
    sizes = [1.0, 2.0, 2.0, 3.0, 1.5, 1.0, 1.0, 1.0]
    rows = [2, 0, 0, -5, 0, 2, 0, -6, 0, 0, 3, -7]
    put(0, "i", len(head))
    if version == 1:
        put(40, "h", *dim), put(70, "h", datatype, bits), put(76, "f", *sizes)
        put(108, "f", offset, *slope), put(123, "B", 10), put(252, "h", qform, sform)
        put(256, "f", 0, 0, 0, -5, -6, -7, *rows)
        head[344:348] = b"n+1\0"
    else:
        head[4:12] = b"n+2\0\r\n\x1a\n"
        put(12, "h", datatype, bits), put(16, "q", *dim), put(104, "d", *sizes)
        put(168, "q", offset), put(176, "d", *slope), put(344, "i", qform, sform)
        put(352, "d", 0, 0, 0, -5, -6, -7, *rows), put(500, "i", 10)
    flag = b"\1\0\0\0" if extension else b"\0\0\0\0"
    block = struct.pack(order + "ii", 16, 6) + extension.ljust(8, b"\0") if extension else b""
    count = SIZES[datatype]
    for d in dims:
        count *= d
    return bytes(head) + flag + block + bytes(n * 37 % 251 for n in range(count))


def packed(data, level=6):
    return gzip.compress(data, level, mtime=0)


def write(folder, name, data):
    path = HERE / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(data)


for version in (1, 2):
    for order, word in (("<", "little"), (">", "big")):
        write("nifti", f"v{version}_{word}_i16", nifti(version, order, 4, (3, 2, 2)))
        write("nifti", f"v{version}_{word}_u8_scaled", nifti(version, order, 2, (3, 3, 2), (0.5, -3.0)))
    write("nifti", f"v{version}_f64_extension", nifti(version, "<", 64, (2, 2, 1), extension=b"note"))
    write("nifti", f"v{version}_4d", nifti(version, "<", 16, (2, 2, 1, 3), sform=0))
    write("nifti", f"v{version}_no_forms_gz", packed(nifti(version, "<", 512, (3, 2, 1), sform=0, qform=0)))

text = b"larmor " * 30
write("gzip", "plain", packed(text))
write("gzip", "stored", packed(text, 0))
write("gzip", "two_members", packed(text) + packed(b"second"))
write("gzip", "empty", packed(b""))
write("gzip", "garbage_after", packed(text) + b"garbage")
write("gzip", "zeros", packed(bytes(20000)))
body = zlib.compressobj(6, zlib.DEFLATED, -15)
raw = body.compress(text) + body.flush()
tail = struct.pack("<II", zlib.crc32(text), len(text))
write("gzip", "all_header_fields", b"\x1f\x8b\x08\x1c\0\0\0\0\0\x03" + b"\x03\0abc" + b"name\0" + b"comment\0" + raw + tail)
write("gzip", "lying_isize", packed(text)[:-4] + struct.pack("<I", 0x7fffffff))


def safetensors(header, data, length=None):
    header = json.dumps(header).encode() if isinstance(header, dict) else header
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


two = {"__metadata__": {"study": "data:\n", "step": "7"}, "a.weight": tensor("F32", [2, 1, 3], 8, 32),
       "rate": tensor("F64", [], 0, 8)}
write("safetensors", "two", safetensors(two, bytes(range(32))))
write("safetensors", "integers", safetensors({"a": tensor("I64", [1], 0, 8), "b": tensor("U8", [3], 8, 11)}, bytes(11)))
write("safetensors", "nothing", safetensors({}, b""))
write("safetensors", "empty_tensor", safetensors({"a": tensor("F32", [0, 4], 0, 0)}, b""))
write("safetensors", "hole", safetensors({"a": tensor("F32", [1], 4, 8)}, bytes(8)))
write("safetensors", "product_overflows", safetensors({"a": tensor("F32", [2**32, 2**32], 0, 0)}, b""))
write("safetensors", "long_header", safetensors({}, b"", 2**63))
write("safetensors", "bf16", safetensors({"a": tensor("BF16", [2], 0, 4)}, bytes(4)))
write("safetensors", "cut", safetensors(two, bytes(20)))

ITK = "#Insight Transform File V1.0\n#Transform 0\nTransform: %s_double_3_3\n"
NUMBERS = "Parameters: %s\nFixedParameters: %s\n"
affine = ITK % "AffineTransform" + NUMBERS % ("1.1 0.2 0 -0.2 0.9 0 0 0 1.05 1 -2 3e0", "4 5 6")
euler = ITK % "Euler3DTransform" + NUMBERS % ("0.1 0.2 0.3 4 5 6", "1 2 3 1")
for name, text in (("affine", affine), ("euler", euler.replace("\n", "\r\n")),
                   ("similarity", ITK % "Similarity3DTransform" + NUMBERS % ("0 0.1 0.2 1 2 3 1.2", "7 8 9")),
                   ("identity", ITK % "IdentityTransform"),
                   ("singular", affine.replace("1.05", "0")), ("flat", affine.replace("_3_3", "_2_2")),
                   ("composite", ITK % "CompositeTransform" + affine[28:] + euler[28:])):
    write("transform", name, text.encode())


def level4(name, numbers, order="<", kind="d"):
    head = struct.pack(order + "5i", 1000 * (order == ">") + 10 * (kind == "f"), len(numbers), 1, 0, len(name) + 1)
    return head + name.encode() + b"\0" + struct.pack(f"{order}{len(numbers)}{kind}", *numbers)


ANTS = [1.1, 0.2, 0, -0.2, 0.9, 0, 0, 0, 1.05, 1, -2, 3]
for order, kind in ("<d", ">d", "<f", ">f"):
    write("transform", f"mat_{'big' if order == '>' else 'little'}_{kind}",
          level4("AffineTransform_double_3_3", ANTS, order, kind) + level4("fixed", [4, 5, 6], order, kind))
write("transform", "mat_euler", level4("Euler3DTransform_double_3_3", ANTS[6:]) + level4("fixed", [1, 2, 3, 0]))
write("transform", "mat_cut", level4("AffineTransform_double_3_3", ANTS)[:90])
FSL = "1.04 0.02 -0.05 3.5\n-0.02 0.97 0.1 -2e0\n0.05 -0.1 1.02 7\n0 0 0 1\n"
VOLUME = ("%s volume info\nvalid = 1  # volume info valid\nfilename = a.mgz\nvolume = 16 18 20\n"
          "voxelsize = 1 1.25 1.5\nxras = -1 0 0\nyras = 0 0 -1\nzras = 0 1 0\ncras = 1 -2 3\n")
LTA = "# made\ntype = %d # kind\nnxforms = 1\nmean = 0 0 0\nsigma = 1\n1 4 4\n" + FSL + VOLUME % "src" + VOLUME % "dst"
for name, text in (("fsl", FSL), ("fsl_rows", FSL[:40]), ("fsl_singular", FSL.replace("1.02", "0").replace("0.1", "0")),
                   ("lta_voxels", LTA % 0), ("lta_ras", LTA % 1 + "subject a\nfscale 0.15\n"), ("lta_tkreg", LTA % 14),
                   ("lta_cut", (LTA % 0)[:-40])):
    write("transform", name, text.encode())
for name, text in (("plain", "x,y,z\n1,2,3\n-4.5,5e1,.6\n"), ("columns", 'label,Z,"x", y \r\n"a,b",3, 1 ,"2"\r\n\r\n'),
                   ("bom", "\ufeffx,y,z,t\r1,2,3,0"), ("quote", 'x,y,z\n1,"2,3\n'), ("short", "x,y,z\n1,2\n"),
                   ("word", "x,y,z\n1,two,3\n")):
    write("points", name, text.encode())


def fit(method, parameters, standard=None, found=None, version=1):
    whole = {"larmor": "normalizer", "version": version, "method": method, "parameters": parameters}
    whole.update({"standard": standard} if standard else {}, **({"fit": found} if found else {}))
    return json.dumps(whole).encode()


found = {"values": [12.5, 3], "from": [12.5, 15.5], "to": [0, 1], "clips": False}
landmarks = {"images": 3, "percentiles": [1, 50, 99], "landmarks": [1, 40, 100]}
write("normalizer", "zscore", fit("zscore", {"foreground": "auto"}, found=found))
write("normalizer", "nyul", fit("nyul", {"contrast": "t1", "percentiles": "1 50 99"}, landmarks))
write("normalizer", "nyul_fit", fit("nyul", {}, landmarks, {**found, "values": [1, 2, 3]}))
write("normalizer", "lsq", fit("lsq", {"to": "2"}, {"means": [1, 2.3, 3.2]}))
write("normalizer", "ravel_no_maps", fit("ravel", {"factors": "1"}, {"images": 3, "factors": 1}))
write("normalizer", "falling", fit("zscore", {}, found={**found, "from": [2, 1]}))
write("normalizer", "many", fit("nyul", {}, {**landmarks, "percentiles": list(range(99)), "landmarks": list(range(99))}))
write("normalizer", "version", fit("zscore", {}, found=found, version=9))
write("normalizer", "nested", b"[" * 3000)
write("normalizer", "cut", fit("zscore", {}, found=found)[:70])


# Slices: (tag, type, values) of each page; type 2 text, 3 short, 4 long, 5 rational, 16 eight bytes.
def tiff(pages, data, order="<", big=False):
    out = bytearray((b"II" if order == "<" else b"MM") + struct.pack(order + ("HHHQ" if big else "HI"),
                                                                    *((43, 8, 0, 16) if big else (42, 8))))
    word, size, entry = ("Q", 8, 20) if big else ("I", 4, 12)
    for n, page in enumerate(pages):
        head, tail = b"", b""
        end = len(out) + (8 + 8 if big else 2 + 4) + entry * len(page)
        for tag, kind, values in page:
            if kind == 2:
                raw, count = values + b"\0", len(values) + 1
            elif kind == 5:
                raw, count = struct.pack(order + "II", *values), 1
            else:
                raw, count = struct.pack(order + str(len(values)) + {3: "H", 4: "I", 16: "Q"}[kind], *values), len(values)
            if len(raw) > size:
                place = struct.pack(order + word, end + len(tail))
                tail += raw + b"\0" * (len(raw) % 2)
            else:
                place = raw.ljust(size, b"\0")
            head += struct.pack(order + "HH" + word, tag, kind, count) + place
        following = end + len(tail) if n + 1 < len(pages) else 0
        out += struct.pack(order + ("Q" if big else "H"), len(page)) + head + struct.pack(order + word, following) + tail
    return bytes(out) + data


def page(nx, ny, bits, kind, packing, offsets, counts, extra=(), rows=None):
    tags = [(256, 3, [nx]), (257, 3, [ny]), (258, 3, [bits]), (259, 3, [packing]), (262, 3, [1]), (277, 3, [1]),
            (339, 3, [kind]), *extra]
    if not any(t[0] == 322 for t in tags):
        tags += [(273, 4, offsets), (278, 3, [rows or ny]), (279, 4, counts)]
    else:
        tags += [(324, 4, offsets), (325, 4, counts)]
    return sorted(tags)


def one_page(data, *args, order="<", big=False, pages=1, **kwargs):
    """The strips lie behind the directories: written twice, to know where."""
    strips = data if isinstance(data, list) else [data]
    counts = [len(s) for s in strips]
    start = len(tiff([page(*args, [0] * len(strips), counts, **kwargs)] * pages, b"", order, big))
    offsets = [start + sum(counts[:n]) for n in range(len(strips))]
    return tiff([page(*args, offsets, counts, **kwargs)] * pages, b"".join(strips), order, big)


def geometry(size="5 4 6", slices="z 2 1 1", of="0 5", volumes="0 1 1", kind="int16", values=""):
    line = (f"larmor=1; size {size}; affine -2 0 0 7.5 0 1.5 0 -9 0.25 0 3 4; axes LAS; slices {slices}; of {of}; "
            f"volumes {volumes}; pixels {kind}{values}").encode()
    return line + b"; check %08x" % zlib.crc32(line)


IMAGEJ = b"ImageJ=1.54f\nimages=%d\nslices=%d\nframes=%d\nchannels=%d\nhyperstack=true\nunit=%s\nspacing=0.3\n"
ROW = bytes(n * 37 % 251 for n in range(400))
write("tiff", "strips_u8", one_page([ROW[:10], ROW[10:20]], 5, 4, 8, 1, 1, rows=2))
write("tiff", "big_endian_i16", one_page(ROW[:40], 5, 4, 16, 2, 1, order=">"))
write("tiff", "bigtiff_f32", one_page(ROW[:80], 5, 4, 32, 3, 1, big=True))
write("tiff", "deflate_f64", one_page(zlib.compress(ROW[:160]), 5, 4, 64, 3, 8))
write("tiff", "packbits_u8", one_page(b"\x09" + ROW[:10] + b"\xf7\x05", 5, 4, 8, 1, 32773))
write("tiff", "lzw_u8", one_page(bytes.fromhex("8000002010080404030202"), 5, 1, 8, 1, 5))
write("tiff", "predictor_u16", one_page(zlib.compress(ROW[:40]), 5, 4, 16, 1, 8, extra=[(317, 3, [2])]))
write("tiff", "predictor_f32", one_page(zlib.compress(ROW[:80]), 5, 4, 32, 3, 8, extra=[(317, 3, [3])]))
write("tiff", "tiles_u8", one_page([ROW[:256]] * 2, 20, 9, 8, 1, 1, extra=[(322, 3, [16]), (323, 3, [16])]))
write("tiff", "resolution", one_page(ROW[:20], 5, 4, 8, 1, 1,
                                     extra=[(282, 5, (100, 15)), (283, 5, (20, 3)), (296, 3, [3])]))
write("tiff", "pages", one_page(ROW[:20], 5, 4, 8, 1, 1, pages=3, extra=[(270, 2, IMAGEJ % (3, 3, 1, 1, b"mm"))]))
write("tiff", "channels", one_page(ROW[:20], 5, 4, 8, 1, 1, pages=4, extra=[(270, 2, IMAGEJ % (4, 2, 1, 2, b"um"))]))
write("tiff", "frames", one_page(ROW[:20], 5, 4, 8, 1, 1, pages=4, extra=[(270, 2, IMAGEJ % (4, 2, 2, 1, b"cm"))]))
write("tiff", "placed", one_page(ROW[:40], 5, 4, 16, 2, 1, extra=[(270, 2, geometry())]))
write("tiff", "placed_x", one_page(ROW[:48], 4, 6, 16, 2, 1, extra=[(270, 2, b"ImageJ=1\n" + geometry(slices="x 1 1 2", of="1 3"))]))
write("tiff", "placed_volume", one_page(ROW[:40], 5, 4, 16, 2, 1, pages=4,
                                        extra=[(270, 2, geometry(slices="z 1 2 2", of="1 5", volumes="1 2 3"))]))
write("tiff", "cut", one_page(ROW[:80], 5, 4, 32, 3, 1)[:-30])


def png(bits, rows, chunks=(), colour=0, after=(), interlace=0, nx=5):
    raw = b"".join(b"\0" + r for r in rows)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", nx, len(rows), bits, colour, 0, 0, interlace))
            + b"".join(chunk(*c) for c in chunks) + chunk(b"IDAT", zlib.compress(raw))
            + b"".join(chunk(*c) for c in after) + chunk(b"IEND", b""))


EIGHT = [ROW[5 * n:5 * n + 5] for n in range(4)]
PLACE = b"larmor\0" + geometry(kind="uint8")
write("png", "grey_8", png(8, EIGHT, [(b"pHYs", struct.pack(">IIB", 1000, 500, 1))]))
write("png", "grey_16", png(16, [ROW[10 * n:10 * n + 10] for n in range(4)]))
write("png", "grey_1", png(1, [b"\xa8"] * 4))
write("png", "grey_4", png(4, [b"\x12\x34\x50"] * 4))
write("png", "rgb", png(8, [ROW[:15]] * 2, colour=2))
write("png", "interlaced", png(8, [b"\1", b"\2", b"\3"], interlace=1, nx=1))
write("png", "placed", png(8, EIGHT, [(b"pHYs", struct.pack(">IIB", 497, 667, 1)), (b"tEXt", PLACE)]))
write("png", "placed_scaled", png(8, EIGHT, [(b"tEXt", b"larmor\0" + geometry(kind="uint8", values="; values int16 0.5 -3"))]))
write("png", "placed_real", png(8, EIGHT, after=[(b"tEXt", b"larmor\0" + geometry(kind="uint8", values="; values float32 2.5 -3"))]))
write("png", "packed_text", png(8, EIGHT, [(b"zTXt", b"larmor\0\0" + zlib.compress(geometry(kind="uint8")))]))
write("png", "unicode_text", png(8, EIGHT, [(b"iTXt", b"larmor\0\0\0en\0\0" + geometry(kind="uint8"))]))
write("png", "cut", png(8, EIGHT)[:-6])
