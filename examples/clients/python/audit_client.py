"""A client of audit-sidecar for Python 3.8 and later, with nothing but the standard library.

    audit = AuditClient("/run/audit-sidecar/ingest.sock")
    verdict = audit.record({"type": "request", "request": {"id": "a-1", "path": "/v1/orders"}})
    if not verdict.ok:
        ...  # 503: the call is not carried out
    audit.close()

It keeps the contract of docs/clients.md. A record whose connection ends before its reply came is sent again, so it may be
in the log twice: readers match records by `request.id` and `type`.

Any number of threads may use one client. Make it after a fork: its thread does not come along.
"""

import collections
import concurrent.futures
import json
import os
import random
import selectors
import socket
import threading
import time
from typing import Deque, NamedTuple, Optional, Union


class Verdict(NamedTuple):
    """What became of a record. Unless `ok`, the call that it is about must not be carried out."""

    ok: bool
    # Why it is not known to be kept: a code of the sidecar (docs/errors.md), or one of these.
    # unreachable: its time passed before it could be sent
    # unanswered:  its time passed without a reply: it may be kept or not
    # queue_full:  too many records wait already
    # closed:      the client was closed
    code: str = ""
    # For people; it never quotes the record.
    message: str = ""


RECORDED = Verdict(True)
CLOSED = Verdict(False, "closed", "the client was closed")
QUEUE_FULL = Verdict(False, "queue_full", "too many records wait already")
NO_RECORD = Verdict(False, "invalid_record", "it cannot be written as one line of JSON")

# Between two attempts to connect, in seconds: at first, and at most.
FIRST_WAIT = 0.02
LONGEST_WAIT = 2.0

# A reply is a few hundred bytes, with one entry for each device where the listener says so.
LONGEST_REPLY = 1024 * 1024

# Bytes that are made ready for the socket ahead of what it takes.
READY_BYTES = 64 * 1024


class _Record:
    """A record whose verdict, or at least whose reply, is waited for."""

    def __init__(self, line: bytes, deadline: float):
        self.line = line
        self.deadline = deadline
        self.written_at = 0.0
        self.future: "concurrent.futures.Future[Verdict]" = concurrent.futures.Future()
        # A future that runs cannot be cancelled: the record may be kept already.
        self.future.set_running_or_notify_cancel()


