"""Runs the reading server on the socket with the number that is its argument; started by `launcher`."""

import socket
import sys

import django

if __name__ == "__main__":
    django.setup()
    from syncs.reading.server import Server

    Server(socket.socket(fileno=int(sys.argv[1]))).serve()
