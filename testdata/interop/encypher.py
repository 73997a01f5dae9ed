"""Asks encypher-c2pa what it says of files, without the network.

Lines in and out as those of read.py; a job has "pem" (certificates by the library's names) and "time" in place of
"settings", since this library takes both as arguments.
"""
import json
import os
import sys
import time
from importlib.metadata import version

os.environ["ENCYPHER_C2PA_ONLINE"] = "off"
import encypher_c2pa

GROUPS = ("success", "informational", "failure")


def read(file):
    options = dict(file["pem"])
    if file.get("time"):
        options["validation_time"] = file["time"]
    report = dict(encypher_c2pa.verify(file["path"], file["mime"], file.get("fragments") or None, manifest_store=file.get("manifest") or None,
                                       no_default_trust=True, telemetry=False, online=False, **options))
    results = (report.get("manifest_report") or {}).get("validation_results") or {}
    active = results.get("activeManifest") or report.get("validation_results") or {}
    out = {g: sorted({c["code"] for c in active.get(g) or []}) for g in GROUPS}
    if not report.get("present"):
        return {"refused": "no manifest: " + ", ".join(out["failure"])}
    return {"state": report.get("validation_state"), **out}


def main():
    answers = os.fdopen(os.dup(1), "w")  # whatever else is printed goes to standard error
    os.dup2(2, 1)
    say = lambda x: print(json.dumps(x), file=answers, flush=True)
    say({"version": f"encypher-c2pa {version('encypher-c2pa')}", "clock": time.time()})
    for line in sys.stdin:
        try:
            say(read(json.loads(line)))
        except Exception as x:  # whatever it is, it is the answer
            say({"refused": f"{type(x).__name__}: {x}"})


main()
