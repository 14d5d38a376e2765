// SPDX-License-Identifier: GPL-2.0-only
/*
 * dsmip: tunnels in tunnels.  A node behind a mobile router has its care-of address
 * in the network of that router, so its packets go through two tunnels of the same
 * home agent, one in the other.  More than two are a loop of routes or
 * registrations.  The module counts the headers in the packet, which works whatever
 * queues are on the path.
 */
#include <net/ipv6.h>

#include "tunnel.h"

/* Headers to parse, those of dsmip and others, before giving up. */
#define DSMIP_NEST_LOOK	6

/* Whether a packet that is sent or received has the home agent's address. */
static bool dsmip_nest_ours(const struct dsmip_settings *s,
			    const struct dsmip_inner *inner, bool sent)
{
	bool source = (s->role == DSMIP_ROLE_HOME_AGENT) == sent;

	if (inner->family == AF_INET)
		return s->home_agent4 &&
		       s->home_agent4 == (source ? inner->src4 : inner->dst4);
	return !ipv6_addr_any(&s->home_agent6) &&
	       ipv6_addr_equal(source ? inner->src6 : inner->dst6,
			       &s->home_agent6);
}

/*
 * Offset of the packet inside the one at @offset; 0 = not found.  @proto gets the
 * protocol.
 */
static unsigned int dsmip_nest_next(struct sk_buff *skb, unsigned int offset,
				    const struct dsmip_inner *inner, u8 *proto)
{
	*proto = inner->proto;
	if (inner->later)
		return 0;
	offset += inner->header;
	if (inner->family == AF_INET6 && *proto == IPPROTO_FRAGMENT) {
		struct frag_hdr *frag, buffer;

		frag = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
		if (!frag)
			return 0;
		*proto = frag->nexthdr;
		if (frag->frag_off & htons(~0x7))
			return 0;
		offset += sizeof(*frag);
	}
	return offset;
}

/* Offset after a UDP header of a tunnel; the first octet shows a TLV header. */
static unsigned int dsmip_nest_udp(struct sk_buff *skb, unsigned int offset,
				   __be16 port)
{
	struct udphdr uh_buffer, *uh;
	u8 buffer, *first;

	uh = skb_header_pointer(skb, offset, sizeof(uh_buffer), &uh_buffer);
	if (!uh || !port || (uh->source != port && uh->dest != port))
		return 0;
	offset += sizeof(*uh);
	first = skb_header_pointer(skb, offset, sizeof(buffer), &buffer);
	if (first && *first >> 4 == 0)
		offset += DSMIP_TLV_LEN;
	return offset;
}

/**
 * dsmip_nested_deep - whether a packet is in more dsmip tunnels than allowed
 * @skb: packet
 * @offset: of its IP header from skb->data
 * @dd: device
 * @s: its settings
 * @sent: the headers are those of packets that the device sends, not receives
 *
 * The head of @skb may move.
 */
bool dsmip_nested_deep(struct sk_buff *skb, unsigned int offset,
		       const struct dsmip_dev *dd,
		       const struct dsmip_settings *s, bool sent)
{
	__be16 port = dsmip_home_agent_port(dd, s);
	unsigned int look, next, count = 0;
	struct dsmip_inner inner;
	u8 proto;

	for (look = 0; look < DSMIP_NEST_LOOK; look++) {
		if (dsmip_inner_parse(skb, offset, &inner))
			break;
		next = dsmip_nest_next(skb, offset, &inner, &proto);
		/* A later fragment of UDP may also belong to a tunnel. */
		if (proto == IPPROTO_UDP) {
			if (next) {
				next = dsmip_nest_udp(skb, next, port);
				if (!next)
					break;
			}
		} else if (proto != IPPROTO_IPIP && proto != IPPROTO_IPV6) {
			break;
		}
		if (dsmip_nest_ours(s, &inner, sent) &&
		    ++count > DSMIP_NESTED_MAX)
			return true;
		if (!next)
			break;
		offset = next;
	}
	return false;
}
