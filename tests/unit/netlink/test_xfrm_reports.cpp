// SPDX-License-Identifier: GPL-2.0-or-later
// The kernel's reports about Home Address options as values; others and broken ones add nothing.
#include <catch2/catch.hpp>

#include <cstring>

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <linux/xfrm.h>
#include <netinet/in.h>

#include "../addresses.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/xfrm_reports.hpp"

namespace dsmip::netlink {

namespace {

using test::v6;

xfrm_address_t raw(const wire::Ipv6Address& address) {
    xfrm_address_t result{};
    std::memcpy(&result, address.bytes.data(), address.bytes.size());
    return result;
}

const auto home_address = v6("2001:db8:1::100");
const auto care_of = v6("2001:db8:2::200");
const auto home_agent = v6("2001:db8:1::1");

xfrm_user_report report_about(std::uint8_t protocol) {
    xfrm_user_report body{};
    body.proto = IPPROTO_DSTOPTS;
    body.sel.family = AF_INET6;
    body.sel.saddr = raw(home_address);
    body.sel.daddr = raw(home_agent);
    body.sel.proto = protocol;
    return body;
}

struct Message {
    alignas(nlmsghdr) std::array<std::byte, 256> buffer{};
    std::size_t length = 0;

    explicit Message(const xfrm_user_report& body, bool with_care_of = true,
                     std::uint16_t type = XFRM_MSG_REPORT) {
        MessageBuilder builder(buffer, type, 0);
        builder.header(body);
        if (with_care_of) {
            builder.put(XFRMA_COADDR, raw(care_of));
        }
        nlmsghdr header{};
        std::memcpy(&header, buffer.data(), sizeof header);
        length = header.nlmsg_len;
    }
    [[nodiscard]] std::vector<XfrmReport> read() const {
        std::vector<XfrmReport> reports;
        XfrmReports::decode(std::span(buffer).first(length), reports);
        return reports;
    }
};

} // namespace

TEST_CASE("a report names home address, care-of address, destination and protocol") {
    CHECK(Message(report_about(IPPROTO_UDP)).read() ==
          std::vector{XfrmReport{home_address, care_of, home_agent, IPPROTO_UDP, 0}});
}

TEST_CASE("of a Mobility Header the type is where ports are") {
    auto body = report_about(IPPROTO_MH);
    body.sel.sport = htons(99);
    CHECK(Message(body).read() ==
          std::vector{XfrmReport{home_address, care_of, home_agent, IPPROTO_MH, 99}});
}

TEST_CASE("other messages add nothing") {
    auto routing = report_about(IPPROTO_UDP);
    routing.proto = IPPROTO_ROUTING;
    CHECK(Message(routing).read().empty());
    auto ipv4 = report_about(IPPROTO_UDP);
    ipv4.sel.family = AF_INET;
    CHECK(Message(ipv4).read().empty());
    CHECK(Message(report_about(IPPROTO_UDP), false).read().empty());
    CHECK(Message(report_about(IPPROTO_UDP), true, XFRM_MSG_EXPIRE).read().empty());
}

TEST_CASE("a message that is cut off adds nothing") {
    const Message whole(report_about(IPPROTO_UDP));
    for (std::size_t length = 0; length < whole.length; ++length) {
        std::vector<XfrmReport> reports;
        XfrmReports::decode(std::span(whole.buffer).first(length), reports);
        CHECK(reports.empty());
    }
}

} // namespace dsmip::netlink
