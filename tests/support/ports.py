"""Ports for processes that tests and benchmarks start."""
import random
import socket


def free_port():
    """Below the range from which the kernel takes ports for outgoing connections."""
    while True:
        port = random.randint(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
