"""Packed values over a socket: a length, then that many bytes."""

import select
import socket
import struct
import time

from coursekit import wire

LIMIT = 64 * 2**20
_LENGTH = struct.Struct("<Q")


class Gone(ConnectionError):
    """The other side has closed."""


class Late(TimeoutError):
    """The other side did not answer in time."""


class Channel:
    """One end. `receive` raises `Gone`, `Late`, or `wire.Malformed` for what is too long or not a packed value."""

    def __init__(self, connection):
        self.connection = connection

    @classmethod
    def of_descriptor(cls, number):
        return cls(socket.socket(fileno=number))

    def send(self, value, seconds=None):
        data = wire.pack(value)
        self.connection.settimeout(seconds)
        try:
            self.connection.sendall(_LENGTH.pack(len(data)) + data)
        except TimeoutError:
            raise Late("the other side does not read")
        except OSError as error:
            raise Gone(str(error))

    def send_lines(self, connections):
        """Hand sockets over; the other side gets them by `receive_lines`."""
        try:
            socket.send_fds(self.connection, [b"."], [c.fileno() for c in connections])
        except OSError as error:
            raise Gone(str(error))

    def receive_lines(self, count):
        """The `count` sockets that were handed over, as channels."""
        _, descriptors, _, _ = socket.recv_fds(self.connection, 1, count)
        return [Channel.of_descriptor(number) for number in descriptors]

    def wait(self, seconds):
        """Is there something to receive (or has the other side closed) within that time?"""
        return bool(select.select([self.connection], [], [], seconds)[0])

    def clear(self):
        """Throw away what has come unasked: at most as much as one message may hold."""
        self.connection.settimeout(0)
        left = LIMIT
        while left > 0:
            try:
                part = self.connection.recv(min(left, 1 << 20))
            except OSError:  # nothing more, for now
                return
            if not part:
                return
            left -= len(part)

    def receive(self, seconds=None):
        end = None if seconds is None else time.monotonic() + seconds
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, end))
        if length > LIMIT:
            raise wire.Malformed(f"a message of {length} bytes; at most {LIMIT}")
        return wire.unpack(self._exactly(length, end))

    def _exactly(self, count, end):
        parts = bytearray()
        while len(parts) < count:
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise Late("no answer in time")
            self.connection.settimeout(left)
            try:
                part = self.connection.recv(min(count - len(parts), 1 << 20))
            except TimeoutError:
                raise Late("no answer in time")
            except OSError as error:
                raise Gone(str(error))
            if not part:
                raise Gone("closed")
            parts += part
        return bytes(parts)
