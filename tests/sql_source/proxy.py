"""A way to a server that can be closed and opened, so that the server is away and back without being stopped."""

import contextlib
import select
import socket
import threading


class Proxy:
    """Listens on a port of its own and passes on what comes, until it is closed."""

    def __init__(self, port):
        self.target = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.is_away = False
        # Cuts the connection once so many bytes have come from the server.
        self.cut_after = None
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        # Closing alone would let the thread that waits there take one more connection.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self.is_away:
                    # As a server that is restarting does.
                    client.close()
                    continue
                threading.Thread(target=self._pass_on, args=[client], daemon=True).start()

    def _pass_on(self, client):
        passed = 0
        with client, socket.create_connection(("127.0.0.1", self.target)) as server, contextlib.suppress(OSError):
            while True:
                for readable in select.select([client, server], [], [])[0]:
                    data = readable.recv(65536)
                    if not data:
                        return
                    if readable is server:
                        passed += len(data)
                    if self.cut_after is not None and passed > self.cut_after:
                        return
                    (server if readable is client else client).sendall(data)
