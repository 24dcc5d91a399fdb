"""Names out of files are text: 200 names of files, names of overlays, titles and NIfTI's descriptions that would run a
script where they were read as markup, run none.
SPDX-License-Identifier: Apache-2.0"""
import os
import sys

from viewer import Browser, View, check, main, nifti, same, shown

HIT = "window.hit=1"
FORMS = [
    "<img src=x onerror=%s>", "<img src=x onerror='%s'>", '<img src=x onerror="%s">', '"><img src=x onerror=%s>', "'><img src=x onerror=%s>",
    "<svg onload=%s>", '"><svg onload=%s>', "'\"><svg onload=%s>", "<body onload=%s>", "<input autofocus onfocus=%s>",
    "<details open ontoggle=%s>", "<video src=x onerror=%s>", "<audio src=x onerror=%s>", "<object data=x onerror=%s>", "<script>%s<script>",
    "<iframe src=javascript:%s>", "<a href=javascript:%s>x", "<math href=javascript:%s>x", "javascript:%s", '" onmouseover=%s x="', "' autofocus onfocus=%s x='",
    "${%s}", "{{%s}}", "#{%s}", "<%%= %s %%>", "');%s;('", '");%s;("', "`;%s;`", "\\u003cimg src=x onerror=%s\\u003e", "&lt;img src=x onerror=%s&gt;",
    "%%3Cimg src=x onerror=%s%%3E", "<!--><img src=x onerror=%s>", "]]><img src=x onerror=%s>", "<style onload=%s>", "<meta http-equiv=refresh content=0;javascript:%s>",
    "<marquee onstart=%s>", "<select autofocus onfocus=%s>", "<x onclick=%s>x", "<link rel=stylesheet href=x onerror=%s>", "<image src=x onerror=%s>",
]
TURNS = [lambda text: text, lambda text: text.upper() + "!", lambda text: text.replace(" ", "\t") + "\t", lambda text: text.replace(" ", "\n") + "\n",
         lambda text: "\u202e" + text]
# a slash cannot stand in a name
PAYLOADS = [turn(form % HIT).replace(HIT.upper(), HIT) for turn in TURNS for form in FORMS]


def unharmed(browser, what):
    same("scripts that ran: " + what, browser.run("return window.hit ?? null"), None)
    same("elements out of names: " + what, browser.run("return document.querySelectorAll('#files :not(li):not(button), #values :not(tbody):not(tr):not(th):not(td),"
         "figcaption :not(span), h1 *, .overlay p *').length"), 0)


def are_text(browser, folder):
    same("names", len(PAYLOADS), 200)
    same("different names", len(set(PAYLOADS)), 200)
    for n, payload in enumerate(PAYLOADS):
        os.makedirs(folder, exist_ok=True)
        nifti(os.path.join(folder, payload + ".nii"), (4, 4, 4), range(64), descrip=payload.encode())
    overlay = nifti(PAYLOADS[0] + "_overlay.nii", (4, 4, 4), [n % 2 for n in range(64)], kind="B", descrip=PAYLOADS[1].encode())
    with View(folder, "--overlay", overlay) as view:
        browser.open(view.address)
        shown(browser, 1)
        listed = browser.run("return [...document.querySelectorAll('#files button')].map((one) => one.textContent)")
        same("names in the list", sorted(listed), sorted(payload + ".nii" for payload in PAYLOADS))
        same("the overlay's name", browser.run("return document.querySelector('.overlay .name').textContent"), PAYLOADS[0] + "_overlay.nii")
        for n in range(0, 200, 10):
            browser.run("document.querySelectorAll('#files button')[arguments[0]].click()", n)
            browser.wait("file %d" % n, "return document.querySelector('figcaption')?.textContent === arguments[0]", listed[n])
            shown(browser)
            unharmed(browser, listed[n])
        same("violations of the content policy", browser.violations(), [])
        same("requests to elsewhere", [url for url in browser.requests() if not url.startswith((view.base, "blob:", "data:", "chrome:"))], [])
        check("no path of its own making was asked for", not any(url == view.base + "/x" for url in browser.requests()))
    name = PAYLOADS[5] + ".nii"  # a title
    nifti(name, (4, 4, 4), range(64))
    with View(name) as view:
        browser.open(view.address)
        shown(browser)
        same("the title", browser.run("return document.querySelector('h1').textContent"), name)
        unharmed(browser, "title")


def names_run_nothing():
    os.mkdir(HOLD)
    with Browser(webgl=os.path.exists(NIIVUE)) as browser:
        are_text(browser, HOLD)


HOLD = "scans"
NIIVUE = os.path.join(os.environ.get("BUILD", ""), "viewer", "niivue.js.gz")

if __name__ == "__main__":
    sys.exit(main(names_run_nothing))
