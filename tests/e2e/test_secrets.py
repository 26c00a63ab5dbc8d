"""What users hand over is nowhere to be found in the clear: files, logs, metrics, memory."""
import base64
import hmac
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from support import SANITIZED, ProcessTest, fetch, free_port, until

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tls_front  # noqa: E402  (needs the path above)


def secrets_of(users_file):
    """The part of each credential that gives it away, once per user."""
    secrets = set()
    for line in users_file.read_text().splitlines():
        user = json.loads(line)
        if user.get("github_token"):
            secrets.add(user["github_token"])
        if user.get("discord_webhook"):
            secrets.add(user["discord_webhook"].rsplit("/", 1)[1])
        if user.get("telegram"):
            secrets.add(user["telegram"]["token"].split(":")[1])
    return {secret.encode() for secret in secrets}


def memory_of(pid):
    """Each readable mapping of a process: its line of /proc/PID/smaps, its flags, its bytes."""
    mappings = []
    with open(f"/proc/{pid}/smaps") as smaps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in smaps.read().splitlines():
            if re.match(r"[0-9a-f]+-[0-9a-f]+ ", line):
                mappings.append((line, []))
            elif line.startswith("VmFlags:"):
                mappings[-1][1].extend(line.split()[1:])
        for line, flags in mappings:
            first, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            try:
                memory.seek(int(first, 16))
                yield line, flags, memory.read(int(end, 16) - int(first, 16))
            except OSError:  # a guard page, or gone meanwhile
                continue


def found_in_memory(pid, secrets):
    found = []
    for line, _, content in memory_of(pid):
        for secret in secrets:
            at = content.find(secret)
            if at >= 0:
                found.append((line, content[max(0, at - 120):at + 120]))
    return found


def keys_of(key_file):
    """What a process works with that has read the file: private halves, and keys derived from
    master keys (docs/security.md). And what it has no need to keep: the text, the master keys."""
    needed, dropped = set(), set()
    for line in key_file.read_text().splitlines():
        words = line.split()
        if not words or words[0] in ("#", "channel-public"):
            continue
        dropped.add(words[-1].encode())
        key = base64.urlsafe_b64decode(words[-1] + "=")
        if words[0] == "channel":
            needed.add(key)
            continue
        dropped.add(key)
        # HKDF-SHA256 without a salt, one block
        inner = hmac.digest(bytes(32), key, "sha256")
        needed |= {hmac.digest(inner, b"streaky v1 " + purpose + b"\1", "sha256")
                   for purpose in (b"github-token", b"session", b"action-link")}
    return needed, dropped


@unittest.skipIf(SANITIZED, "the memory of a sanitizer is terabytes, and keeps what was freed")
class Secrets(ProcessTest):
    def test_none_is_found_after_a_round(self):
        world = self.start_world("--users", "120", "--seed", "7", "--lift-limits")
        users = self.move_in(world)
        self.environment["STREAKY_LOG_LEVEL"] = "debug"
        serve = self.serve("--role", "worker")
        self.round_and_search(serve, [serve], secrets_of(users))

    def test_none_is_found_after_a_round_over_http_2(self):
        world = self.start_world("--users", "120", "--seed", "7", "--lift-limits")
        users = self.move_in(world)
        tls_front.make_certificates(self.folder)
        port = free_port()
        front = subprocess.Popen(
            tls_front.command(self.folder, world.url.rpartition(":")[2], port),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, front, signal.SIGTERM)  # its workers would outlive a kill
        until("nginx", lambda: tls_front.answers(port))
        self.environment.update({f"STREAKY_{service}_API_URL": f"https://127.0.0.1:{port}"
                                 for service in ("GITHUB", "DISCORD", "TELEGRAM")})
        self.environment["STREAKY_LOG_LEVEL"] = "debug"
        serve = self.serve("--role", "worker", before=tls_front.trusting(self.folder))
        self.round_and_search(serve, [serve], secrets_of(users))
        self.assertGreater(world.get("audit")["messages"], 20)

    def test_none_is_found_at_a_proxy_and_its_worker_either(self):
        world, (proxy,) = self.with_proxies("--users", "120", "--seed", "7",
                                            STREAKY_LOG_LEVEL="debug")
        users = self.folder / "users.jsonl"
        self.environment["STREAKY_LOG_LEVEL"] = "debug"
        serve = self.serve("--role", "worker")
        self.round_and_search(serve, [serve, proxy], secrets_of(users))
        self.assertGreater(world.get("audit")["messages"], 20)

    def test_keys_lie_in_memory_that_no_dump_holds(self):
        _, (proxy,) = self.with_proxies("--users", "20", "--seed", "7")
        serve = self.serve("--role", "worker")
        self.streaky("batch", "trigger", "--wait", code=None)
        self.look_for_keys(serve.pid, *keys_of(self.folder / "data.keys"))
        self.look_for_keys(proxy.pid, *keys_of(self.folder / "proxy.keys"))

    def look_for_keys(self, pid, needed, dropped):
        with open(f"/proc/{pid}/limits") as limits:
            core, = [line for line in limits if line.startswith("Max core file size")]
        self.assertEqual(core.split()[4:6], ["0", "0"], "core dumps are off")
        self.readable(pid)
        found = set()
        for line, flags, content in memory_of(pid):
            for key in needed:
                if key in content:
                    found.add(key)
                    self.assertIn("dd", flags, f"a key in {line}")
            for key in dropped:
                self.assertNotIn(key, content, f"what is not needed any more in {line}")
        self.assertTrue(found, "the search finds what must be there")
        self.assertEqual(found, needed)

    def readable(self, pid):
        if not os.access(f"/proc/{pid}/mem", os.R_OK):
            self.skipTest("the memory of a process that is not dumpable: root alone may look")

    def round_and_search(self, serve, processes, secrets):
        self.assertGreater(len(secrets), 50)
        self.streaky("batch", "trigger", "--wait", code=None)
        until("the end of the round", lambda: self.batch()["settled"], 120)
        self.streaky("keys", "rotate")
        shown = self.streaky("user", "list", "--json").stdout
        shown += self.streaky("user", "export").stdout + self.streaky("config").stdout
        shown += self.streaky("doctor", code=None).stdout
        shown += "".join(fetch(f"{process.url}/metrics") for process in processes)
        self.search_files(serve, shown, secrets)
        for process in processes:
            self.readable(process.pid)
            self.search_memory(process.pid, secrets)

    def search_files(self, serve, shown, secrets):
        """While `serve` runs: its end would empty the write-ahead log."""
        places = {path.name: path.read_bytes() for path in
                  [*self.data.rglob("*"), *self.folder.glob("*.log")] if path.is_file()}
        self.assertTrue(any(name.endswith("-wal") for name in places), places.keys())
        places["printed"] = shown.encode()
        for secret in secrets:
            for name, content in places.items():
                self.assertNotIn(secret, content, f"a credential in {name}")

    def search_memory(self, pid, secrets):
        """Once idle: what was on its way when the round ended may take a moment to be dropped."""
        last = []

        def clean():
            last[:] = found_in_memory(pid, secrets)
            return not last

        try:
            until("a clean memory", clean, 20)
        except AssertionError:
            lines = [f"{line}\n    {content!r}" for line, content in last[:10]]
            self.fail(f"{len(last)} credentials in memory:\n" + "\n".join(lines))


if __name__ == "__main__":
    unittest.main()
