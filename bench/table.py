"""The end of every bench: its rows as a file, and as a table.
SPDX-License-Identifier: Apache-2.0"""
import json
import os


def finish(rows, path):
    """Writes the rows and prints them; 0 where all that was asked is met. `asked` and `met` are None in a row
    that asks for nothing."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        json.dump(rows, f, indent=1)
        f.write("\n")
    width = max([len(r["what"]) for r in rows], default=4)
    print("%-*s %10s %10s %-3s %8s %8s %s" % (width, "what", "ours", "peer", "", "ratio", "asked", "met"))
    for r in rows:
        print("%-*s %10.4g %10.4g %-3s %8.4g %8s %s" % (
            width, r["what"], r["ours"], r["peer"], r["unit"], r["ratio"], r["asked"] or "",
            {True: "yes", False: "NO", None: ""}[r["met"]]))
    return 0 if rows and all(r["met"] is not False for r in rows) else 1
