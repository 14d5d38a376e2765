#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Traffic that can be checked, for the demo and the system tests.

    traffic.py sink ADDRESS PORT FILE             take one TCP connection until its end
    traffic.py source ADDRESS PORT FILE --stop S  send over TCP until the file S is there
    traffic.py hear ADDRESS PORT FILE             note every numbered datagram
    traffic.py probe ADDRESS PORT FILE --stop S   send a numbered datagram at each interval
    traffic.py gap FILE FROM [TO]                 longest silence in that span, in ms
    traffic.py missing SENT HEARD                 numbers sent but never heard
    traffic.py now                                the clock of all this, in ms

`sink` and `source` keep the octets moved so far in FILE, and at the end
"OCTETS SHA256".  The stream is pseudo-random with a fixed seed, so that an
octet lost, doubled or moved changes the sum.  `hear` and `probe` write lines
"NUMBER MILLISECONDS".  Both senders rest at least as long as they work: in a guest
that is too slow for their pace they would leave no processor to what is tried.
"""
import argparse
import hashlib
import os
import random
import signal
import socket
import sys
import time

CHUNK = 8192


def now_ms():
    return time.monotonic_ns() // 1_000_000


def open_socket(kind, address, port, listen):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if listen:
        sock.bind((address, port))
    else:
        sock.connect((address, port))
    return sock


class Progress:
    """The octets moved so far, in a file that is always whole."""

    def __init__(self, path):
        self.path = path
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self.octets = 0
        self.sum = hashlib.sha256()
        self.note()

    def note(self):
        os.pwrite(self.fd, b"%-20d\n" % self.octets, 0)

    def add(self, data):
        self.sum.update(data)
        self.octets += len(data)
        self.note()

    def end(self):
        with open(self.path + ".new", "w", encoding="ascii") as file:
            file.write(f"{self.octets} {self.sum.hexdigest()}\n")
        os.rename(self.path + ".new", self.path)


def sink(args):
    server = open_socket(socket.SOCK_STREAM, args.address, args.port, True)
    server.listen(1)
    print("listening", flush=True)
    connection, _ = server.accept()
    progress = Progress(args.file)
    while data := connection.recv(65536):
        progress.add(data)
    progress.end()


def pause(due, used):
    """Sleeps until `due`, or as long as `used` seconds of work took; returns when the next is due
    after that, without catching up."""
    time.sleep(max(due - time.monotonic(), used))
    return max(due, time.monotonic())


def source(args):
    connection = open_socket(socket.SOCK_STREAM, args.address, args.port, False)
    progress = Progress(args.file)
    stream = random.Random(args.port)
    due = time.monotonic()
    while not os.path.exists(args.stop):
        began, used = time.monotonic(), time.process_time()
        data = stream.randbytes(CHUNK)
        connection.sendall(data)
        progress.add(data)
        due = pause(max(due, began) + CHUNK / args.rate, time.process_time() - used)
    connection.shutdown(socket.SHUT_WR)
    connection.recv(1)  # the peer has read everything when it closes
    progress.end()


def hear(args):
    sock = open_socket(socket.SOCK_DGRAM, args.address, args.port, True)
    print("listening", flush=True)
    with open(args.file, "w", encoding="ascii", buffering=1) as file:
        while True:
            data = sock.recv(64)
            file.write(f"{int(data)} {now_ms()}\n")


def probe(args):
    sock = open_socket(socket.SOCK_DGRAM, args.address, args.port, False)
    with open(args.file, "w", encoding="ascii", buffering=1) as file:
        number = 0
        due = time.monotonic()
        while not os.path.exists(args.stop):
            used = time.process_time()
            try:
                sock.send(b"%d" % number)
            except OSError:
                pass  # an ICMP error about an earlier one; the number counts as sent
            file.write(f"{number} {now_ms()}\n")
            number += 1
            due = pause(due + args.interval, time.process_time() - used)


def read_log(path):
    with open(path, encoding="ascii") as file:
        return [tuple(map(int, line.split())) for line in file if line.endswith("\n")]


def gap(args):
    """Silence that began or ended within the span counts in full."""
    end = args.to if args.to is not None else now_ms()
    times = [t for _, t in read_log(args.file)]
    longest = 0
    for before, after in zip(times, times[1:] + [max(end, times[-1]) if times else end]):
        if after >= args.from_ms and before <= end:
            longest = max(longest, after - before)
    print(longest)


def missing(args):
    heard = {number for number, _ in read_log(args.heard)}
    lost = [number for number, _ in read_log(args.sent) if number not in heard]
    print(len(lost))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for run in (sink, source, hear, probe):
        command = commands.add_parser(run.__name__)
        command.add_argument("address")
        command.add_argument("port", type=int)
        command.add_argument("file")
        if run in (source, probe):
            command.add_argument("--stop", required=True)
        if run is source:
            command.add_argument("--rate", type=float, default=400_000, help="octets per second")
        if run is probe:
            command.add_argument("--interval", type=float, default=0.010, help="seconds")
        command.set_defaults(run=run)
    command = commands.add_parser("gap")
    command.add_argument("file")
    command.add_argument("from_ms", type=int)
    command.add_argument("to", type=int, nargs="?")
    command.set_defaults(run=gap)
    command = commands.add_parser("missing")
    command.add_argument("sent")
    command.add_argument("heard")
    command.set_defaults(run=missing)
    commands.add_parser("now").set_defaults(run=lambda _: print(now_ms()))
    args = parser.parse_args()
    args.run(args)


main()
