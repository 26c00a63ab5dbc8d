#!/usr/bin/env python3
"""The rules of the house that a script can check: who includes whom, sizes, words.

Rooms and layers: docs/architecture.md. Exit code 1 and one line per breach.
"""
import pathlib
import re
import subprocess
import sys

MAY_INCLUDE = {
    "streak": set(),
    "runtime": {"streak"},
    "crypto": {"runtime", "streak"},
    "net": {"runtime", "streak"},
    "store": {"runtime", "streak"},
    "github": {"net", "crypto", "runtime", "streak"},
    "notify": {"net", "crypto", "runtime", "streak"},
    "engine": {"store", "github", "notify", "net", "crypto", "runtime", "streak"},
    "proxy": {"notify", "net", "crypto", "runtime", "streak"},
    "account": {"engine", "store", "github", "notify", "net", "crypto", "runtime", "streak"},
    "web": {"account", "engine", "store", "github", "notify", "net", "crypto", "runtime",
            "streak"},
    "app": {"web", "account", "engine", "proxy", "store", "github", "notify", "net", "crypto",
            "runtime", "streak"},
    "sim": {"net", "runtime"},
}
# The engine and its tests reach `net` and `crypto` through `github` and `notify` (DESIGN's rows are
# transitive downwards).
STREAK_MAY = re.compile(r"^(date/(date|tz|ptz)\.h|[a-z_0-9]+|c[a-z]+)$")
MOST_LINES = 500
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XXX|HA" r"CK)\b")


def tracked(*patterns):
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", *patterns],
                         capture_output=True, text=True, check=True).stdout
    return [pathlib.Path(line) for line in out.splitlines() if pathlib.Path(line).exists()]


def room_of(path):
    if path.parts[0] == "src" and len(path.parts) > 2:
        return path.parts[1]
    return "sim" if path.parts[0] == "sim" else None


def breaches(path):
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    test = path.name.endswith("_test.cpp")
    if len(lines) > MOST_LINES and not test:
        yield f"{path}: {len(lines)} lines; at most {MOST_LINES}"
    room = room_of(path)
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield f"{path}:{number}: unfinished work marked in the code"
        match = re.match(r'\s*#\s*include\s+([<"])([^>"]+)[>"]', line)
        if not match or room is None:
            continue
        quoted, name = match.group(1) == '"', match.group(2)
        other = name.split("/")[0] if "/" in name else room
        if quoted and other in MAY_INCLUDE and other != room and not test:
            if other not in MAY_INCLUDE[room]:
                yield f"{path}:{number}: {room}/ may not include {other}/"
        if room == "streak" and not test and not quoted and not STREAK_MAY.match(name):
            yield f"{path}:{number}: streak/ may include the standard library and date alone"
        if "boost/beast" in name and path != pathlib.Path("src/net/http_server.cpp"):
            yield f"{path}:{number}: Boost.Beast stays in src/net/http_server.cpp"
        if name.startswith("soci") and room != "store":
            yield f"{path}:{number}: SOCI stays in store/"


def unheld_claims():
    """docs/security.md names the test that holds each claim: there must be one."""
    page = pathlib.Path("docs/security.md")
    tests = "\n".join(path.read_text(encoding="utf-8")
                      for path in tracked("src/*_test.cpp", "tests/e2e/*.py"))
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        for suite, name in re.findall(r"`([A-Z]\w+)\.([A-Z]\w+)`", line):
            if not re.search(rf"TEST(_F|_P)?\({suite}, {name}\)", tests):
                yield f"{page}:{number}: there is no test {suite}.{name}"
        for name in re.findall(r"`(test_\w+)`", line):
            if f"def {name}(" not in tests:
                yield f"{page}:{number}: there is no test {name}"


def main():
    found = [b for path in tracked("src/*.h", "src/*.cpp", "sim/*.h", "sim/*.cpp",
                                   "tests/*.h", "tests/*.cpp") for b in breaches(path)]
    found += unheld_claims()
    print("\n".join(found) if found else "house rules: kept")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
