"""What users hand over is nowhere to be found in the clear: files, logs, metrics, memory."""
import json
import os
import re
import signal
import unittest

from support import ProcessTest, fetch, until


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
    """Each readable mapping of a process: its line of /proc/PID/maps and its bytes."""
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps.read().splitlines():
            first, end, rights = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+)", line).groups()
            if "r" not in rights or line.endswith(("[vvar]", "[vsyscall]", "[vvar_vclock]")):
                continue
            try:
                memory.seek(int(first, 16))
                yield line, memory.read(int(end, 16) - int(first, 16))
            except OSError:  # a guard page, or gone meanwhile
                continue


def found_in_memory(pid, secrets):
    found = []
    for line, content in memory_of(pid):
        for secret in secrets:
            at = content.find(secret)
            if at >= 0:
                found.append((line, content[max(0, at - 120):at + 120]))
    return found


class Secrets(ProcessTest):
    def test_none_is_found_after_a_round(self):
        world = self.start_world("--users", "120", "--seed", "7", "--lift-limits")
        users = self.move_in(world)
        secrets = secrets_of(users)
        self.assertGreater(len(secrets), 50)
        self.environment["STREAKY_LOG_LEVEL"] = "debug"
        serve = self.serve("--role", "worker")
        self.streaky("batch", "trigger", "--wait", code=None)
        self.streaky("keys", "rotate")
        if os.access(f"/proc/{serve.pid}/mem", os.R_OK):
            self.remember(serve.pid, secrets)
        shown = self.streaky("user", "list", "--json").stdout
        shown += self.streaky("user", "export").stdout + self.streaky("config").stdout
        shown += self.streaky("doctor", code=None).stdout + fetch(f"{serve.url}/metrics")
        self.end(serve, signal.SIGKILL)  # leaves the WAL as it is
        places = {path.name: path.read_bytes() for path in
                  [*self.data.rglob("*"), *self.folder.glob("serve-*.log")] if path.is_file()}
        self.assertTrue(any(name.endswith("-wal") for name in places), places.keys())
        places["printed"] = shown.encode()
        for secret in secrets:
            for name, content in places.items():
                self.assertNotIn(secret, content, f"a credential in {name}")

    def remember(self, pid, secrets):
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
