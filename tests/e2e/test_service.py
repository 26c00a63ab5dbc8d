"""What a service manager hears from `serve`: systemd's Type=notify and WatchdogSec=."""
import signal
import socket
import unittest

from support import ProcessTest


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


if __name__ == "__main__":
    unittest.main()
