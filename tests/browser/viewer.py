"""What the tests in the browser share: larmor view as a child, images that are made here, and the checks.
A test is a function; main() runs those of a file, or those that the command line names, and ends as a test of
the tree does: 0, 1, or 77 where all were left out.
SPDX-License-Identifier: Apache-2.0"""
import array
import gzip
import os
import struct
import subprocess
import sys
import tempfile
import time
import traceback

import webdriver
from webdriver import Browser, Failed, until

SOURCE = os.environ.get("SOURCE", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
BUILD = os.environ.get("BUILD", os.path.join(SOURCE, "build"))
LARMOR = os.environ.get("LARMOR", os.path.join(BUILD, "larmor"))
TYPES = {"B": (2, 8), "h": (4, 16), "i": (8, 32), "f": (16, 32), "d": (64, 64)}  # NIfTI's codes and bits


class Skipped(Exception):
    pass


def need_niivue():
    if not os.path.exists(os.path.join(BUILD, "viewer", "niivue.js.gz")):
        raise Skipped("NiiVue is not installed (./dev setup installs it where npm is there)")


def check(what, truth):
    if not truth:
        raise Failed(what)


def same(what, found, expected):
    if found != expected:
        raise Failed("%s: %r, expected %r" % (what, found, expected))


def nifti(path, size, values, affine=None, kind="h", slope=0.0, inter=0.0, descrip=b""):
    """A NIfTI-1 file; values in the file's order (i fastest), size of three or four axes, affine of three rows."""
    affine = affine or [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    code, bits = TYPES[kind]
    dim = [len(size), *size] + [1] * (7 - len(size))
    spacing = [sum(affine[row][axis] ** 2 for row in range(3)) ** 0.5 for axis in range(3)]
    header = struct.pack("<i36x8h14xhhh8f", 348, *dim, code, bits, 0, 1.0, *spacing, 0, 0, 0, 0)  # to byte 108
    header += struct.pack("<3f", 352.0, slope, inter) + b"\0\0\0\x02"  # millimetres
    header = header.ljust(148, b"\0") + descrip[:79].ljust(80, b"\0") + b"\0" * 24
    header += struct.pack("<hh", 0, 1) + b"\0" * 24
    header += b"".join(struct.pack("<4f", *row) for row in affine) + b"\0" * 16 + b"n+1\0" + b"\0" * 4
    check("a header of 352 bytes", len(header) == 352)
    data = header + array.array(kind, values).tobytes()
    with (gzip.open if path.endswith(".gz") else open)(path, "wb") as f:
        f.write(data)
    return path


def read_nifti(path):
    """(size, affine's three rows, values) of an int16, uint8 or float32 file with an sform, as larmor writes them."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
        data = f.read()
    dim, code = struct.unpack("<8h", data[40:56]), struct.unpack("<h", data[70:72])[0]
    offset, slope, inter = struct.unpack("<3f", data[108:120])
    kind = [name for name, (known, _) in TYPES.items() if known == code][0]
    values = array.array(kind, data[int(offset):])
    affine = [list(struct.unpack("<4f", data[280 + 16 * row:296 + 16 * row])) for row in range(3)]
    return dim[1:4], affine, [value * slope + inter for value in values] if slope else values


def through(affine, ijk):
    return [sum(row[axis] * ijk[axis] for axis in range(3)) + row[3] for row in affine]


class View:
    """larmor view on these arguments; `address` holds the token."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([LARMOR, "view", "--no-browser", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address.startswith("http://"):
            raise Failed("larmor view did not start: " + self.process.stderr.read())
        self.base, self.token = self.address.split("/#")
        self.port = int(self.base.rsplit(":", 1)[1])

    def kill(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()
        self.process.stdout.close()
        self.process.stderr.close()


def shown(browser, overlays=0):
    """Waits until all that was asked for is drawn; fails at once where an image cannot be."""
    until("a page", lambda: browser.run("return document.querySelector('.column') !== null"))
    browser.wait("pictures", "return document.body.dataset.drawn !== undefined && !document.querySelector('.loading') &&"
                 "Number(document.body.dataset.laid || 0) >= arguments[0] &&"
                 "document.querySelector('.facts tr') !== null || document.querySelector('#stage .broken') !== null", overlays)
    check("an image cannot be drawn: %s" % browser.text("#stage"), not browser.run("return document.querySelector('#stage .broken') !== null"))
    settle(browser)


def settle(browser):
    """What was asked of the page's drawing is on the screen."""
    browser.run("return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")


def values(browser):
    """Rows of the readout: [[name, value, 'voxel i j k'], ...]"""
    return browser.run("return [...document.querySelectorAll('#values tr')].map((row) =>"
                       "[...row.children].map((cell) => cell.textContent))")


def go(browser, mm):
    """Types a place; what the page has for it comes back."""
    browser.run("const p = document.getElementById('place'); p.value = arguments[0]; document.getElementById('values')"
                ".replaceChildren(); p.dispatchEvent(new Event('change')); p.blur();", " ".join("%.4f" % v for v in mm))
    browser.wait("values at a place", "return document.querySelectorAll('#values tr').length > 0")
    return values(browser)


def main(*tests):
    if webdriver.programs()[2]:
        print("skipped: " + webdriver.programs()[2])
        return 77
    skipped = failed = 0
    for test in [test for test in tests if test.__name__ in sys.argv[1:]] or tests:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="larmor-") as folder:
            before = os.getcwd()
            os.chdir(folder)
            try:
                test()
            except Skipped as reason:
                skipped += 1
                print("skipped: %s: %s" % (test.__name__, reason))
                continue
            except Exception:  # noqa: all of them are told
                failed += 1
                print("FAILED: " + test.__name__, file=sys.stderr)
                traceback.print_exc()
                continue
            finally:
                os.chdir(before)
        print("passed: %s (%.0f s)" % (test.__name__, time.monotonic() - began))
    return 1 if failed else 77 if skipped == len(tests) else 0
