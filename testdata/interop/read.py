"""Asks c2pa-python, which is c2pa-rs, what it says of files.

The first line on standard output says who it is: {"version": …, "clock": …}. Then each line on standard input is a job in
JSON: {"path": …, "mime": …, "manifest": …, "fragments": […], "settings": …}, and is answered by one line:
{"state": …, "success": […], …} or {"refused": …}.
Fragments are read one at a time with the initialization segment, as the library does it: the worst state counts.
"""
import json
import os
import sys
import time
from importlib.metadata import version

import c2pa

GROUPS = ("success", "informational", "failure")
STATES = ("Invalid", "Valid", "Trusted")


def codes(report):
    active = (report.get("validation_results") or {}).get("activeManifest") or {}
    return {g: sorted({c["code"] for c in active.get(g) or []}) for g in GROUPS}


def open_reader(file, stream):
    store = None
    if file.get("manifest"):
        with open(file["manifest"], "rb") as f:
            store = f.read()
    return c2pa.Reader(file["mime"], stream, store, context=c2pa.Context(c2pa.Settings.from_dict(file["settings"])))


def read(file):
    """What the library says of one file."""
    out = None
    for fragment in file.get("fragments") or [None]:
        with open(file["path"], "rb") as f:
            reader = open_reader(file, f)
            if fragment:
                with open(file["path"], "rb") as init, open(fragment, "rb") as part:
                    reader = reader.with_fragment(file["mime"], init, part) or reader
            report = json.loads(reader.json())
        one = {"state": report.get("validation_state"), **codes(report)}
        if out is None:
            out = one
        else:
            out["state"] = min(out["state"], one["state"], key=STATES.index)
            for g in GROUPS[1:]:
                out[g] = sorted(set(out[g]) | set(one[g]))
    return out


def main():
    answers = os.fdopen(os.dup(1), "w")  # whatever else is printed goes to standard error
    os.dup2(2, 1)
    say = lambda x: print(json.dumps(x), file=answers, flush=True)
    say({"version": f"c2pa-rs {c2pa.sdk_version()} (c2pa-python {version('c2pa-python')})", "clock": time.time()})
    for line in sys.stdin:
        try:
            say(read(json.loads(line)))
        except Exception as x:  # the library's own errors have no common class but this one
            say({"refused": f"{type(x).__name__.lstrip('_')}: {x}"})


main()
