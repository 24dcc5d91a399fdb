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

def mgh(code, size, frames=1, good=1, footer=(2300.0, 0.16, 2.01, 900.0, 256.0), tags=b"", spacing=(1.0, 2.0, 2.5), version=1,
        first=(-1, 0, 0)):
    width = {0: 1, 1: 4, 3: 4, 4: 2, 10: 2}.get(code, 4)
    head = struct.pack(">7ih", version, *size, frames, code, 0, good)
    head += struct.pack(">15f", *spacing, *first, 0, 0, -1, 0, 1, 0, 4, -5, 6.5)
    count = width * size[0] * size[1] * size[2] * frames
    return head.ljust(284, b"\0") + bytes(n * 37 % 251 for n in range(count)) + struct.pack(f">{len(footer)}f", *footer) + tags


for code, word in ((0, "u8"), (1, "i32"), (3, "f32"), (4, "i16"), (10, "u16")):
    write("mgh", word, mgh(code, (3, 2, 2)))
write("mgh", "frames", mgh(4, (2, 2, 1), 3))
write("mgh", "no_ras", mgh(0, (3, 2, 1), good=0))
write("mgh", "no_footer", mgh(0, (3, 2, 1), footer=()))
write("mgh", "four_reals", mgh(0, (3, 2, 1), footer=(1.0, 2.0, 3.0, 4.0)))
write("mgh", "tags", mgh(0, (3, 2, 1), tags=struct.pack(">iq", 3, 6) + b"made \0"))
write("mgh", "spare", mgh(0, (3, 2, 1), tags=b"\xff\xffspare"))
write("mgh", "no_footer_but_text", mgh(0, (3, 2, 1), footer=(), tags=b"something else in text"))
write("mgh", "flat_spacing", mgh(0, (3, 2, 1), spacing=(1.0, 0.0, 1.0)))
write("mgh", "sheared", mgh(0, (3, 2, 1), first=(-0.6, 0.8, 0)))
write("mgh", "long_cosines", mgh(0, (3, 2, 1), first=(-2, 0, 0)))
write("mgh", "no_cosines", mgh(0, (3, 2, 1), first=(0, 0, 0)))
write("mgh", "not_finite", mgh(0, (3, 2, 1), first=(float("nan"), 0, 0)))
write("mgh", "good_3", mgh(0, (3, 2, 1), good=3))
write("mgh", "size_0", mgh(0, (3, 0, 1)))
write("mgh", "no_type", mgh(77, (1, 1, 1)))
write("mgh", "footer_cut", mgh(0, (3, 2, 1), footer=(2300.0,), tags=b"\0\0"))
write("mgh", "old_tag", mgh(0, (3, 2, 1), tags=b"\0\0\0\2\0\0\0\0"))
write("mgh", "short", mgh(0, (3, 2, 1))[:99])
write("mgh", "colours", mgh(9, (1, 2, 1)))
write("mgh", "version", mgh(0, (3, 2, 1), version=257))
write("mgh", "too_many", mgh(3, (1, 1, 1))[:4] + struct.pack(">4i", *[2**31 - 1] * 4) + mgh(3, (1, 1, 1))[20:])
write("mgh", "gz", packed(mgh(4, (3, 2, 2))))
write("mgh", "gz_cut", packed(mgh(4, (3, 2, 2)))[:-6])


def analyze(order, datatype, dims, slope=0.0, origin=(0, 0, 0), ranges=(0, 0, 0.0, 0.0), orient=0, magic=0,
            edges=(1, 2, 2.5)):
    head = bytearray(348)
    size = {2: 1, 4: 2, 8: 4, 16: 4, 64: 8, 512: 2}[datatype]
    struct.pack_into(order + "i", head, 0, 348)
    struct.pack_into(order + "8h", head, 40, len(dims), *dims, *[1] * (7 - len(dims)))
    struct.pack_into(order + "2h", head, 70, datatype, 8 * size)
    struct.pack_into(order + "8f", head, 76, 0, *edges, 3, 0, 0, 0)
    struct.pack_into(order + "f", head, 112, slope)
    struct.pack_into(order + "2f", head, 124, *ranges[2:])
    struct.pack_into(order + "2i", head, 140, *ranges[:2])
    struct.pack_into(order + "B5h", head, 252, orient, *origin, 0, 0)
    struct.pack_into(order + "i", head, 344, magic)
    count = size
    for d in dims:
        count *= d
    return bytes(head) + bytes(n * 37 % 251 for n in range(count))


