"""What strangers do to the web's sockets: it goes on serving, and its memory stays where it was."""
import random
import re
import select
import socket
import time
import unittest
import urllib.parse

from support import ProcessTest, fetch, until

MALFORMED = 10_000
SLOW_PER_ADDRESS = 150
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
PIECES = [b"GET ", b"POST ", b"/ ", b"/settings ", b"/api/v1/profile ", b"HTTP/1.1\r\n",
          b"HTTP/1.0\r\n", b"HTTP/9.9\r\n", b"Host: x\r\n", b"Host: x\r\nHost: y\r\n", b" folded\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
          b"Content-Length: 5\r\n", b"Content-Length: -1\r\n", b"Content-Length: 5, 6\r\n",
          b"Content-Length: 99999999999999999999\r\n", b"Cookie: " + b"a=b;" * 200 + b"\r\n",
          b"Authorization: Bearer \xff\xfe\r\n", b"X: " + b"y" * 3_000 + b"\r\n", b":\r\n", b"\r\n",
          b"\n", b"\x00", b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"5\r\nhello\r\n", b"%", b"\xc0\xaf"]


class Attacks(ProcessTest):
    def start(self):
        self.start_world("--users", "3", "--seed", "3")
        self.process = self.serve()
        self.port = urllib.parse.urlsplit(self.process.url).port

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), timeout=30,
                                        source_address=(source, 0))

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))

    def talk(self, text, source="127.0.0.1"):
        """Sends all of it, as far as it is taken, and reads to the end."""
        with self.connect(source) as connection:
            try:
                connection.sendall(text)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was closed on us: what was answered can still be read
            answer = b""
            try:
                while piece := connection.recv(65_536):
                    answer += piece
            except OSError:
                pass
            return answer

    def assert_well(self):
        started = time.monotonic()
        self.assertIn("healthy", fetch(self.process.url + "/health"))
        self.assertLess(time.monotonic() - started, 2)
        self.assertIsNone(self.process.poll())

    def test_ten_thousand_malformed_requests(self):
        self.start()
        dice = random.Random(8)
        self.talk(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        before = self.memory_kib()
        for number in range(MALFORMED):
            text = b"".join(dice.choices(PIECES, k=dice.randint(1, 8)))
            if number % 3 == 0:
                text = b"GET / HTTP/1.1\r\nHost: x\r\n" + text
            source = f"127.0.{1 + number % 200}.{1 + number // 200}"
            for status in re.findall(rb"^HTTP/1\.[01] (\d{3})", self.talk(text, source), re.M):
                self.assertNotIn(status, (b"500", b"503"), text)
        self.assert_well()
        self.assertLess(self.memory_kib() - before, 32 * 1024)
        log = (self.folder / "serve-1.log").read_text()
        self.assertNotIn("a request failed", log)
        self.assertNotIn("a handler failed", log)

    def test_slow_clients_by_the_hundred_are_closed_and_hold_nobody_up(self):
        self.start()
        slow = []
        self.addCleanup(lambda: [one.close() for one in slow])
        for source in ADDRESSES:
            for number in range(SLOW_PER_ADDRESS):
                one = self.connect(source)
                # Half of them stop in the head, half in the body.
                one.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " if number % 2 else
                            b"POST /sign-out HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\nc")
                slow.append(one)
        poller = select.poll()
        by_number = {one.fileno(): one for one in slow}
        for number in by_number:
            poller.register(number, select.POLLIN)
        answers = []

        def all_closed():
            # A byte now and then buys no time.
            for one in by_number.values():
                try:
                    one.send(b"x")
                except OSError:
                    pass
            self.assert_well()
            for number, _ in poller.poll(200):
                try:
                    text = by_number[number].recv(65_536)
                except OSError:
                    text = b""
                if text:
                    answers.append(text)
                else:
                    poller.unregister(number)
                    del by_number[number]
            return not by_number

        until("the end of the slow ones", all_closed, 60)
        self.assertTrue(answers)
        for text in answers:
            self.assertIn(b" 408 ", text.splitlines()[0])

    def test_five_megabytes_of_headers(self):
        self.start()
        self.talk(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        before = self.memory_kib()
        much = 5 * 1024 * 1024
        heads = [b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * much + b"\r\n\r\n",
                 b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * (much // 6) + b"\r\n",
                 b"GET /" + b"a" * much + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                 b"A" * much]
        for head in heads:
            for _ in range(5):
                answer = self.talk(head)
                if answer:  # the rest of what was sent may have reset the connection
                    self.assertRegex(answer.splitlines()[0], rb" (400|414|431) ")
        self.assert_well()
        self.assertLess(self.memory_kib() - before, 16 * 1024)


if __name__ == "__main__":
    unittest.main()
