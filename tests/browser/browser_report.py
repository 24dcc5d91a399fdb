"""The page of larmor report opens from a file with scripts off: its pictures are seen, nothing is asked of the network,
and names that are markup are words.
SPDX-License-Identifier: Apache-2.0"""
import base64
import os
import subprocess
import sys

from viewer import LARMOR, Browser, check, main, same
from webdriver import deviation, unpack

NAMES = ["<script>document.title='run'<\u2215script>", "<img src=x onerror=document.title='run'>", "<svg onload=alert(1)>",
         "<style>*{display:none}", "<meta http-equiv=refresh content=0>", "<!--", "plain \u8111"]


def larmor(*arguments):
    subprocess.run([LARMOR, *arguments, "--quiet"], check=True, stdout=subprocess.DEVNULL)


def made():
    """A trained study of subjects with such names; the address of its page."""
    larmor("phantom", "cohort", "--subjects", str(len(NAMES)), "--spacing", "6")
    for kind, suffix in (("t1", "_T1.nii.gz"), ("flair", "_FLAIR.nii.gz")):
        for n, name in enumerate(NAMES):
            name = name.replace("'", "").replace('"', "")  # no id may hold a quote
            os.rename("cohort/%s/sub-%02d%s" % (kind, n + 1, suffix), "cohort/%s/%s%s" % (kind, name, suffix))
    with open("cohort/study.yaml", "w") as study:
        study.write("# </pre><script>document.title='run'</script>\ndata:\n  images:\n"
                    "    t1: {path: \"t1/{subject}_T1.nii.gz\"}\n"
                    "    flair: {path: \"flair/{subject}_FLAIR.nii.gz\", role: target}\n  split: {valid: 2}\n"
                    "prepare:\n  - resample: {images: flair, onto: t1}\n  - normalize: {}\n"
                    "network: {channels: 2, blocks: 0}\ntrain: {epochs: 2, batch: 1}\n")
    larmor("prepare", "cohort/study.yaml")
    larmor("train", "cohort/study.yaml")
    return "file://" + os.path.abspath("cohort/study/report.html")


def report_from_a_file():
    address = made()
    with Browser() as browser:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
        for dark in ("light", "dark"):
            browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": dark}])
            browser.open(address)
            seen = unpack(base64.b64decode(browser.cdp("Page.captureScreenshot", format="png")["data"]))
            check("the page is drawn, %s" % dark, deviation(seen) > 8)
            corner = seen[2][1]
            check("it is %s: %d" % (dark, corner), corner > 200 if dark == "light" else corner < 60)
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)
        browser.open(address)
        same("pictures that cannot be read", browser.run(
            "return [...document.images].filter((one) => !one.complete || one.naturalWidth === 0).length"), 0)
        check("there are pictures", browser.run("return document.images.length") > 4 * len(NAMES))
        same("elements that no page of ours has", browser.run(
            "return document.querySelectorAll('script, svg, iframe, object, embed, base, link, form, body style').length"), 0)
        same("handlers", browser.run("return [...document.querySelectorAll('*')].filter((one) =>"
                                     "[...one.attributes].some((a) => a.name.startsWith('on'))).length"), 0)
        check("nothing ran", browser.run("return document.title").endswith("preparation and training"))
        words = browser.run("return document.body.innerText")
        for name in NAMES:
            name = name.replace("'", "")
            check("the name '%s' is on the page" % name, name in words)
        check("the study is there to the letter", "# </pre><script>document.title='run'</script>" in words)
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        same("pixels that the page is too wide", wide, 0)
        browser.size(420, 800)
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        same("pixels that the page is too wide on a narrow screen", wide, 0)
        same("requests", [url for url in browser.requests() if not url.startswith(("file:", "data:", "chrome:"))], [])
        same("violations of the content policy", browser.violations(), [])


if __name__ == "__main__":
    sys.exit(main(report_from_a_file))
