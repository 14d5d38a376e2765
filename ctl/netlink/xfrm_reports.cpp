// SPDX-License-Identifier: GPL-2.0-or-later
// Reports about Home Address options (mip6_destopt_reject() in the kernel).
#include "netlink/xfrm_reports.hpp"

#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "netlink/attributes.hpp"

namespace dsmip::netlink {

namespace {

constexpr std::size_t reports_max = 64; // in one turn

wire::Ipv6Address from_xfrm(const xfrm_address_t& address) {
    wire::Ipv6Address result;
    std::memcpy(result.bytes.data(), &address, result.bytes.size());
    return result;
}

} // namespace

XfrmReports::XfrmReports(Socket socket)
    : socket_(std::move(socket)) {}

Result<XfrmReports> XfrmReports::open() {
    auto socket = Socket::open(NETLINK_XFRM, Socket::Mode::non_blocking);
    if (!socket) {
        return tl::unexpected(socket.error());
    }
    if (auto joined = socket->join(XFRMNLGRP_REPORT); !joined) {
        return tl::unexpected(joined.error());
    }
    return XfrmReports(std::move(*socket));
}

std::vector<XfrmReport> XfrmReports::read() {
    std::vector<XfrmReport> reports;
    while (reports.size() < reports_max) {
        const auto got =
            socket_.receive([&](std::span<const std::byte> message) { decode(message, reports); });
        if (!got || !*got) {
            break;
        }
    }
    return reports;
}

void XfrmReports::decode(std::span<const std::byte> message, std::vector<XfrmReport>& reports) {
    nlmsghdr header{};
    xfrm_user_report body{};
    if (message.size() < NLMSG_HDRLEN + sizeof body) {
        return;
    }
    std::memcpy(&header, message.data(), sizeof header);
    std::memcpy(&body, message.data() + NLMSG_HDRLEN, sizeof body);
    if (header.nlmsg_type != XFRM_MSG_REPORT || body.proto != IPPROTO_DSTOPTS ||
        body.sel.family != AF_INET6) {
        return;
    }
    // The kernel has put the home address in the place of the source already; what was there
    // comes as the care-of address.
    XfrmReport report;
    report.home_address = from_xfrm(body.sel.saddr);
    report.destination = from_xfrm(body.sel.daddr);
    report.protocol = body.sel.proto;
    if (body.sel.proto == IPPROTO_MH) {
        report.mobility_type = static_cast<std::uint8_t>(ntohs(body.sel.sport));
    }
    bool complete = false;
    const auto attributes = message.subspan(NLMSG_HDRLEN + NLMSG_ALIGN(sizeof body));
    const auto read =
        for_each_attribute(attributes, "report", [&](const Attribute& attribute) -> Decoded<void> {
            if (attribute.type != XFRMA_COADDR) {
                return {};
            }
            xfrm_address_t care_of{};
            if (auto done = read_raw(attribute, "report", care_of); !done) {
                return done;
            }
            report.care_of = from_xfrm(care_of);
            complete = true;
            return {};
        });
    if (read && complete) {
        reports.push_back(report);
    }
}

} // namespace dsmip::netlink
