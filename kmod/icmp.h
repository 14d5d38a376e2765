/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dsmip: ICMP errors about outer packets, and the tunnel MTU of bindings.
 */
#ifndef _DSMIP_ICMP_H
#define _DSMIP_ICMP_H

#include "underlay.h"

enum dsmip_icmp_kind {
	DSMIP_ICMP_OTHER,		/* not relayed to the inner source */
	DSMIP_ICMP_UNREACHABLE,
	DSMIP_ICMP_TOO_BIG,
};

/*
 * struct dsmip_icmp - contents of an ICMP error about an outer packet
 * @near: outer source of the quoted packet
 * @far: its outer destination
 * @in: where the error came in
 * @kind: kind of the error
 * @mtu: if the packet was too big
 * @offset: of the inner packet from the quoted outer header
 * @label: flow label of the packet, IPv6
 * @ident: its identification, IPv4
 * @df: it has DF, IPv4
 * @encap: &enum dsmip_encap
 * @truncated: too little is quoted to find the inner source
 */
struct dsmip_icmp {
	struct dsmip_endpoint near;
	struct dsmip_endpoint far;
	struct dsmip_ingress in;
	enum dsmip_icmp_kind kind;
	u32 mtu;
	unsigned int offset;
	__be32 label;
	u16 ident;
	bool df;
	u8 encap;
	bool truncated;
};

void dsmip_icmp_read(const struct sk_buff *skb, u8 family, unsigned int offset,
		     struct dsmip_icmp *e);
void dsmip_icmp_read_udp(const struct sk_buff *skb, struct dsmip_icmp *e);
bool dsmip_icmp_ours(const struct dsmip_dev *dd, const struct dsmip_icmp *e);
bool dsmip_icmp_takes(const struct dsmip_dev *dd, const struct dsmip_icmp *e);
bool dsmip_icmp(struct dsmip_dev *dd, struct sk_buff *skb,
		const struct dsmip_icmp *e);
void dsmip_mtu_changed(struct dsmip_dev *dd, struct dsmip_binding *b,
		       unsigned int mtu);

/* A packet of @b found the tunnel MTU @mtu. */
static inline void dsmip_mtu_note(struct dsmip_dev *dd, struct dsmip_binding *b,
				  unsigned int mtu)
{
	mtu = min_t(unsigned int, mtu, U16_MAX);
	if (unlikely(READ_ONCE(b->mtu) != mtu))
		dsmip_mtu_changed(dd, b, mtu);
}

void dsmip_icmp_unreachable(struct dsmip_dev *dd, struct sk_buff *skb);

#endif /* _DSMIP_ICMP_H */
