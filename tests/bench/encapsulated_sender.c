// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends packets of mobile nodes, encapsulated as they come from the access network, through a packet socket as fast as it
 * can. pktgen sends only plain UDP. Node n has the addresses that guest/network.sh tells.
 *
 *     encapsulated_sender DEVICE DESTINATION_MAC INNER OUTER FORMAT NODES COUNT
 *
 * INNER, OUTER: 4 or 6; OUTER 0 and FORMAT plain: not encapsulated. FORMAT: plain, direct, udp, udp-tlv, udp-tlv-draft,
 * gtp (IPv4 only, TEID as guest/network.sh has it).
 * NODES: packets come from the nodes 0 to NODES - 1 in an order that jumps; 1 means node 1. Prints microseconds and packets.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 32U
#define PAYLOAD 58U /* as much as pktgen's packets of 100 octets */
#define UDP_PORT 4191
#define GTP_PORT 2152
#define GTP_TEID 100

static const uint8_t mac_of_sender[ETH_ALEN] = {2, 0, 0, 0, 0, 4};
static const char *const home_prefix = "2001:db8:b::", *const care_of_prefix = "2001:db8:a::";
static const uint32_t home_base = 0x64400000, care_of_base = 0x0a000000;

struct form {
    int inner, outer;
    bool udp, tlv, draft, gtp;
};

static void put16(uint8_t *at, unsigned int value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value & 0xffff);
}

static uint32_t sum(const uint8_t *data, size_t length, uint32_t start)
{
    uint32_t total = start;

    for (size_t i = 0; i + 1 < length; i += 2)
        total += (uint32_t)data[i] << 8 | data[i + 1];
    return length % 2 ? total + ((uint32_t)data[length - 1] << 8) : total;
}

static unsigned int fold(uint32_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return ~total & 0xffff;
}

static void address6(uint8_t *at, const char *prefix, uint32_t n)
{
    inet_pton(AF_INET6, prefix, at);
    put32(at + 12, n);
}

/* Writes an IP header in front of LENGTH octets; the pointer it returns is where it starts. */
static uint8_t *push_ipv4(uint8_t *payload, size_t length, int protocol, uint32_t source, const char *destination)
{
    uint8_t *header = payload - 20;

    memset(header, 0, 20);
    header[0] = 0x45;
    put16(header + 2, (unsigned int)length + 20);
    put16(header + 6, 0x4000);
    header[8] = 64;
    header[9] = (uint8_t)protocol;
    put32(header + 12, source);
    inet_pton(AF_INET, destination, header + 16);
    put16(header + 10, fold(sum(header, 20, 0)));
    return header;
}

static uint8_t *push_ipv6(uint8_t *payload, size_t length, int protocol, const char *source, uint32_t n, const char *destination)
{
    uint8_t *header = payload - 40;

    memset(header, 0, 40);
    header[0] = 0x60;
    put16(header + 4, (unsigned int)length);
    header[6] = (uint8_t)protocol;
    header[7] = 64;
    address6(header + 8, source, n);
    inet_pton(AF_INET6, destination, header + 24);
    return header;
}

/* A packet of node N that ends at END; returns where its Ethernet header starts. */
static uint8_t *build(uint8_t *end, const struct form *form, uint32_t n, const uint8_t *destination)
{
    uint8_t *at = end - PAYLOAD - 8, *udp = NULL;
    int protocol = form->inner == 4 ? IPPROTO_IPIP : IPPROTO_IPV6;

    memset(at, 0, PAYLOAD + 8);
    put16(at, 4000);
    put16(at + 2, 9);
    put16(at + 4, PAYLOAD + 8);
    /* The home agent forwards: the checksum is for the other end. */
    put16(at + 6, 0xffff);
    at = form->inner == 4 ? push_ipv4(at, PAYLOAD + 8, IPPROTO_UDP, home_base + n, "198.51.100.2") :
                            push_ipv6(at, PAYLOAD + 8, IPPROTO_UDP, home_prefix, n, "2001:db8:c::2");
    if (form->tlv) {
        size_t length = (size_t)(end - at);

        at -= 4;
        memset(at, 0, 4);
        if (form->draft) {
            at[0] = form->inner == 4 ? 1 : 2;
            at[1] = length <= 255 ? (uint8_t)length : 0;
        } else {
            at[1] = (uint8_t)protocol;
            put16(at + 2, (unsigned int)length);
        }
    }
    if (form->gtp) {
        size_t length = (size_t)(end - at);

        /* Version 1, no options, a user's packet (T-PDU). */
        at -= 8;
        put16(at, 0x30ff);
        put16(at + 2, (unsigned int)length);
        put32(at + 4, GTP_TEID);
    }
    if (form->udp) {
        at -= 8;
        udp = at;
        put16(at, form->gtp ? GTP_PORT : UDP_PORT);
        put16(at + 2, form->gtp ? GTP_PORT : UDP_PORT);
        put16(at + 4, (unsigned int)(end - at));
        put16(at + 6, 0);
        protocol = IPPROTO_UDP;
    }
    if (form->outer == 4) {
        at = push_ipv4(at, (size_t)(end - at), protocol, care_of_base + n + 1, "192.0.2.1");
    } else if (form->outer == 6) {
        at = push_ipv6(at, (size_t)(end - at), protocol, care_of_prefix, n + 1, "2001:db8:1::1");
        /* Not optional over IPv6. */
        if (udp)
            put16(udp + 6, fold(sum(udp, (size_t)(end - udp), sum(at + 8, 32, (uint32_t)(end - udp) + IPPROTO_UDP))));
    }
    protocol = at[0] >> 4 == 4 ? ETH_P_IP : ETH_P_IPV6;
    at -= ETH_HLEN;
    memcpy(at, destination, ETH_ALEN);
    memcpy(at + ETH_ALEN, mac_of_sender, ETH_ALEN);
    put16(at + 2 * ETH_ALEN, (unsigned int)protocol);
    return at;
}