for order, word in (("<", "little"), (">", "big")):
    for datatype in (2, 4, 8, 16, 64):
        write("analyze", f"{word}_{datatype}", analyze(order, datatype, (3, 2, 2)))
    write("analyze", f"{word}_spm", analyze(order, 4, (3, 2, 2), 0.25, (2, 1, 1)))
    write("analyze", f"{word}_4d", analyze(order, 2, (3, 2, 1, 3), orient=2))
write("analyze", "ranges", analyze("<", 2, (3, 2, 2), ranges=(255, 0, 1.0, 0.0)))
write("analyze", "origin_far", analyze("<", 2, (3, 2, 2), origin=(100, 1, 1)))
write("analyze", "uint16", analyze("<", 512, (3, 2, 2)))
write("analyze", "edges", analyze("<", 2, (3, 2, 2), edges=(-1, 0, 3)))
write("analyze", "edges_not_finite", analyze("<", 2, (3, 2, 2), edges=(1, float("inf"), 3)))
write("analyze", "edges_tiny", analyze("<", 2, (3, 2, 2), edges=(1e-44, 1e-44, 1e-44)))
write("analyze", "short", analyze("<", 2, (3, 2, 2))[:200])
write("analyze", "damaged_nifti", analyze("<", 2, (3, 2, 2), magic=0x0031696f))
write("analyze", "pair", analyze("<", 2, (3, 2, 2), magic=0x0031696e))
write("analyze", "voxels_gz", analyze("<", 2, (3, 2, 2))[:348] + packed(analyze("<", 2, (3, 2, 2))[348:]))

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


def voxels(count):
    return bytes(n * 37 % 251 for n in range(count))


def metaimage(name, sizes, kind, bytes_each, more="", place=True, data_file="LOCAL", data=None, order="False"):
    dims = len(sizes)
    head = f"ObjectType = Image\nNDims = {dims}\nBinaryData = True\nBinaryDataByteOrderMSB = {order}\n{more}"
    if place:
        matrix = [(i == j) * (-1 if i == 1 else 1) for i in range(dims) for j in range(dims)]
        head += f"TransformMatrix = {' '.join(map(str, matrix))}\nOffset = {'1.5 ' * dims}\n"
        head += f"ElementSpacing = {'0.5 ' * dims}\n"
    head += f"DimSize = {' '.join(map(str, sizes))}\nElementType = {kind}\nElementDataFile = {data_file}\n"
    count = bytes_each
    for size in sizes:
        count *= size
    body = voxels(count) if data is None else data
    write("metaimage", name, head.encode() + (body if data_file == "LOCAL" else b""))


COMPRESSED = zlib.compress(voxels(24), 9)
for kind, size in (("UCHAR", 1), ("CHAR", 1), ("USHORT", 2), ("INT", 4), ("LONG", 4), ("ULONG_LONG", 8), ("FLOAT", 4),
                   ("DOUBLE", 8)):
    metaimage("kind_" + kind.lower(), (3, 2, 1), "MET_" + kind, size)
metaimage("big", (2, 3, 2), "MET_SHORT", 2, order="True")
metaimage("packed", (2, 3, 2), "MET_SHORT", 2, f"CompressedData = True\nCompressedDataSize = {len(COMPRESSED)}\n",
          data=COMPRESSED)
metaimage("packed_gzip", (2, 3, 2), "MET_SHORT", 2, "CompressedData = True\n", data=packed(voxels(24)))
metaimage("flat", (4, 3), "MET_SHORT", 2)
metaimage("series", (2, 2, 1, 3), "MET_SHORT", 2)
metaimage("channels", (2, 2, 2), "MET_UCHAR_ARRAY", 3, "ElementNumberOfChannels = 3\n")
metaimage("names", (2, 2, 2), "MET_SHORT", 2, "Rotation = 0 1 0 1 0 0 0 0 1\nPosition = 1 2 3\nElementSize = 1 2 3\n"
          "DistanceUnits = um\nAnatomicalOrientation = RAI\nElementToIntensityFunctionSlope = 2\n", place=False)
