// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Makes a GTPv1 session (PDP context) on a gtp device: no tool for that is packaged.
 *
 *     gtp_session DEVICE INCOMING_TEID OUTGOING_TEID NODE_ADDRESS PEER_ADDRESS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/gtp.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char buffer[8192];

static struct nlmsghdr *begin(uint16_t type, uint8_t command, uint16_t flags)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    struct genlmsghdr *generic;

    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
    message->nlmsg_seq = 1;
    generic = mnl_nlmsg_put_extra_header(message, sizeof *generic);
    generic->cmd = command;
    generic->version = 0;
    return message;
}

static int find_attribute(const struct nlattr *attribute, void *found)
{
    if (mnl_attr_get_type(attribute) == CTRL_ATTR_FAMILY_ID)
        *(uint16_t *)found = mnl_attr_get_u16(attribute);
    return MNL_CB_OK;
}

static int find_family(const struct nlmsghdr *message, void *found)
{
    return mnl_attr_parse(message, sizeof(struct genlmsghdr), find_attribute, found);
}

/* Sends what was begun and takes answers until it is acknowledged. */
static void exchange(struct mnl_socket *socket, const struct nlmsghdr *message, mnl_cb_t callback, void *data)
{
    ssize_t length;
    int more = 1;

    if (mnl_socket_sendto(socket, message, message->nlmsg_len) < 0)
        goto failed;
    while (more > 0) {
        length = mnl_socket_recvfrom(socket, buffer, sizeof buffer);
        if (length < 0)
            goto failed;
        more = mnl_cb_run(buffer, (size_t)length, 1, mnl_socket_get_portid(socket), callback, data);
    }
    if (!more)
        return;
failed:
    fprintf(stderr, "gtp_session: %s\n", strerror(errno));
    exit(1);
}

static void put_address(struct nlmsghdr *message, uint16_t type, const char *text)
{
    struct in_addr address;

    if (inet_pton(AF_INET, text, &address) != 1) {
        fprintf(stderr, "gtp_session: not an IPv4 address: %s\n", text);
        exit(2);
    }
    mnl_attr_put_u32(message, type, address.s_addr);
}

int main(int argc, char **argv)
{
    struct mnl_socket *socket = mnl_socket_open(NETLINK_GENERIC);
    struct nlmsghdr *message;
    uint16_t family = 0;

    if (argc != 6) {
        fprintf(stderr, "usage: gtp_session DEVICE INCOMING_TEID OUTGOING_TEID NODE_ADDRESS PEER_ADDRESS\n");
        return 2;
    }
    if (!socket || mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
        perror("gtp_session: netlink");
        return 1;
    }
    message = begin(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);
    mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "gtp");
    exchange(socket, message, find_family, &family);

    message = begin(family, GTP_CMD_NEWPDP, NLM_F_EXCL);
    mnl_attr_put_u32(message, GTPA_VERSION, GTP_V1);
    mnl_attr_put_u32(message, GTPA_LINK, if_nametoindex(argv[1]));
    mnl_attr_put_u32(message, GTPA_I_TEI, (uint32_t)strtoul(argv[2], NULL, 10));
    mnl_attr_put_u32(message, GTPA_O_TEI, (uint32_t)strtoul(argv[3], NULL, 10));
    put_address(message, GTPA_MS_ADDRESS, argv[4]);
    put_address(message, GTPA_PEER_ADDRESS, argv[5]);
    exchange(socket, message, NULL, NULL);
    mnl_socket_close(socket);
    return 0;
}
