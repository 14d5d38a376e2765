#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Data of known content over TCP and UDP, for tests of path MTU.

    mtu_traffic.py serve                                  until it is killed
    mtu_traffic.py tcp ADDRESS... [--octets N] [--timeout S] [--only put|get]
                                                          to and from each, whole and equal
    mtu_traffic.py udp ADDRESS... [--largest N]                datagrams of all sizes, echoed
    mtu_traffic.py bursts ADDRESS... [--segment N]             ten datagrams in one call (UDP_SEGMENT), echoed

A datagram may be lost while the path MTU is being learned, as anywhere; it is
sent again then.
"""
import argparse
import hashlib
import random
import socket
import sys
import threading

PORT = 7777
RETRY, RETRIES = 0.5, 60


def stream(octets):
    return random.Random(octets).randbytes(octets)


def digest(data):
    return hashlib.sha256(data).hexdigest().encode()


def read_all(connection):
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def answer(connection):
    with connection:
        request = b""
        while not request.endswith(b"\n"):
            if not (piece := connection.recv(1)):
                return
            request += piece
        word, octets = request.split()
        if word == b"GET":
            connection.sendall(stream(int(octets)))
        else:
            connection.sendall(digest(read_all(connection)))


def open_socket(kind):
    sock = socket.socket(socket.AF_INET6, kind)
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("::", PORT))
    return sock


def echo():
    sock = open_socket(socket.SOCK_DGRAM)
    sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: fragment
    while True:
        data, peer = sock.recvfrom(65536)
        try:
            sock.sendto(data, peer)
        except OSError:
            pass  # the path MTU fell meanwhile; the peer asks again


def serve(_):
    server = open_socket(socket.SOCK_STREAM)
    server.listen(16)
    threading.Thread(target=echo, daemon=True).start()
    print("listening", flush=True)
    while True:
        threading.Thread(target=answer, args=(server.accept()[0],), daemon=True).start()


def tcp(args):
    data = stream(args.octets)
    for address in args.address:
        for word in (args.only,) if args.only else ("PUT", "GET"):
            with socket.create_connection((address, PORT), args.timeout) as connection:
                connection.sendall(b"%s %d\n" % (word.encode(), args.octets))
                if word == "PUT":
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                got, wanted = read_all(connection), data if word == "GET" else digest(data)
                if got != wanted:
                    sys.exit(f"{word} {address}: {len(got)} octets came, not what was sent")


def udp(args):
    sizes = sorted({1, 2, *range(1180, 1300, 7), *range(1400, 1520, 9), *range(1, args.largest, 331), args.largest})
    for address in args.address:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            if ":" not in address:
                sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: fragment
            sock.connect((address, PORT))
            sock.settimeout(RETRY)
            for size in sizes:
                data = stream(size)
                for _ in range(RETRIES):
                    try:
                        sock.send(data)
                        while (got := sock.recv(65536)) != data:
                            if len(got) == len(data):
                                sys.exit(f"{address}: {size} octets came back different")
                        break
                    except (TimeoutError, OSError):
                        continue
                else:
                    sys.exit(f"{address}: {size} octets never came back")


def bursts(args):
    for address in args.address:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as sock:
            if ":" not in address:
                sock.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: fragment
            sock.setsockopt(socket.IPPROTO_UDP, 103, args.segment)  # UDP_SEGMENT
            sock.connect((address, PORT))
            sock.settimeout(RETRY)
            data = stream(9 * args.segment + args.segment // 2)
            wanted = {data[at:at + args.segment] for at in range(0, len(data), args.segment)}
            for _ in range(RETRIES):
                sock.send(data)
                try:
                    got = {sock.recv(65536) for _ in wanted}
                except TimeoutError:
                    continue
                if got != wanted:
                    sys.exit(f"{address}: {len(got - wanted)} of {len(wanted)} datagrams came back different")
                break
            else:
                sys.exit(f"{address}: {len(wanted)} datagrams never came back together")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    commands.add_parser("serve").set_defaults(run=serve)
    command = commands.add_parser("tcp")
    command.add_argument("address", nargs="+")
    command.add_argument("--octets", type=int, default=200_000)
    command.add_argument("--timeout", type=float, default=60)
    command.add_argument("--only", type=str.upper, choices=("PUT", "GET"))
    command.set_defaults(run=tcp)
    command = commands.add_parser("udp")
    command.add_argument("address", nargs="+")
    command.add_argument("--largest", type=int, default=9000)
    command.set_defaults(run=udp)
    command = commands.add_parser("bursts")
    command.add_argument("address", nargs="+")
    command.add_argument("--segment", type=int, default=1452)
    command.set_defaults(run=bursts)
    args = parser.parse_args()
    try:
        args.run(args)
    except OSError as error:
        sys.exit(f"{type(error).__name__}: {error}")


main()