class AuditClient:
    def __init__(self, path: str, deadline: float = 5.0, window: int = 512, queue: int = 10_000):
        """`path`: the socket of an ingest listener with `replies: status` or `devices`.

        `deadline`: seconds until a record without a reply is given up. The sidecar answers a little after the longest
        `write_timeout` of its devices at the latest, 2 s where nothing else is said.
        `window`: records under way at a time. `queue`: records that wait behind them; one more is refused at once.
        """
        if not path or "\0" in path or len(os.fsencode(path)) > 107:
            raise ValueError("path: wanted the path of a UNIX socket, of 107 bytes at most")
        if deadline <= 0 or window < 1 or queue < 1:
            raise ValueError("deadline, window and queue: wanted more than 0")
        self._path = path
        self._deadline = deadline
        self._window = window
        self._queue = queue

        # Of all threads, under the lock.
        self._lock = threading.Condition()
        self._waiting: Deque[_Record] = collections.deque()
        self._open = 0
        self._state = "open"  # or "draining", "closed"

        # Of the courier's thread alone.
        self._socket: Optional[socket.socket] = None
        self._under_way: Deque[_Record] = collections.deque()
        self._turned_away: Deque[_Record] = collections.deque()
        self._ready = bytearray()
        self._replies = bytearray()
        self._wait = FIRST_WAIT
        self._connect_at = 0.0

        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._woken.setblocking(False)
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._courier = threading.Thread(target=self._run, name="audit-client", daemon=True)
        self._courier.start()

    def record(self, entry: Union[dict, str, bytes]) -> Verdict:
        """Sends the record and waits for what becomes of it, as long as the deadline at most."""
        return self.send(entry).result()

    def send(self, entry: Union[dict, str, bytes]) -> "concurrent.futures.Future[Verdict]":
        """The same without waiting. Records reach the sidecar in the order of the calls.

        `await asyncio.wrap_future(audit.send(entry))` waits in a coroutine.
        """
        line = _line_of(entry)
        with self._lock:
            record = _Record(line or b"", time.monotonic() + self._deadline)
            refusal = self._refusal_of(line)
            if refusal is None:
                self._waiting.append(record)
                self._open += 1
        if refusal is None:
            self._wake()
        else:
            record.future.set_result(refusal)
        return record.future

    def close(self) -> None:
        """Takes no more records, waits for the verdicts that are due, and ends the connection."""
        with self._lock:
            if self._state == "open":
                self._state = "draining"
        self._wake()
        self._courier.join()

    def _refusal_of(self, line: Optional[bytes]) -> Optional[Verdict]:
        if self._state != "open":
            return CLOSED
        if line is None:
            return NO_RECORD
        return QUEUE_FULL if len(self._waiting) >= self._queue else None

    def _wake(self) -> None:
        try:
            self._waker.send(b"\0")
        except OSError:
            pass  # Full: it wakes up anyway. Closed: nobody is there to wake.

    # From here on, everything happens in the courier's thread.

    def _run(self) -> None:
        try:
            while not self._is_done():
                now = time.monotonic()
                self._end_overdue(now)
                if self._socket is None and now >= self._connect_at:
                    self._connect(now)
                self._write()
                for key, _ in self._selector.select(self._seconds_to_wait()):
                    if key.fileobj is self._woken:
                        self._woken.recv(4096)
                    elif key.fileobj is self._socket:
                        self._read()
        finally:
            self._end_all()

    def _is_done(self) -> bool:
        with self._lock:
            return self._state == "draining" and self._open == 0

    def _end_all(self) -> None:
        with self._lock:
            self._state = "closed"
        for record in [*self._turned_away, *self._under_way, *self._waiting]:
            self._settle(record, CLOSED)
        if self._socket is not None:
            self._socket.close()
        self._selector.close()
        self._woken.close()
        self._waker.close()

    def _settle(self, record: _Record, verdict: Verdict) -> None:
        if record.future.done():
            return
        with self._lock:
            self._open -= 1
        record.future.set_result(verdict)

    def _connect(self, now: float) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.setblocking(False)
        # On a UNIX socket that is done at once, or not at all.
        if connection.connect_ex(self._path) != 0:
            connection.close()
            self._connect_later(now)
            return
        self._socket = connection
        self._selector.register(connection, selectors.EVENT_READ)

    def _connect_later(self, now: float) -> None:
        # Spread, so that many clients of a sidecar that was restarted do not come at once.
        self._connect_at = now + self._wait * random.uniform(0.5, 1)
        self._wait = min(LONGEST_WAIT, self._wait * 2)

    def _lost(self) -> None:
        """What has no reply is sent again, before anything newer."""
        assert self._socket is not None
        self._selector.unregister(self._socket)
        self._socket.close()
        self._socket = None
        self._ready.clear()
        self._replies.clear()
        again = [record for record in [*self._turned_away, *self._under_way] if not record.future.done()]
        self._turned_away.clear()
        self._under_way.clear()
        self._waiting.extendleft(reversed(again))
        self._connect_later(time.monotonic())

    def _write(self) -> None:
        while self._socket is not None:
            # A sidecar that turns records away is about to end the connection.
            if not self._turned_away:
                self._make_ready()
            if not self._ready:
                break
            try:
                del self._ready[: self._socket.send(self._ready)]
            except BlockingIOError:
                break
            except OSError:
                # What the sidecar has answered before it went can still be read.
                self._ready.clear()
                break
        self._listen_for(selectors.EVENT_READ | (selectors.EVENT_WRITE if self._ready else 0))

    def _make_ready(self) -> None:
        """Takes records out of the queue as long as the window and the socket have room."""
        while self._waiting and len(self._under_way) < self._window and len(self._ready) < READY_BYTES:
            record = self._waiting.popleft()
            record.written_at = time.monotonic()
            self._under_way.append(record)
            self._ready += record.line

    def _listen_for(self, events: int) -> None:
        if self._socket is not None and self._selector.get_key(self._socket).events != events:
            self._selector.modify(self._socket, events)

    def _read(self) -> None:
        assert self._socket is not None
        try:
            received = self._socket.recv(65536)
        except BlockingIOError:
            return  # It was ready for writing only.
        except OSError:
            received = b""
        if not received:
            self._lost()
            return
        *lines, rest = (self._replies + received).split(b"\n")
        self._replies = rest
        for line in lines:
            verdict = _verdict_of(line)
            # No reply, or more replies than records: whoever that is, it is no sidecar.
            if verdict is None or not self._under_way:
                self._lost()
                return
            self._wait = FIRST_WAIT
            record = self._under_way.popleft()
            if verdict.code == "stopping":
                self._turned_away.append(record)
            else:
                self._settle(record, verdict)
        if len(rest) > LONGEST_REPLY or (self._turned_away and not self._under_way):
            self._lost()

    def _end_overdue(self, now: float) -> None:
        for record in self._turned_away:
            if record.deadline <= now:
                self._settle(record, Verdict(False, "stopping", "the sidecar is stopping"))
        for record in self._under_way:
            if record.deadline > now:
                break
            self._settle(record, Verdict(False, "unanswered", "no reply within the deadline"))
        while self._waiting and self._waiting[0].deadline <= now:
            self._settle(self._waiting.popleft(), Verdict(False, "unreachable", "not sent within the deadline"))
        # Replies are matched by their order, so a connection on which one is missing is worth nothing any more.
        if self._socket is not None and now >= self._stalls_at():
            self._lost()

    def _stalls_at(self) -> float:
        return self._under_way[0].written_at + self._deadline if self._under_way else float("inf")

    def _seconds_to_wait(self) -> Optional[float]:
        times = [self._stalls_at()]
        for records in (self._turned_away, self._under_way, self._waiting):
            times += [next((each.deadline for each in records if not each.future.done()), float("inf"))]
        if self._socket is None:
            times.append(self._connect_at)
        first = min(times)
        return None if first == float("inf") else max(0.0, first - time.monotonic())


def _line_of(entry: Union[dict, str, bytes]) -> Optional[bytes]:
    """The record as a line; None when it cannot be one. A second line would be a second record."""
    try:
        text = entry if isinstance(entry, (str, bytes)) else json.dumps(entry, allow_nan=False)
        line = text.encode() if isinstance(text, str) else text
    except (TypeError, ValueError, RecursionError):
        return None
    line = line[:-1] if line.endswith(b"\n") else line
    return None if b"\n" in line or not line.strip() else line + b"\n"


def _verdict_of(line: bytes) -> Optional[Verdict]:
    """What a reply says; None when it is no reply."""
    if line == b'{"ok":true}':
        return RECORDED
    try:
        reply = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(reply, dict):
        return None
    if reply.get("ok") is True:
        return RECORDED
    if reply.get("ok") is not False or not isinstance(reply.get("code"), str):
        return None
    message = reply.get("message")
    return Verdict(False, reply["code"], message if isinstance(message, str) else "")