metaimage("header_size", (2, 2, 2), "MET_SHORT", 2, "HeaderSize = -1\n", data=b"more" + voxels(16))
metaimage("beside", (4, 3, 5), "MET_INT", 4, data_file="x.raw")
metaimage("beside_packed", (4, 3, 5), "MET_INT", 4, "CompressedData = True\n", data_file="x.zraw")
metaimage("beside_header", (2, 3, 5), "MET_INT", 4, "HeaderSize = 60\n", data_file="x.raw")
metaimage("list", (2, 2, 3), "MET_SHORT", 2, data_file="LIST\ns3.raw\ns1.raw\ns2.raw")
metaimage("list_2d", (2, 2, 1, 3), "MET_SHORT", 2, data_file="LIST 2\ns3.raw\ns1.raw\ns2.raw")
metaimage("pattern", (2, 2, 2), "MET_SHORT", 2, data_file="s%d.raw 1 3 2")
metaimage("pattern_digits", (2, 2, 3), "MET_SHORT", 2, data_file="s%01d.raw")
metaimage("leads_away", (2, 2, 3), "MET_SHORT", 2, data_file="../x.raw")
metaimage("two_orders", (2, 2, 3), "MET_SHORT", 2, "ElementByteOrderMSB = False\n")


def nrrd(name, sizes, kind, bytes_each, fields="", space="space: LPS\n", axes="(1,0,0) (0,2,0) (0,0,3)", data=None,
         encoding="raw", data_file=""):
    head = f"NRRD0005\n# seed\ntype: {kind}\ndimension: {len(sizes)}\nsizes: {' '.join(map(str, sizes))}\n"
    head += f"endian: little\nencoding: {encoding}\n{space}{fields}"
    if axes:
        head += f"space directions: {axes}\nspace origin: (5, 6.5 ,7{',0' if '4' in space else ''})\n"
    head += f"key:=value\n{data_file}\n"
    count = bytes_each
    for size in sizes:
        count *= size
    write("nrrd", name, head.encode() + (b"" if data_file else voxels(count) if data is None else data))


for kind, size in (("uchar", 1), ("int8_t", 1), ("unsigned short", 2), ("int", 4), ("long long int", 8), ("float", 4),
                   ("double", 8)):
    nrrd("kind_" + kind.replace(" ", "_"), (3, 2, 1), kind, size)
for name in ("right-anterior-superior", "LAS", "scanner-xyz", "3D-right-handed"):
    nrrd("space_" + name, (2, 2, 2), "short", 2, space=f"space: {name}\n")
nrrd("space_4", (2, 2, 1, 3), "short", 2, space="space dimension: 4\n",
     axes="(1,0,0,0) (0,1,0,0) (0,0,1,0) (0,0,0,2)")
nrrd("gzip", (2, 3, 2), "short", 2, encoding="gzip", data=packed(voxels(24)))
nrrd("skip_last", (2, 3, 2), "short", 2, "byte skip: -1\n", data=b"more" + voxels(24))
nrrd("big", (2, 3, 2), "short", 2, "kinds: domain domain space\ncenters: cell node ???\n")
nrrd("list_last", (2, 2, 1, 3), "short", 2, 'kinds: domain domain domain list\nspacings: NaN NaN NaN 2.5\n'
     'units: "" "" "" "ms"\n', axes="(1,0,0) (0,2,0) (0,0,3) none")
nrrd("vector_first", (3, 2, 2, 2), "uchar", 1, 'kinds: vector space space space\nspace units: "um" "um" "um"\n',
     axes="none (1,0,0) (0,2,0) (0,0,3)")
nrrd("spacings", (2, 2, 2), "short", 2, "spacings: 1 2 nan\naxis mins: 1 2 3\ncenterings: node cell cell\n", space="",
     axes="")
nrrd("flat", (3, 4), "short", 2, space="space dimension: 3\n", axes="(1,0,0) (0,2,0)")
nrrd("detached", (4, 3, 5), "int", 4, data_file="data file: x.raw\n")
nrrd("detached_gzip", (4, 3, 5), "int", 4, encoding="gz", data_file="datafile: x.raw.gz\n")
nrrd("detached_skips", (2, 3, 5), "int", 4, "line skip: 0\nbyte skip: 60\n", data_file="data file: d/x.raw\n")
nrrd("detached_list", (2, 2, 3), "short", 2, data_file="data file: LIST\ns3.raw\ns2.raw\ns1.raw\n")
nrrd("detached_list_2", (2, 2, 1, 3), "short", 2, axes="(1,0,0) (0,2,0) (0,0,3) none",
     data_file="data file: LIST 2\ns3.raw\ns2.raw\ns1.raw\n")
