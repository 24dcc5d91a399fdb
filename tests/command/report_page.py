"""Reads a page of larmor report by a parser that larmor has no part in: tags, attributes, pictures, policy.

python3 report_page.py PAGE WORDS...: the page is sound and has the words in this order; !WORDS: nowhere.
SPDX-License-Identifier: Apache-2.0
"""
import base64
import html.parser
import re
import struct
import sys
import xml.dom.minidom
import zlib

VOID = {"meta", "img"}
TAGS = VOID | {"html", "head", "title", "style", "body", "h1", "h2", "h3", "nav", "a", "section", "p", "div", "span", "b",
               "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "pre", "figure",
               "figcaption", "footer"}
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "href", "id", "class", "open", "alt", "src", "width",
              "height"}
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def check_png(raw):
    """Every chunk with its checksum, and as many bytes of pixels as it says; width and height."""
    assert raw[:8] == b"\x89PNG\r\n\x1a\n", raw[:8]
    at, data, size, kind = 8, b"", None, None
    while at < len(raw):
        count, kind = struct.unpack(">I4s", raw[at:at + 8])
        body = raw[at + 8:at + 8 + count]
        assert zlib.crc32(kind + body) == struct.unpack(">I", raw[at + 8 + count:at + 12 + count])[0], kind
        if kind == b"IHDR":
            size = struct.unpack(">IIBB", body[:10])
        if kind == b"IDAT":
            data += body
        at += 12 + count
    assert kind == b"IEND", kind
    channels = {0: 1, 2: 3, 3: 1}[size[3]]
    assert len(zlib.decompress(data)) == size[1] * (1 + size[0] * channels * size[2] // 8)
    return size[:2]


class Page(html.parser.HTMLParser):
    """words: all text; rows: cells of tables; pictures: (kind, alt); reloads."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.size, self.open, self.said, self.pictures, self.meta, self.rows = len(text), [], [], [], {}, []
        assert not HIDDEN.search(text), HIDDEN.search(text)
        self.feed(text)
        self.close()
        assert not self.open, self.open
        self.words = "\n".join(self.said)
        xml.dom.minidom.parseString(text.replace("<!DOCTYPE html>", "").encode())
        policy = self.meta["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline';"), policy
        self.reloads = "refresh" in self.meta

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert tag in TAGS, tag
        assert set(attrs) <= ATTRIBUTES, (tag, attrs)
        if tag == "meta":
            self.meta[attrs.get("http-equiv") or attrs.get("name") or "charset"] = attrs.get("content")
        if "href" in attrs:
            assert re.fullmatch("#[a-z]+", attrs["href"]), attrs
        if tag == "img":
            self.picture(attrs)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_comment(self, data):
        assert False, "a comment"

    def handle_data(self, data):
        if "td" in self.open:
            self.rows[-1][-1] += data
        if self.open and self.open[-1] != "style":
            self.said.append(data)

    def picture(self, attrs):
        found = re.fullmatch(r"data:image/(png|svg\+xml);base64,([A-Za-z0-9+/]+={0,2})", attrs["src"])
        assert found, attrs["src"][:80]
        raw = base64.b64decode(found[2], validate=True)
        if found[1] == "png":
            size = check_png(raw)
            assert abs(float(attrs["width"]) / float(attrs["height"]) * size[1] / size[0] - 1) < 0.05
        else:
            xml.dom.minidom.parseString(raw)
            assert b"<script" not in raw
        self.pictures.append((found[1], attrs["alt"]))


if __name__ == "__main__":
    page = Page(sys.argv[1])
    assert not page.reloads, "the page goes on to load itself"
    place = -1
    for wanted in sys.argv[2:]:
        if wanted.startswith("!"):
            assert wanted[1:] not in page.words, wanted
            continue
        found_at = page.words.find(wanted, place + 1)
        assert found_at >= 0, "the page lacks, in this order, %r" % wanted
        place = found_at
