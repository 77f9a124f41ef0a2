"""Starts pytest with a reporter of ours: `python3 pytest_bulkhead.py [--cwd-on-path] ARGS…`.

Format of the stream: src/verify/tests/stream.ts. Only this process writes to the stream: the descriptor is moved away
from 1 before anything of the repository is imported, and whatever prints to stdout goes to stderr. Code under test runs
in this same process, so what it reports is evidence of the class `in-process`.
"""
import json
import os
import secrets
import sys

STREAM = os.dup(1)
os.dup2(2, 1)
NONCE = secrets.token_hex(16)


def send(mark, frame):
    # The leading line break ends whatever half line someone else may have written.
    data = f"\n@bulkhead {mark} {json.dumps(frame)}\n".encode("ascii")
    while data:
        data = data[os.write(STREAM, data):]


def line(frame):
    for most in (500, 60):
        short = dict(frame)
        if "file" in short:
            short["file"] = str(short["file"])[:1024]
        if "path" in short:
            short["path"] = [str(part)[:most] for part in short["path"][-16:]]
        if "message" in short:
            short["message"] = str(short["message"])[:most]
        if len(json.dumps(short)) < 60000:
            break
    send(NONCE, short)


def split_id(nodeid):
    head, bracket, parameters = nodeid.partition("[")
    file, *path = head.split("::")
    if bracket and path:
        path[-1] += bracket + parameters
    elif bracket:
        file = nodeid
    return file, path


def reason(report):
    crash = getattr(getattr(report, "longrepr", None), "reprcrash", None)
    if crash is not None:
        return crash.message.split("\n")[0]
    lines = [text.strip() for text in str(getattr(report, "longrepr", "")).split("\n") if text.strip()]
    errors = [text for text in lines if text.startswith("E ")]
    return (errors or lines or ["failed"])[-1].removeprefix("E ").strip()


class Reporter:
    def __init__(self):
        self.sent = {"tests": 0, "files": 0}
        self.pending = {}

    def frame(self, kind, fields):
        self.sent[kind] += 1
        line({"t": kind[:-1], **fields})

    def pytest_collectreport(self, report):
        file, path = split_id(report.nodeid)
        if report.failed:
            self.frame("files", {"file": file, "kind": "unloaded", "message": reason(report)})
        elif report.skipped:
            self.frame("tests", {"file": file, "path": [*path, "(module)"], "status": "skipped"})

    def pytest_runtest_logreport(self, report):
        status, message = self.pending.get(report.nodeid, ("passed", None))
        if report.failed and status != "failed":
            status, message = "failed", reason(report)
        elif report.skipped and status == "passed":
            status = "todo" if hasattr(report, "wasxfail") else "skipped"
        self.pending[report.nodeid] = (status, message)

    def pytest_runtest_logfinish(self, nodeid):
        status, message = self.pending.pop(nodeid, ("failed", "it gave no report"))
        file, path = split_id(nodeid)
        said = {} if message is None else {"message": message}
        self.frame("tests", {"file": file, "path": path or [file], "status": status, **said})

    def pytest_sessionfinish(self, exitstatus):
        line({"t": "end", **self.sent, "success": int(exitstatus) == 0})


def main():
    # The folder of this file is not a place to import from; the runner is imported before the workspace can be one.
    sys.path.pop(0)
    send("hello", {"v": 1, "nonce": NONCE, "runner": "pytest", "version": sys.version.split()[0]})
    import pytest

    args = sys.argv[1:]
    search = os.environ.pop("BULKHEAD_PYTHONPATH", None)
    if search is not None:
        os.environ["PYTHONPATH"] = search
        sys.path[:0] = [os.path.abspath(part) for part in search.split(os.pathsep)]
    if args[:1] == ["--cwd-on-path"]:
        args = args[1:]
        sys.path.insert(0, os.getcwd())
    sys.argv[1:] = args
    return pytest.main(args, plugins=[Reporter()])


sys.exit(int(main()))
