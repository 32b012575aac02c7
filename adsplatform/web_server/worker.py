"""gunicorn's worker with threads, in which no thread waits for the other side of a connection.

gunicorn's own worker reads a request in the thread that answers it, so a few uploads that stall occupy all threads, and
nobody else gets an answer. Here the worker's loop takes in what arrives on all connections, with a body that is large
in a temporary file, and a thread gets a request when all of it is there. What the receiver of an answer does not take
at once is kept, and the loop sends it when the thread has ended. Parsing and answering stay gunicorn's.
"""

import resource
import selectors
import socket
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from threading import Timer
from typing import Any

from gunicorn import util
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from adsplatform.web_server.arriving import ArrivingRequest, State
from adsplatform.web_server.leaving import LeavingSocket
from adsplatform.web_server.pace import Pace, SharedRate
from adsplatform.web_server.problem_documents import problem_response, sentence_of

RECEIVED_AT_ONCE = 256 * 1024
READ_AT_ONCE = 1024**2
# How often the worker looks for senders that are too slow.
LOOK_SECONDS = 0.5
# How long what a sender still sends is thrown away, so that it can read the answer before the connection ends.
LINGER_SECONDS = 2.0
# When this part of the connections is taken, those that have waited longest for their other side are closed until no
# more than ENOUGH are left, but none before it has had GRACE_SECONDS.
NEARLY_ALL = 0.9
ENOUGH = 0.75
GRACE_SECONDS = 2.0
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NO_ROOM = "The server has no room for the body at the moment. Nothing was changed. Send it again later."
TOO_SLOW = "The request came too slowly: {}. Send it again; if the connection is slow, send large files in parts."
CROWDED = "Too many requests arrive at the moment, and this one came slowly. Nothing was changed. Send it again later."
RETRY_SECONDS = 60


class ReceivedUnreader(Unreader):
    """Gives gunicorn's parser what has been received of one request; never waits for more."""

    def __init__(self) -> None:
        super().__init__()
        self.request: ArrivingRequest | None = None

    def begin(self, request: ArrivingRequest) -> None:
        self.request = request
        request.content.seek(0)

    def chunk(self, size_hint: int | None = None) -> bytes:
        if self.request is None:
            return b""
        return self.request.content.read(min(size_hint or 8192, READ_AT_ONCE))

    def end(self) -> bool:
        """Leave what follows the request for the parser; returns whether another request can follow it."""
        request, self.request = self.request, None
        if request is None:
            return False
        request.close()
        self.take_buffered()
        self.unread(request.rest)
        return not request.is_cut_off


