"""A TCP gate in front of PostgreSQL's socket: forwards, and misbehaves when told."""
import os
import re
import select
import socket
import struct
import threading

PIECE = 65_536
COMMIT = re.compile(rb"COMMIT;?\0")


class Gate:
    """`mode` is one of: open, closed (nobody is let in), stalled (nothing moves), truncating (the
    next answers are cut in the middle, then the connection ends)."""

    def __init__(self, socket_path):
        self.path, self.mode = str(socket_path), "open"
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        self.pairs, self.reset, self.ended = {}, False, False  # pairs: the thread's alone
        self.awaited = self.writer = None
        self.wake, self.waker = os.pipe()
        threading.Thread(target=self.run, daemon=True).start()

    def set(self, mode):
        self.mode = mode
        os.write(self.waker, b".")

    def reset_all(self):
        """Every connection ends at once, as when a machine loses its power."""
        self.reset = True
        os.write(self.waker, b".")

    def stall_after_commit_of(self, statement):
        """The next transaction with that statement still commits, and nobody hears of it."""
        self.awaited = statement.encode()

    def stop(self):
        self.ended = True
        self.reset_all()

    def drop(self, one):
        other = self.pairs.pop(one, None)
        for end in (one, other):
            if end is None:
                continue
            self.pairs.pop(end, None)
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            except OSError:
                pass
            end.close()

    def let_in(self):
        guest, _ = self.door.accept()
        if self.mode == "closed":
            guest.close()
            return
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.path)
        except OSError:
            guest.close()
            server.close()
            return
        self.pairs[guest], self.pairs[server] = server, guest
        guest.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def look_for_commit(self, guest, data):
        if self.awaited and self.awaited in data:
            self.awaited, self.writer = None, guest
        if guest is self.writer and COMMIT.search(data):
            self.mode, self.writer = "stalled", None

    def forward(self, one):
        other = self.pairs.get(one)
        if other is None:
            return
        try:
            data = one.recv(PIECE)
            if data and self.mode == "truncating" and one.family == socket.AF_UNIX:
                other.sendall(data[:len(data) // 2])
                data = b""
            if data:
                other.sendall(data)
                self.look_for_commit(one, data)
                return
        except OSError:
            pass
        self.drop(one)

    def run(self):
        while not self.ended:
            watched = [self.wake, self.door] + ([] if self.mode == "stalled" else list(self.pairs))
            ready, _, _ = select.select(watched, [], [], 1)
            for one in ready:
                if one == self.wake:
                    os.read(self.wake, PIECE)
                elif one is self.door:
                    self.let_in()
                elif self.mode != "stalled":
                    self.forward(one)
            if self.reset:
                self.reset = False
                for one in list(self.pairs):
                    self.drop(one)
        self.door.close()
