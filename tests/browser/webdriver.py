"""Chromium, driven through chromedriver by the W3C WebDriver protocol; with Python's own library alone.
Browser() starts both and ends both; what the network and the console saw comes from its logs.
SPDX-License-Identifier: Apache-2.0"""
import base64
import json
import os
import shutil
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import zlib

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element in WebDriver's JSON
# WebGL by the processor, wherever the tests run
SOFTWARE_GL = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
WAIT = 60  # seconds after which what is waited for will not come; tests do not measure time


def programs():
    """chromium and chromedriver, or a sentence that says what is missing."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        return None, None, "there is no chromium with chromedriver here (./dev setup --full installs them)"
    return chromium, driver, None


class Failed(AssertionError):
    pass


def until(what, condition, wait=WAIT):
    """The first true value of condition(); fails with `what` where it never comes."""
    end = time.monotonic() + wait
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Failed("waited in vain for: " + (what() if callable(what) else what))
        time.sleep(0.05)


class Browser:
    def __init__(self, arguments=(), webgl=True, size=(1200, 800)):
        self.chromium, self.driver, missing = programs()
        if missing:
            raise Failed(missing)
        self.folder = tempfile.mkdtemp(prefix="larmor-browser-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = "http://127.0.0.1:%d" % port
        environment = dict(os.environ, HOME=self.folder, XDG_CONFIG_HOME=self.folder, XDG_CACHE_HOME=self.folder)
        self.process = subprocess.Popen([self.driver, "--port=%d" % port], env=environment, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        self.session = None
        try:
            until("chromedriver", self._ready)
            flags = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-default-apps", "--force-device-scale-factor=1", "--user-data-dir=" + self.folder + "/profile",
                     "--window-size=%d,%d" % size]
            flags += SOFTWARE_GL if webgl else ["--disable-gpu", "--disable-3d-apis"]
            options = {"binary": self.chromium, "args": flags + list(arguments),
                       "perfLoggingPrefs": {"enableNetwork": True, "enablePage": False}}
            made = self._call("POST", "/session", {"capabilities": {"alwaysMatch": {
                "browserName": "chrome", "goog:chromeOptions": options,
                "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}}})
            self.session = made["sessionId"]
            self.command("POST", "/timeouts", {"script": WAIT * 1000, "pageLoad": WAIT * 1000})
        except BaseException:
            self.close()
            raise
        self.network, self.console = [], []

    def _ready(self):
        if self.process.poll() is not None:
            raise Failed("chromedriver ended with %d" % self.process.returncode)
        try:
            return self._call("GET", "/status", None)["ready"]
        except (urllib.error.URLError, ConnectionError):
            return False

    def _call(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=2 * WAIT) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as failure:
            said = json.load(failure)["value"]
            raise Failed("%s %s: %s: %s" % (method, path, said["error"], said["message"].split("\n")[0]))

    def command(self, method, path, body=None):
        return self._call(method, "/session/" + self.session + path, {} if body is None and method == "POST" else body)

    def close(self):
        try:
            if self.session:
                self.command("DELETE", "")
        except (Failed, urllib.error.URLError, ConnectionError, OSError):
            pass
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def open(self, address):
        self.command("POST", "/url", {"url": address})

    def new_tab(self):
        handle = self.command("POST", "/window/new", {"type": "tab"})["handle"]
        self.command("POST", "/window", {"handle": handle})

    def close_tab(self):
        """The tab that is looked at; another one is looked at then."""
        left = self.command("DELETE", "/window")
        self.command("POST", "/window", {"handle": left[-1]})

    def size(self, width, height):
        self.command("POST", "/window/rect", {"width": width, "height": height})

    def run(self, script, *arguments):
        """The value of a script's `return`; it may return a promise."""
        return self.command("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def cdp(self, name, **parameters):
        return self.command("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def element(self, selector):
        return self.command("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]

    def click(self, selector):
        self.command("POST", "/element/%s/click" % self.element(selector))

    def type(self, selector, text):
        path = "/element/%s" % self.element(selector)
        self.command("POST", path + "/clear")
        self.command("POST", path + "/value", {"text": text})

    def keys(self, *keys):
        """Pressed one after the other, wherever the focus is."""
        actions = []
        for key in keys:
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.command("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def drag(self, start, end, button=0):
        """From one pixel of the page to another: 0 left, 2 right; the same pixel is a click."""
        steps = [{"type": "pointerMove", "x": int(start[0]), "y": int(start[1]), "duration": 0},
                 {"type": "pointerDown", "button": button}]
        if start != end:
            middle = [(a + b) / 2 for a, b in zip(start, end)]
            for x, y in (middle, end):
                steps.append({"type": "pointerMove", "x": int(x), "y": int(y), "duration": 20})
        steps.append({"type": "pointerUp", "button": button})
        self.command("POST", "/actions", {"actions": [{"type": "pointer", "id": "mouse", "actions": steps}]})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0])?.innerText ?? null", selector)

    def wait(self, what, script, *arguments):
        return until(lambda: what + "; the page says: " + str(self.text("body"))[:600], lambda: self.run(script, *arguments))

    def box(self, selector):
        """left, top, width, height of an element on the page, in pixels."""
        return self.run("const b = document.querySelector(arguments[0]).getBoundingClientRect();"
                        "return [b.left, b.top, b.width, b.height]", selector)

    def picture(self, selector=None):
        """What is seen, of the page or of one element: (width, height, bytes of RGB rows)."""
        return unpack(self.screenshot(selector))

    def screenshot(self, selector=None):
        path = "/screenshot" if selector is None else "/element/%s/screenshot" % self.element(selector)
        return base64.b64decode(self.command("GET", path))

    def logs(self):
        """Adds what has happened since to self.network (CDP's messages) and self.console."""
        for entry in self.command("POST", "/se/log", {"type": "performance"}):
            self.network.append(json.loads(entry["message"])["message"])
        self.console += self.command("POST", "/se/log", {"type": "browser"})

    def requests(self):
        """Addresses of all requests that left the browser so far."""
        self.logs()
        return [message["params"]["request"]["url"] for message in self.network
                if message["method"] == "Network.requestWillBeSent"]

    def violations(self):
        """What the content policy refused so far, in the browser's words."""
        self.logs()
        return [entry["message"] for entry in self.console if "Content Security Policy" in entry["message"]
                or "Content-Security-Policy" in entry["message"]]


def unpack(png):
    """A PNG of 8 bits, RGB or RGBA and not interlaced, as Chromium makes them: (width, height, RGB)."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        data = png[at + 8:at + 8 + length]
        at += 12 + length
        if kind == b"IHDR":
            width, height, depth, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data)
            if depth != 8 or colour not in (2, 6) or interlaced:
                raise Failed("a PNG of an unexpected kind")
        elif kind == b"IDAT":
            packed += data
    raw, step = zlib.decompress(packed), 3 if colour == 2 else 4
    row, out = bytearray(width * step), bytearray()
    for y in range(height):
        kind, line = raw[y * (width * step + 1)], bytearray(raw[y * (width * step + 1) + 1:(y + 1) * (width * step + 1)])
        unfilter(kind, line, row, step)
        row = line
        if step == 3:
            out += line
        else:
            rgb = bytearray(3 * width)
            for channel in range(3):
                rgb[channel::3] = line[channel::4]
            out += rgb
    return width, height, bytes(out)


def unfilter(kind, line, above, step):
    if kind == 1:
        for n in range(step, len(line)):
            line[n] = (line[n] + line[n - step]) & 255
    elif kind == 2:
        for n, up in enumerate(above):
            line[n] = (line[n] + up) & 255
    elif kind == 3:
        for n, up in enumerate(above):
            line[n] = (line[n] + ((line[n - step] if n >= step else 0) + up) // 2) & 255
    elif kind == 4:
        for n, up in enumerate(above):
            left, corner = (line[n - step], above[n - step]) if n >= step else (0, 0)
            guess = left + up - corner
            a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
            line[n] = (line[n] + (left if a <= b and a <= c else up if b <= c else corner)) & 255


def deviation(picture, box=None):
    """Standard deviation of the green of a picture, or of (left, top, right, bottom) in it."""
    width, height, rgb = picture
    left, top, right, bottom = box or (0, 0, width, height)
    values = [value for y in range(top, bottom) for value in rgb[3 * (y * width + left) + 1:3 * (y * width + right):3]]
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5


def pixel(picture, x, y):
    width, _, rgb = picture
    at = 3 * (int(y) * width + int(x))
    return tuple(rgb[at:at + 3])