class BufferingWorker(ThreadWorker):
    """Receives requests in its loop, and answers those that have arrived in its threads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.pace = Pace.from_environment()
        self.arriving: dict[TConn, ArrivingRequest] = {}
        # Connections whose receiver has not taken all of the answer, and whether another request may follow it.
        self.leaving: dict[TConn, bool] = {}
        # Connections that are about to end, and when.
        self.ending: dict[TConn, float] = {}
        self._large_bodies = SharedRate(self.pace.most_bytes_per_second)
        # Of its own, so that no request waits for many of these questions; each takes a query.
        self._admissions = ThreadPoolExecutor(1, thread_name_prefix="admission")
        self._next_look = 0.0
        self._most_bytes = 0

    def init_process(self) -> None:
        _allow_a_file_for_each_connection(self.worker_connections)
        # gunicorn has no setting for its pages about errors.
        util.write_error = partial(_write_problem, self.cfg)
        super().init_process()

    def load_wsgi(self) -> None:
        super().load_wsgi()
        # Not before, because gunicorn imports this module before Django is set up.
        from adsplatform.disk_space import has_room
        from adsplatform.rest.admission import MOST_BYTES, may_send_much

        self._most_bytes, self._may_send_much, self._has_room = MOST_BYTES, may_send_much, has_room

    # From gunicorn's loop, in which everything happens that is not said to be in a thread.

    def enqueue_req(self, conn: TConn) -> None:
        """Receive a request: the first one of a connection, or a further one."""
        conn.init()
        if not isinstance(conn.sock, LeavingSocket):
            conn.sock = LeavingSocket(conn.sock, self.pace, has_room=self._has_room)
        unreader = conn.parser.unreader
        if not isinstance(unreader, ReceivedUnreader):
            unreader = conn.parser.unreader = ReceivedUnreader()
        conn.sock.setblocking(False)
        self.arriving[conn] = ArrivingRequest(
            self.pace, line_limit=self.cfg.limit_request_line, most_bytes=self._most_bytes
        )
        self._listen(conn)
        if early := unreader.take_buffered():
            self._take(conn, early)

    def finish_request(self, conn: TConn, fs: "Future[bool]") -> None:
        """Send what is left of an answer; then receive the next request, or end the connection."""
        may_go_on = conn.parser.unreader.end()
        may_go_on = not fs.cancelled() and fs.exception() is None and fs.result() and may_go_on
        if not conn.sock.has_kept:
            self._go_on_after_answer(conn, may_go_on=may_go_on)
            return
        self.leaving[conn] = may_go_on
        conn.sock.begin_to_wait()
        self.poller.register(conn.sock, selectors.EVENT_WRITE, partial(self._send_kept, conn))

    def murder_pending(self) -> None:
        """Refuse senders that are too slow; gunicorn's loop calls this after each wait."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_SECONDS
        for conn, request in list(self.arriving.items()):
            if request.is_empty and (request.lateness() or not self.alive):
                self._forget(conn)
                self._close(conn)
            elif not request.is_paused and (late := request.lateness()):
                self._refuse(conn, 408, TOO_SLOW.format(late))
        for conn in [conn for conn in self.leaving if conn.sock.is_too_slow()]:
            self._give_up(conn)
        self._refuse_without_room()
        self._make_room_for_others(now)
        for conn, deadline in list(self.ending.items()):
            if now > deadline:
                self._close(conn)

    # Receiving.

    def _receive(self, conn: TConn, _sock: object) -> None:
        try:
            data = conn.sock.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            self._forget(conn)
            self._close(conn)
            return
        if data:
            self._take(conn, data)
        elif self.arriving[conn].state is State.BODY:
            # Whoever has only ended sending can read this.
            self._refuse(conn, 400, self.arriving[conn].broken_off())
        else:
            self._forget(conn)
            self._close(conn)

    def _take(self, conn: TConn, data: bytes) -> None:
        request = self.arriving[conn]
        try:
            request.add(data)
        except OSError:
            self.log.exception("What arrives cannot be stored.")
            self._refuse(conn, 507, NO_ROOM, retry_after=RETRY_SECONDS)
            return
        if request.state is State.REFUSED:
            self._refuse(conn, *request.refusal)
        elif request.state is State.COMPLETE:
            self._hand_over(conn)
        elif request.is_large and request.is_admitted is None:
            self._ask_admission(conn)
        elif request.is_large and (wait := self._large_bodies.take(len(data), time.monotonic())):
            self._hold(conn, wait)
        elif request.state is State.BODY and not request.is_large:
            self._say_continue(conn)

    def _hold(self, conn: TConn, seconds: float) -> None:
        """Receive nothing from a connection for some time."""
        self._pause(conn)
        timer = Timer(seconds, self.method_queue.defer, (self._release, conn))
        timer.daemon = True
        timer.start()

    def _release(self, conn: TConn) -> None:
        if request := self.arriving.get(conn):
            request.resume()
            self._listen(conn)

    def _pause(self, conn: TConn) -> ArrivingRequest:
        request = self.arriving[conn]
        request.pause()
        self.poller.unregister(conn.sock)
        return request

    def _ask_admission(self, conn: TConn) -> None:
        """Ask, in a thread, whether its sender may send a large body."""
        request = self._pause(conn)
        request.is_admitted = False
        asked = self._admissions.submit(self._may_send_much, request.head)
        asked.add_done_callback(lambda answer: self.method_queue.defer(self._go_on, conn, answer))

    def _go_on(self, conn: TConn, answer: "Future[bool]") -> None:
        request = self.arriving.get(conn)
        if request is None:
            # It was refused in the meantime.
            return
        request.resume()
        request.is_admitted = answer.exception() is None and answer.result()
        self._listen(conn)
        if request.is_admitted and not self._has_room(request.declared or 0):
            self._refuse(conn, 507, NO_ROOM, retry_after=RETRY_SECONDS)
        elif request.is_admitted:
            self._say_continue(conn)
        else:
            # The application refuses it, and need not have the body for that.
            self._hand_over(conn, is_cut_off=True)

    def _refuse_without_room(self) -> None:
        """Refuse large bodies, as many as arrive at once, when the disk has no more room than its reserve."""
        large = [conn for conn, request in self.arriving.items() if request.is_in_file or request.is_admitted]
        if large and not self._has_room():
            for conn in large:
                self._refuse(conn, 507, NO_ROOM, retry_after=RETRY_SECONDS)

    def _say_continue(self, conn: TConn) -> None:
        request = self.arriving[conn]
        if request.expects_continue:
            request.expects_continue = False
            try:
                conn.sock.send(CONTINUE)
            except OSError:
                # If the connection has ended, the next read says so.
                return

    def _hand_over(self, conn: TConn, *, is_cut_off: bool = False) -> None:
        """Give a request to a thread."""
        request = self._forget(conn, is_kept=True)
        request.is_cut_off |= is_cut_off
        conn.parser.unreader.begin(request)
        conn.data_ready = True
        super().enqueue_req(conn)

    # Sending.

    def _send_kept(self, conn: TConn, _sock: object) -> None:
        try:
            conn.sock.send_kept()
        except OSError:
            self._give_up(conn)
            return
        if not conn.sock.has_kept:
            self.poller.unregister(conn.sock)
            self._go_on_after_answer(conn, may_go_on=self.leaving.pop(conn))

    def _go_on_after_answer(self, conn: TConn, *, may_go_on: bool) -> None:
        if may_go_on:
            answered: Future[bool] = Future()
            answered.set_result(True)
            super().finish_request(conn, answered)
        else:
            self._end(conn)

    def _give_up(self, conn: TConn) -> None:
        """Close a connection whose receiver does not take the answer."""
        del self.leaving[conn]
        self.poller.unregister(conn.sock)
        self.log.info("An answer is broken off: its receiver is too slow, or has ended.")
        conn.sock.give_up()
        self._close(conn)

    # Ending connections.

    def _make_room_for_others(self, now: float) -> None:
        if self.nr_conns < NEARLY_ALL * self.worker_connections:
            return
        since = {
            conn: request.began
            for conn, request in self.arriving.items()
            if not request.is_admitted and not request.is_paused
        } | {conn: conn.sock.progress.began for conn in self.leaving}
        slow = sorted((conn for conn in since if now - since[conn] > GRACE_SECONDS), key=since.__getitem__)
        for conn in slow[: self.nr_conns - int(ENOUGH * self.worker_connections)]:
            if conn in self.leaving:
                self._give_up(conn)
            elif self.arriving[conn].is_empty:
                self._forget(conn)
                self._close(conn)
            else:
                self._refuse(conn, 503, CROWDED, retry_after=RETRY_SECONDS, lingers=False)

    def _refuse(
        self, conn: TConn, status: int, sentence: str, *, retry_after: int | None = None, lingers: bool = True
    ) -> None:
        self._forget(conn)
        self.log.info("A request is refused with %d: %s", status, sentence)
        try:
            conn.sock.send(problem_response(status, sentence, retry_after=retry_after))
        except OSError:
            self._close(conn)
            return
        if lingers:
            self._end(conn)
        else:
            self._close(conn)

    def _end(self, conn: TConn) -> None:
        """End a connection when its sender has read the answer, which the loop does not wait for."""
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._discard, conn))
        except (OSError, ValueError, KeyError):
            self._close(conn)
            return
        self.ending[conn] = time.monotonic() + LINGER_SECONDS

    def _discard(self, conn: TConn, _sock: object) -> None:
        try:
            has_ended = not conn.sock.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            has_ended = True
        if has_ended:
            self._close(conn)

    def _close(self, conn: TConn) -> None:
        if self.ending.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def _listen(self, conn: TConn) -> None:
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._receive, conn))

    def _forget(self, conn: TConn, *, is_kept: bool = False) -> ArrivingRequest:
        """Stop receiving a request."""
        request = self.arriving.pop(conn)
        if not request.is_paused:
            self.poller.unregister(conn.sock)
        if not is_kept:
            request.close()
        return request


def _write_problem(cfg: Any, sock: socket.socket, status: int, reason: str, message: str) -> None:
    """In place of gunicorn's own function, which writes HTML."""
    sentence = sentence_of(
        status,
        message or reason,
        line_limit=cfg.limit_request_line,
        field_limit=cfg.limit_request_field_size,
        field_count=cfg.limit_request_fields,
    )
    util.write_nonblock(sock, problem_response(status, sentence))


def _allow_a_file_for_each_connection(connections: int) -> None:
    """Raise the limit of open files, if it may be: a connection has a socket and, with a large body, a file."""
    wanted = 2 * connections + 256
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