nrrd("detached_pattern", (2, 2, 2), "short", 2, data_file="data file: s%d.raw 1 3 2 2\n")
nrrd("line_skip", (2, 3, 2), "short", 2, "line skip: 2\nbyte skip: 1\n", data=b"one\ntwo\n." + voxels(24))
nrrd("units_unknown", (2, 2, 2), "short", 2, 'space units: "ell" "ell" "ell"\nspacings: 1 2 3\n')
nrrd("two_lists", (2, 1, 1, 2, 3), "short", 2, axes="(1,0,0) (0,2,0) (0,0,3) none none")
nrrd("list_between", (2, 3, 2, 2), "short", 2, axes="(1,0,0) none (0,2,0) (0,0,3)")
nrrd("spacings_differ", (2, 2, 2), "short", 2, "spacings: 1 2 4\n")
write("nrrd", "compressed_as_a_whole", packed(b"NRRD0005\n"))
write("metaimage", "compressed_as_a_whole", packed(b"NDims = 3\n"))
nrrd("text", (2, 2, 2), "short", 2, encoding="ascii", data=b"1 2 3 4 5 6 7 8")


# ---- a header that is text, a 0, and the voxels beside it ----

PAR_GENERAL = """# === DATA DESCRIPTION FILE ===
# Research image export tool     {version}
.    Patient name                       :   p
.    Max. number of cardiac phases      :   1
.    Max. number of echoes              :   {echoes}
.    Max. number of slices/locations    :   {slices}
.    Max. number of dynamics            :   {dynamics}
.    Repetition time [ms]               :   2000.0
.    Angulation midslice(ap,fh,rl)[degr]:   -13.265  5 0.1
.    Off Centre midslice(ap,fh,rl) [mm] :   2.508  30.339  -16.032
.    Dynamic scan      <0=no 1=yes> ?   :   1
.    Diffusion         <0=no 1=yes> ?   :   {diffusion}
"""
PAR_OLD = """.    Image pixel size [8 or 16 bits]    :   16
.    Recon resolution (x, y)            :   3 2
.    Slice thickness [mm]               :   3
.    Slice gap [mm]                     :   0.5
"""


