"""What a service manager hears from `serve`: systemd's Type=notify and WatchdogSec=."""
import pathlib
import signal
import socket
import sqlite3
import unittest

from support import PROXY_SECRET, ProcessTest, fetch, until


class Service(ProcessTest):
    def test_ready_alive_and_stopping(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(self.folder / "notify"))
            manager.settimeout(60)
            self.environment.update(NOTIFY_SOCKET=str(self.folder / "notify"),
                                    WATCHDOG_USEC="200000")
            serve = self.serve()
            self.assertEqual(manager.recv(100), b"READY=1")
            self.assertEqual([manager.recv(100) for _ in range(3)], [b"WATCHDOG=1"] * 3)
            serve.send_signal(signal.SIGTERM)
            while (heard := manager.recv(100)) == b"WATCHDOG=1":
                pass
            self.assertEqual(heard, b"STOPPING=1")
            self.assertEqual(serve.wait(timeout=60), 0)

    def test_a_stop_while_a_proxy_hangs_still_ends(self):
        """It answers nothing, so each message would be waited for a minute and a half."""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(60)
            self.environment.update(
                STREAKY_PROXY_URLS=f"http://127.0.0.1:{silent.getsockname()[1]}",
                STREAKY_PROXY_SECRET=PROXY_SECRET)
            world = self.start_world("--users", "20", "--seed", "2", "--lift-limits")
            self.move_in(world)
            serve = self.serve()
            self.streaky("batch", "trigger")
            with silent.accept()[0] as connection:
                self.assertTrue(connection.recv(1000))
                serve.send_signal(signal.SIGTERM)
                self.assertEqual(serve.wait(timeout=45), 0)
        self.assertGreater(
            self.rows("SELECT COUNT(*) FROM deliveries WHERE maybe_seen = 1")[0][0], 0)

    def test_a_hangup_while_it_starts_does_not_end_it(self):
        self.move_in(self.start_world("--users", "1"))
        database = sqlite3.connect(self.data / "streaky.db", isolation_level=None)
        database.execute("BEGIN IMMEDIATE")  # so that it waits there
        started = []

        def hang_up(process):
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            masks = [int(line.split()[1], 16) for line in status.splitlines()
                     if line.startswith(("SigIgn", "SigCgt"))]
            if not any(mask & 1 for mask in masks):
                return False
            process.send_signal(signal.SIGHUP)
            started.append(process)
            database.execute("ROLLBACK")
            return True

        serve = self.serve(meanwhile=hang_up)
        self.assertEqual(started, [serve])
        self.assertIsNone(serve.poll())

    def test_a_new_configuration_without_a_restart(self):
        world = self.start_world("--users", "20", "--seed", "2")
        self.move_in(world)
        for name in ("STREAKY_GITHUB_TOKENS", "STREAKY_LOG_LEVEL"):
            del self.environment[name]
        config = self.data / "streaky.toml"
        config.write_text("[github]\ntokens = [\"ghp_nobody\"]\n"
                          "[server]\nmetrics_token = \"first-of-these-words\"\n")
        serve = self.serve()

        def log():
            return (self.folder / "serve-1.log").read_text()

        def configure(text, says):
            config.write_text(text)
            serve.send_signal(signal.SIGHUP)
            until(says, lambda: says in log())

        configure("[github]\ntokens = nonsense\n", "nothing was changed")
        configure("[github]\ntokens = []\n", "no GitHub token is configured")
        configure("[github]\ntokens = [\"ghp_sim0\"]\n[engine]\nclaim = 7\n"
                  "[server]\nmetrics_token = \"other-of-these-words\"\n"
                  "[log]\nlevel = \"debug\"\n", "server.metrics_token, engine.claim")
        self.assertIn("waits for a restart", log())
        for secret in ("ghp_sim0", "of-these-words"):
            self.assertNotIn(secret, log())
        self.streaky("batch", "trigger")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        self.assertTrue(world.get("audit")["ok"], "the new token is used")
        fetch(serve.url + "/")
        until("what is said at this level alone", lambda: " debug " in log())


if __name__ == "__main__":
    unittest.main()
