"""The first picture of a volume in the browser: larmor view beside the sum of reading the file and of NiiVue's own
drawing. Both in tabs of one Chromium, that are new each time, taking turns.

ours: from the navigation to the first picture: the page, its token, the file read by larmor, sent and drawn. larmor
is started anew for each, so that it has read nothing before.
peer: larmor's library reads the file, and NiiVue, from a server in Python, draws the volume that lies in the tab's memory
uncompressed: from the first request for NiiVue's module to the picture, in a canvas of the same size, with the same
layout and window. Wall seconds: what a person waits. "Drawn" is when a pixel can be read back.
SPDX-License-Identifier: Apache-2.0"""
import functools
import gzip
import http.server
import os
import statistics
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "browser"))
import viewer  # noqa: E402
import webdriver  # noqa: E402

ASKED = 1.3
READ = """
import ctypes
import sys
import time
lib, image = ctypes.CDLL(sys.argv[1]), ctypes.c_void_p()
start = time.perf_counter()
if lib.lar_image_read(ctypes.byref(image), sys.argv[2].encode()):
    sys.exit("cannot read")
print(time.perf_counter() - start)
"""
# Commands to the graphics driver are only queued when a page goes on; a pixel that is read back is drawn.
WATCH = """new PerformanceObserver((list) => {
  const gl = document.querySelector('canvas').getContext('webgl2');
  if (window.drawn || list.getEntriesByName('larmor drawn').length === 0) return;
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  window.drawn = performance.now();
  window.queued = performance.getEntriesByName('larmor drawn')[0].startTime;
}).observe({ entryTypes: ['mark'] });"""
# NiiVue alone draws the same picture: NiiVue's number of the layout (2 where the axial slice stands below the coronal
# one, 3 where all stand in a row), and black and white
LAYOUT = """const top = (letter) => [...document.querySelectorAll('.letters b')].find((b) => b.textContent === letter)
  .getBoundingClientRect().top;
return top('P') - top('I') > 100 ? 2 : 3"""
WINDOW = "return [...document.querySelectorAll('#panel input[type=number]')].map((one) => Number(one.value))"
TIMES = "return [window.drawn, window.queued]"
PAGE = """<!doctype html><meta charset="utf-8"><title>NiiVue alone</title>
<style>body { margin: 0 } div { position: absolute; left: %dpx; top: %dpx; width: %dpx; height: %dpx }</style>
<div><canvas></canvas></div><script type="module">
const buffer = await (await fetch('volume.nii')).arrayBuffer();
const begin = performance.now();
const { Niivue, NVImage } = await import('./niivue.js');
const nv = new Niivue({ logLevel: 'error', multiplanarShowRender: 1, isSliceMM: true, show3Dcrosshair: true,
  multiplanarLayout: %d, multiplanarPadPixels: 4, tileMargin: 28 });
await nv.attachToCanvas(document.querySelector('canvas'));
nv.addVolume(await NVImage.loadFromUrl({ url: 'volume.nii', name: 'volume.nii', buffer, cal_min: %r, cal_max: %r }));
window.queued = performance.now() - begin;
nv.gl.readPixels(0, 0, 1, 1, nv.gl.RGBA, nv.gl.UNSIGNED_BYTE, new Uint8Array(4));
window.drawn = performance.now() - begin;
</script>"""


def serve(folder):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        extensions_map = {".js": "text/javascript", ".html": "text/html; charset=utf-8", "": "application/octet-stream"}

        def log_message(self, *unused):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def ours(browser, path):
    with viewer.View(path) as view:
        browser.new_tab()
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        browser.open(view.base + "/view.css")  # a new tab's own beginning is not measured, on neither side
        browser.open(view.address)
        browser.wait("a picture", "return window.drawn > 0")
        seconds = [ms / 1000 for ms in browser.run(TIMES)]
        browser.wait("its window", "return document.querySelector('.facts tr') !== null")
        same = browser.box("canvas") + [browser.run(LAYOUT)] + browser.run(WINDOW)
        browser.close_tab()
    return seconds, same


def niivue(browser, server):
    browser.new_tab()
    browser.open("http://127.0.0.1:%d/page.html" % server.server_port)
    browser.wait("a picture", "return window.drawn > 0")
    seconds = [ms / 1000 for ms in browser.run(TIMES)]
    browser.close_tab()
    return seconds


def browser_rows(folder, runs, path, row):
    missing = webdriver.programs()[2]
    if not missing and not os.path.exists(os.path.join(viewer.BUILD, "viewer", "niivue.js.gz")):
        missing = "NiiVue is not installed"
    if missing:
        print("left out: the first picture in the browser: " + missing, file=sys.stderr)
        return []
    subprocess.run([viewer.LARMOR, "convert", path, "-o", os.path.join(folder, "volume.nii"), "-q"], check=True)
    with gzip.open(os.path.join(viewer.BUILD, "viewer", "niivue.js.gz")) as packed, open(os.path.join(folder, "niivue.js"), "wb") as out:
        out.write(packed.read())
    read = [sys.executable, "-c", READ, os.path.join(viewer.BUILD, "liblarmor.so"), path]
    times = {"ours": [], "niivue": [], "read": []}
    server = serve(folder)
    with webdriver.Browser(size=(1400, 900)) as browser:
        _, same = ours(browser, path)  # one run that counts for nothing, and how the picture looks
        with open(os.path.join(folder, "page.html"), "w") as f:
            f.write(PAGE % tuple(same))
        niivue(browser, server)
        for _ in range(runs):
            times["ours"].append(ours(browser, path)[0])
            times["niivue"].append(niivue(browser, server))
            times["read"].append(float(subprocess.check_output(read)))
    server.shutdown()
    server.server_close()
    reading = statistics.median(times["read"])
    first, queued = (statistics.median(one[n] for one in times["ours"]) for n in (0, 1))
    drawing, handed = (statistics.median(one[n] for one in times["niivue"]) for n in (0, 1))
    # of runs that stand side by side: other work on the machine comes and goes
    ratio = statistics.median(one[0] / (two[0] + three) for one, two, three in zip(times["ours"], times["niivue"], times["read"]))
    return [row("first picture of 256x256x192 .nii.gz in the browser (peer: reading + NiiVue alone)", first, reading + drawing,
                ratio, "<= %g" % ASKED, ratio <= ASKED),
            row("  until all is with the graphics driver, whose work is left out", queued, reading + handed, queued / (reading + handed)),
            row("  reading the file alone, and NiiVue alone", reading, drawing, reading / drawing)]
