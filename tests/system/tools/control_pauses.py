#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Asks a daemon for its status again and again, until SIGTERM.

  control_pauses.py SOCKET

Prints a line when it has the first answer, and at the end the longest time that one took, in
milliseconds: what the event loop did meanwhile.
"""
import json
import signal
import socket
import sys
import time


def main():
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.connect(sys.argv[1])
    lines = peer.makefile("r")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    longest = 0.0
    count = 0
    stopped = None
    while not stopped:
        begin = time.monotonic()
        peer.sendall(b'{"command":"status"}\n')
        if not json.loads(lines.readline())["ok"]:
            sys.exit("the daemon refuses to tell its status")
        if count == 0:
            print("asking", flush=True)
        else:
            longest = max(longest, time.monotonic() - begin)
        count += 1
        stopped = signal.sigtimedwait({signal.SIGTERM}, 0.002)  # leaves the daemon time for its work
    print(f"answers {count} longest {round(longest * 1000)}")


main()