def par(version, slices=2, dynamics=1, echoes=1, kinds=(0,), bits=16, orientation=1, diffusion=0, shuffle=1):
    rows, n = [], 0
    count = slices * dynamics * echoes * len(kinds)
    for kind in kinds:
        for dynamic in range(1, dynamics + 1):
            for echo in range(1, echoes + 1):
                for sl in range(1, slices + 1):
                    head = f"{sl} {echo} {dynamic} 1 {kind} 2 {n * shuffle % count} "
                    scale = f"{n % 3 - 1} {1.5 + n % 2} 4.28404e-003 1070 1860 -13.2 5 0.1 2 30 -16 "
                    last = f"0 {orientation} 0 2 3.75 2.5 30 0 0 {500 * diffusion} "
                    if version == "V3":
                        rows.append(head + scale + last + "90")
                    else:
                        row = head + f"{bits} 62 3 2 " + scale + "3 0.5 " + last + "0 90 0 0 0 39 0"
                        row += f" {1 + diffusion} {dynamic if diffusion else 1} 8 0 0 0 0" if version > "V4" else ""
                        rows.append(row + (" 1" if version == "V4.2" else ""))
                    n += 1
    text = PAR_GENERAL.format(version=version, slices=slices, dynamics=dynamics, echoes=echoes, diffusion=diffusion)
    text += (PAR_OLD if version == "V3" else "") + "# table\n" + "\n".join(rows) + "\n# === END OF DATA DESCRIPTION FILE ===\n"
    voxels = bytes(k * 37 % 251 for k in range(count * 6 * bits // 8))
    return text.encode() + b"\0" + voxels


write("parrec", "v3", par("V3"))
write("parrec", "v4_echoes", par("V4", echoes=2, orientation=3))
write("parrec", "v41_kinds", par("V4.1", kinds=(0, 3), bits=8, orientation=2))
write("parrec", "v42_dynamics_crlf", par("V4.2", dynamics=2).replace(b"\n", b"\r\n"))
write("parrec", "v42_shuffled", par("V4.2", slices=5, shuffle=3))
write("parrec", "v42_diffusion", par("V4.2", dynamics=3, diffusion=1))
write("parrec", "v42_cut", par("V4.2", dynamics=2)[:-5])
mixed = par("V4.1", kinds=(0, 3)).split(b"\n")
first = next(n for n, line in enumerate(mixed) if line.startswith(b"2 1 1 1 0"))
mixed[first], mixed[first + 2] = mixed[first + 2], mixed[first]
write("parrec", "v41_mixed", b"\n".join(mixed))
write("parrec", "v42_no_thickness", par("V4.2").replace(b" 3 0.5 0 ", b" 3 -3 0 "))
write("parrec", "v5", par("V4.2").replace(b"V4.2", b"V5"))


def attribute(name, value):
    if isinstance(value, str):
        return f"\ntype = string-attribute\nname = {name}\ncount = {len(value) + 1}\n'{value}~\n"
    kind = "float" if any(isinstance(v, float) for v in value) else "integer"
    return f"\ntype  = {kind}-attribute\nname  = {name}\ncount = {len(value)}\n " + "  ".join(map(str, value)) + "\n"


def afni(bricks=1, kind=1, order="LSB_FIRST", pack=False, **more):
    values = {"TYPESTRING": "3DIM_HEAD_ANAT", "SCENE_DATA": [0, 11, 0], "ORIENT_SPECIFIC": [0, 3, 4],
              "ORIGIN": [-1.5, -2.0, 3.0], "DELTA": [1.5, 2.0, 3.0],
              "IJK_TO_DICOM_REAL": [1.5, 0.0, 0.0, -1.5, 0.0, 2.0, 0.1, -2.0, 0.0, -0.1, 3.0, 3.0],
              "DATASET_RANK": [3, bricks], "DATASET_DIMENSIONS": [3, 2, 2, 0, 0], "BRICK_TYPES": [kind] * bricks,
              "BRICK_FLOAT_FACS": [0.5 * n for n in range(bricks)], "BYTEORDER_STRING": order,
              "TEMPLATE_SPACE": "ORIG", "HISTORY_NOTE": "a\\nb'c"}
    values.update(more)
    voxels = bytes(n * 37 % 251 for n in range(12 * bricks * {0: 1, 1: 2, 3: 4}.get(kind, 8)))
    text = "".join(attribute(name, value) for name, value in values.items() if value is not None)
    return text.encode() + b"\0" + (packed(voxels) if pack else voxels)


write("afni", "short", afni())
write("afni", "byte_time", afni(3, 0, TAXIS_NUMS=[3, 0, 77002], TAXIS_FLOATS=[0.0, 2.5, 0.0, 0.0, 0.0]))
write("afni", "float_big_gz", afni(2, 3, "MSB_FIRST", True, SCENE_DATA=[2, 2, 0], TEMPLATE_SPACE="MNI"))
write("afni", "no_real", afni(2, IJK_TO_DICOM_REAL=None, BRICK_FLOAT_FACS=[0.0, 0.0]))
write("afni", "no_factors", afni(BRICK_FLOAT_FACS=None, SCENE_DATA=None))
write("afni", "mixed", afni(2, BRICK_TYPES=[1, 3]))
write("afni", "complex", afni(1, 5))
write("afni", "product_overflows", afni(DATASET_DIMENSIONS=[2**31 - 1, 2**31 - 1, 2**31 - 1]))


def dicom(encoding, elements, pixels=b"\1\2\3\4", preamble=True):
    """elements: (group, element, kind, bytes). encoding: the last part of a transfer syntax."""
    big, explicit = encoding == "2", encoding != ""
    order = ">" if big else "<"
    out = b""

    def one(group, element, kind, value, order=order, explicit=explicit):
        head = struct.pack(order + "HH", group, element)
        length = 0xFFFFFFFF if value is None else len(value) + len(value) % 2
        body = (value or b"") + (b" " if value and len(value) % 2 else b"")
        if not explicit:
            return head + struct.pack(order + "I", length) + body
        if kind in ("OB", "OW", "SQ", "UN", "UT"):
            return head + kind.encode() + b"\0\0" + struct.pack(order + "I", length) + body
        return head + kind.encode() + struct.pack(order + "H", length) + body

    if preamble:
        uid = ("1.2.840.10008.1.2" + ("." + encoding if encoding else "")).encode()
        out = bytes(128) + b"DICM" + one(2, 0x10, "UI", uid, "<", True)
    for element in elements:
        out += element if isinstance(element, bytes) else one(*element)
    return out + (b"" if pixels is None else one(0x7FE0, 0x10, "OW", pixels))


def item(value, element=0xE000):
    return struct.pack("<HHI", 0xFFFE, element, 0xFFFFFFFF if value is None else len(value)) + (value or b"")


HEAD = [(8, 5, "CS", b"ISO_IR 100"), (0x18, 0x1120, "DS", b"+18.5 "), (0x20, 0xE, "UI", b"1.2.3"),
        (0x20, 0x11, "IS", b"4"), (0x20, 0x13, "IS", b"7"), (0x20, 0x32, "DS", b"-1.5\\2\\3e1"),
        (0x20, 0x37, "DS", b"1\\0\\0\\0\\1\\0"), (0x28, 8, "IS", b"1"), (0x28, 0x30, "DS", b"0.5\\ .5 ")]
SIZE = [(0x28, 0x10, "US", b"\2\0"), (0x28, 0x11, "US", b"\3\0")]
NESTED = [(0x40, 0x275, "SQ", None), item(None), item(b"", 0xE00D), item(b"", 0xE0DD)]
UNKNOWN = [(0x41, 1, "UN", None), item(None), struct.pack("<HHI", 0x20, 0xE, 2) + b"99", item(b"", 0xE00D), item(b"", 0xE0DD)]
write("dicom_tags", "explicit", dicom("1", HEAD + SIZE))
write("dicom_tags", "implicit", dicom("", HEAD + SIZE))
write("dicom_tags", "big", dicom("2", HEAD + [(0x28, 0x10, "US", b"\0\2")]))
write("dicom_tags", "nested", dicom("1", NESTED + HEAD + SIZE + UNKNOWN))
write("dicom_tags", "no_preamble", dicom("1", HEAD, preamble=False))
write("dicom_tags", "no_preamble_implicit", dicom("", HEAD, preamble=False))
write("dicom_tags", "no_pixels", dicom("1", HEAD, pixels=None))
write("dicom_tags", "deflated", dicom("1.99", HEAD))
write("dicom_tags", "deep", dicom("1", (NESTED[:2] * 70) + HEAD))
PIECES = [(0x7FE0, 0x10, "OB", None), item(b""), item(b"abcd"), item(b"ef"), item(b"", 0xE0DD)]
write("dicom_tags", "pieces", dicom("4.70", HEAD + SIZE + PIECES, pixels=None))
write("dicom_tags", "one_piece", dicom("4.70", HEAD + SIZE + PIECES[:3] + PIECES[4:], pixels=None))
write("dicom_tags", "pieces_cut", dicom("4.70", HEAD + SIZE + PIECES, pixels=None)[:-9])


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

# requests to the viewer: address, method, host, origin, cookie, what the browser says, gzip, a token
HOST, COOKIE = "127.0.0.1:4000", "a=b; larmor-4000=fedcba9876543210fedcba9876543210; c=d"
for name, lines in {
    "page": ("/", "GET", "localhost:4000", "", "", "cross-site", "navigate", "document", "gzip, deflate"),
    "list": ("/list", "GET", HOST, f"http://{HOST}", COOKIE, "same-origin", "cors", "empty", "gzip;q=0, br"),
    "session": ("/session", "POST", HOST, "", "", "none", "", "", "*", "0123456789abcdef0123456789abcdef"),
    "slice": ("/slice/3.png?plane=coronal&at=1,-2.5,3e1&window=0,80&longest=300&over=1&opacity=0.5&channel=2",
              "HEAD", HOST, "", COOKIE),
    "value": ("/value/0?at=1%2C2%2C-3", "GET", HOST, "", COOKIE),
    "rebound": ("/volume/0.nii", "GET", "evil.test:4000", "http://evil.test:4000", COOKIE),
    "outside": ("/../%2e%2e/etc/passwd%00.nii", "GET", "[::1]:4000", "null"),
}.items():
    write("view_request", name, "\n".join(lines).encode())
