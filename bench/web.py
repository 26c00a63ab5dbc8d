"""How fast the web answers: `/health` and the dashboard under wrk, beside nginx that answers 200."""
import http.client
import http.cookiejar
import re
import shutil
import socket
import statistics
import subprocess
import time
import urllib.parse
import urllib.request

import processes
from processes import Failed

SECONDS = 8
CONNECTIONS = 64
IDLE_CONNECTIONS = 10_000
PAGES_ONE_BY_ONE = 200

NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 4096; }}
http {{ access_log off; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }} }}
"""

# Limits are per address: each request comes from another one, as a reverse proxy would say it.
SCRIPT = """
wrk.headers["Cookie"] = "{cookie}"
wrk.headers["Accept"] = "text/html"
local number = 0
request = function()
  number = number + 1
  wrk.headers["X-Forwarded-For"] = string.format("10.%d.%d.%d", math.floor(number / 65536) % 256,
                                                 math.floor(number / 256) % 256, number % 256)
  return wrk.format("GET", "{path}")
end
"""


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 1e-3, "ms": 1, "s": 1e3}[unit]


def load(url, script=None):
    """Requests a second, and the time within which 99 of 100 are answered."""
    command = ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "--latency"]
    if script:
        command += ["-s", str(script)]
    text = subprocess.run([*command, url], capture_output=True, text=True, check=True,
                          timeout=120).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise Failed(f"not every request was answered with 200:\n{text}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
    slow = milliseconds(re.search(r"99%\s+(\S+)", text).group(1))
    return rate, slow


def sign_in(place, serve):
    """A session's cookie, by a one-time link."""
    link = place.streaky("signin-link", "sim-000001").strip()
    link = serve.url + urllib.parse.urlsplit(link).path
    jar = http.cookiejar.CookieJar()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    page = browser.open(link).read().decode()
    proof = re.search(r'name="csrf" value="([^"]+)"', page).group(1)
    browser.open(link, urllib.parse.urlencode({"csrf": proof}).encode()).read()
    request = f"{serve.url}/dashboard"
    processes.until("the year", lambda: b'role="img"' in browser.open(request).read())
    return "; ".join(f"{one.name}={one.value}" for one in jar)


def one_by_one(url, cookie):
    """The median of the dashboard's answers to somebody alone, ms; its bytes with all it brings."""
    link = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(link.hostname, link.port)
    taken = []
    for number in range(PAGES_ONE_BY_ONE):
        headers = {"Cookie": cookie, "Accept": "text/html", "X-Forwarded-For": f"10.9.8.{number}"}
        began = time.monotonic()
        connection.request("GET", "/dashboard", headers=headers)
        page = connection.getresponse().read()
        taken.append((time.monotonic() - began) * 1e3)
    size = len(page)
    for part in sorted(set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.decode()))):
        connection.request("GET", part)
        size += len(connection.getresponse().read())
    connection.close()
    return statistics.median(taken), size


def idle_memory(serve):
    """What `serve` takes while so many connections are open, each of which has asked once, MB."""
    link = urllib.parse.urlsplit(serve.url)
    connections = []
    try:
        for number in range(IDLE_CONNECTIONS):
            source = (f"127.0.{1 + number // 150}.1", 0)
            one = socket.create_connection((link.hostname, link.port), source_address=source)
            connections.append(one)
            one.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            if not one.recv(4_096).startswith(b"HTTP/1.1 200 "):
                raise Failed("an idle connection was refused")
        return processes.memory_mb(serve.pid, "VmRSS")
    finally:
        for one in connections:
            one.close()


def measure_web():
    if not shutil.which("wrk"):
        raise Failed("wrk is missing: scripts/install-deps bench")
    with processes.Place() as place:
        port = processes.free_port()
        config = place.folder / "nginx.conf"
        config.write_text(NGINX.format(folder=place.folder, port=port))
        place.start("nginx", ["nginx", "-c", config, "-p", place.folder])
        nginx = f"http://127.0.0.1:{port}/"
        processes.until("nginx", lambda: answers(nginx))
        world = processes.World(place)
        place.point_to(world.url)
        world.control("seed", users=1_000, seed=1, crowd="plain")
        users = place.folder / "users.jsonl"
        users.write_text(world.lines())
        place.streaky("user", "import", users)
        place.environment["STREAKY_SERVER_TRUSTED_PROXIES"] = "127.0.0.1"
        serve = place.serve("--role", "web")
        script = place.folder / "dashboard.lua"
        cookie = sign_in(place, serve)
        script.write_text(SCRIPT.format(cookie=cookie, path="/dashboard"))
        floor, _ = load(nginx)
        health, _ = load(f"{serve.url}/health")
        dashboard, slow = load(serve.url, script)
        alone, size = one_by_one(serve.url, cookie)
        idle = idle_memory(serve)
        return {"dashboard_ms": alone, "dashboard_kb": size / 1e3, "idle_mb": idle,
                "nginx_per_s": floor, "health_per_s": health, "dashboard_per_s": dashboard,
                "health_ratio": health / floor, "dashboard_ratio": dashboard / floor,
                "dashboard_p99_ms": slow}


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1):
            return True
    except OSError:
        time.sleep(0.02)
        return False
