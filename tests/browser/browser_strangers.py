"""Pages of strangers get nothing: a name that is made to mean this machine (DNS rebinding), and a page of another
origin that asks, embeds, frames and posts, in a browser whose user has the viewer open.
SPDX-License-Identifier: Apache-2.0"""
import http.server
import json
import sys
import threading

from viewer import Browser, View, check, main, nifti, same, shown

SECRET = "patient_0815.nii.gz"
PATHS = ["/list", "/about/0", "/volume/0.nii", "/slice/0.png?plane=axial&at=0,0,0&longest=64", "/value/0?at=1,1,1", "/report"]
ATTACK = """
const base = %s, token = %s, paths = %s, seen = {};
const element = (kind, properties) => new Promise((done) => {
  const one = Object.assign(document.createElement(kind), properties);
  one.onload = () => done([kind, one.naturalWidth ?? null, one.contentDocument?.body?.innerText ?? null]);
  one.onerror = () => done([kind, 'error']);
  document.body.append(one);
});
const read = (path, options) => fetch(base + path, options).then(async (answer) => [answer.type, answer.status,
  (await answer.arrayBuffer()).byteLength], (failure) => ['refused', failure.name]);
(async () => {
  for (const path of paths) {
    for (const mode of ['cors', 'no-cors']) {
      for (const credentials of ['include', 'omit']) seen[`${mode} ${credentials} ${path}`] = await read(path, { mode, credentials });
    }
    seen['img ' + path] = await element('img', { src: base + path });
    seen['script ' + path] = await element('script', { src: base + path });
    seen['frame ' + path] = await element('iframe', { src: base + path });
  }
  seen['frame /'] = await element('iframe', { src: base + '/' });
  seen['frame with token'] = await element('iframe', { src: base + '/#' + token });
  seen['post'] = await read('/session', { method: 'POST', body: token, mode: 'no-cors', credentials: 'include' });
  seen['post cors'] = await read('/session', { method: 'POST', body: token, mode: 'cors', credentials: 'include' });
  document.title = JSON.stringify(seen);
})();
"""


class Stranger(http.server.BaseHTTPRequestHandler):
    script = ""

    def do_GET(self):
        body = ("<!doctype html><title>wait</title><body><script>%s</script>" % self.script).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *unused):
        pass


def served(script):
    Stranger.script = script
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stranger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def answered(browser, view, since):
    """{address: status} of what larmor answered since message `since` of the network's log."""
    browser.logs()
    found = {}
    for message in browser.network[since:]:
        if message["method"] == "Network.responseReceived":
            answer = message["params"]["response"]
            if ":%d/" % view.port in answer["url"]:
                found.setdefault(answer["url"], set()).add(answer["status"])
    return found


def foreign_page_gets_nothing():
    with View(nifti(SECRET, (8, 8, 8), range(512))) as view, Browser(webgl=False) as browser:
        browser.open(view.address)
        shown(browser)  # the cookie is in this browser
        for host in ("127.0.0.1", "localhost"):
            server = served(ATTACK % (json.dumps(view.base.replace("127.0.0.1", host)), json.dumps("0" * len(view.token)), json.dumps(PATHS)))
            for page in ("127.0.0.1", "localhost"):  # of the same site, and of another
                browser.new_tab()
                browser.logs()
                since = len(browser.network)
                browser.open("http://%s:%d/" % (page, server.server_port))
                browser.wait("the attack's end", "return document.title !== 'wait'")
                for what, got in json.loads(browser.run("return document.title")).items():
                    nothing = got[0] == "refused" or got[0] == "opaque" and got[2] == 0 or got[-1] == "error" or \
                        got[0] == "iframe" and not got[2] or got[0] == "img" and not got[1]
                    check("%s from %s: %s" % (what, page, got), nothing)
                for url, codes in answered(browser, view, since).items():
                    secret = any(path.split("?")[0] in url for path in PATHS + ["/session"])
                    check("%s was answered with %s" % (url, codes), not secret or all(code in (401, 403, 421) for code in codes))
                check("the names are not there", SECRET not in browser.run("return document.documentElement.outerHTML"))
                browser.close_tab()
            server.shutdown()
            server.server_close()
        browser.open(view.base + "/")  # and the user's own page is as before
        shown(browser)


def rebinding_gets_nothing():
    rules = "--host-resolver-rules=MAP evil.test 127.0.0.1"
    with View(nifti(SECRET, (8, 8, 8), range(512))) as view, Browser([rules], webgl=False) as browser:
        browser.open(view.address)
        shown(browser)
        browser.logs()
        since = len(browser.network)
        evil = "http://evil.test:%d" % view.port
        for path in ["/", "/view.js", "/#" + view.token] + PATHS:
            browser.open("about:blank")
            browser.open(evil + path)
            page = browser.run("return document.documentElement.outerHTML")
            check("%s says nothing of the images: %s" % (path, page), SECRET not in page and "stage" not in page)
        found = answered(browser, view, since)
        check("it was asked", len(found) >= len(PATHS))
        for url, codes in found.items():
            same("answers to " + url, codes, {421})
        # from the stranger's own page, at a port of its own, under the name that now means this machine
        server = served(ATTACK % (json.dumps(evil), json.dumps(view.token), json.dumps(PATHS)))
        browser.logs()
        since = len(browser.network)
        browser.open("http://evil.test:%d/" % server.server_port)
        browser.wait("the attack's end", "return document.title !== 'wait'")
        for url, codes in answered(browser, view, since).items():
            same("answers to " + url, codes, {421})
        server.shutdown()
        server.server_close()


if __name__ == "__main__":
    sys.exit(main(foreign_page_gets_nothing, rebinding_gets_nothing))