static int open_device(const char *name)
{
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = 0, .sll_ifindex = (int)if_nametoindex(name)};
    int fd = socket(AF_PACKET, SOCK_RAW, 0), on = 1;

    if (fd < 0 || !address.sll_ifindex || bind(fd, (struct sockaddr *)&address, sizeof address) ||
        setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof on)) {
        perror(name);
        exit(1);
    }
    return fd;
}

static void send_all(int fd, struct mmsghdr *messages, unsigned int count)
{
    while (count) {
        int sent = sendmmsg(fd, messages, count, 0);

        if (sent < 0) {
            perror("sendmmsg");
            exit(1);
        }
        messages += sent;
        count -= (unsigned int)sent;
    }
}

int main(int argc, char **argv)
{
    static uint8_t frames[BATCH][512];
    static struct mmsghdr messages[BATCH];
    static struct iovec parts[BATCH];
    unsigned int mac[ETH_ALEN];
    uint8_t destination[ETH_ALEN];
    struct timespec start, end;
    struct form form;
    uint32_t nodes;
    uint64_t count;
    int fd;

    if (argc != 8 || sscanf(argv[2], "%x:%x:%x:%x:%x:%x", mac, mac + 1, mac + 2, mac + 3, mac + 4, mac + 5) != 6) {
        fprintf(stderr, "usage: encapsulated_sender DEVICE DESTINATION_MAC INNER OUTER FORMAT NODES COUNT\n");
        return 2;
    }
    for (int i = 0; i < ETH_ALEN; i++)
        destination[i] = (uint8_t)mac[i];
    form = (struct form){.inner = atoi(argv[3]),
                         .outer = atoi(argv[4]),
                         .udp = !strncmp(argv[5], "udp", 3) || !strcmp(argv[5], "gtp"),
                         .gtp = !strcmp(argv[5], "gtp"),
                         .tlv = !strncmp(argv[5], "udp-tlv", 7),
                         .draft = !strcmp(argv[5], "udp-tlv-draft")};
    nodes = (uint32_t)strtoul(argv[6], NULL, 10);
    count = strtoull(argv[7], NULL, 10);
    fd = open_device(argv[1]);
    for (unsigned int i = 0; i < BATCH; i++) {
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (uint64_t done = 0; done < count;) {
        unsigned int batch = count - done < BATCH ? (unsigned int)(count - done) : BATCH;

        /* One node's packets are all the same. */
        for (unsigned int i = 0; i < batch && (nodes > 1 || !done); i++) {
            uint8_t *last = frames[i] + sizeof frames[i];
            /* An odd step visits all nodes when their number is a power of two. */
            uint32_t n = nodes > 1 ? (uint32_t)((done + i) * 40503 % nodes) : 1;

            parts[i].iov_base = build(last, &form, n, destination);
            parts[i].iov_len = (size_t)(last - (uint8_t *)parts[i].iov_base);
        }
        send_all(fd, messages, batch);
        done += batch;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%" PRId64 " %" PRIu64 "\n", (int64_t)(end.tv_sec - start.tv_sec) * 1000000 + (end.tv_nsec - start.tv_nsec) / 1000,
           count);
    return 0;
}
