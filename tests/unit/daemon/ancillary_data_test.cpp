// SPDX-License-Identifier: GPL-2.0-or-later
// Control messages of the signalling socket, built and read.
#include <catch2/catch.hpp>

#include <cstring>
#include <vector>

#include <netinet/in.h>
#include <sys/socket.h>

#include "../addresses.hpp"
#include "daemon/ancillary_data.hpp"
#include "wire/extension_header.hpp"

using namespace dsmip;
using namespace dsmip::daemon;
using namespace dsmip::test;

namespace {

struct ControlMessage {
    int level = 0;
    int type = 0;
    std::vector<std::uint8_t> data;
};

/// Reads with the C library's macros, which the code under test does not use to walk.
std::vector<ControlMessage> walk(std::span<std::byte> octets) {
    std::vector<ControlMessage> found;
    msghdr header{};
    header.msg_control = octets.data();
    header.msg_controllen = octets.size();
    for (auto* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
        const auto* data = CMSG_DATA(control);
        found.push_back({control->cmsg_level,
                         control->cmsg_type,
                         {data, data + (control->cmsg_len - CMSG_LEN(0))}});
    }
    return found;
}

class Builder {
public:
    void add(int level, int type, std::span<const std::uint8_t> data) {
        const auto start = octets_.size();
        octets_.resize(start + CMSG_SPACE(data.size()));
        cmsghdr header{};
        header.cmsg_len = CMSG_LEN(data.size());
        header.cmsg_level = level;
        header.cmsg_type = type;
        std::memcpy(&octets_[start], &header, sizeof header);
        std::memcpy(&octets_[start + CMSG_LEN(0)], data.data(), data.size());
    }
    template<class Value>
    void add_value(int level, int type, const Value& value) {
        std::vector<std::uint8_t> data(sizeof value);
        std::memcpy(data.data(), &value, sizeof value);
        add(level, type, data);
    }
    std::vector<std::byte>& octets() { return octets_; }

private:
    std::vector<std::byte> octets_;
};

in6_pktinfo packet_info(const wire::Ipv6Address& address, unsigned link) {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, address.bytes.data(), sizeof info.ipi6_addr);
    info.ipi6_ifindex = link;
    return info;
}

} // namespace

TEST_CASE("nothing to say needs no control message") {
    ControlBuffer buffer{SentAncillary{}};
    CHECK(buffer.octets().empty());
}

TEST_CASE("a Binding Update's control messages: source, Home Address option") {
    SentAncillary ancillary;
    ancillary.source = v6("2001:db8:6::7");
    ancillary.link = 5;
    ancillary.home_address_option = v6("2001:db8:1::100");
    ControlBuffer buffer(ancillary);
    const auto messages = walk(buffer.octets());
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].level == IPPROTO_IPV6);
    CHECK(messages[0].type == IPV6_PKTINFO);
    in6_pktinfo info{};
    REQUIRE(messages[0].data.size() == sizeof info);
    std::memcpy(&info, messages[0].data.data(), sizeof info);
    CHECK(info.ipi6_ifindex == 5);
    CHECK(std::memcmp(&info.ipi6_addr, ancillary.source->bytes.data(), 16) == 0);
    CHECK(messages[1].type == IPV6_DSTOPTS);
    // The option has to start at 8n+6 (RFC 6275, 6.3).
    REQUIRE(messages[1].data.size() == 24);
    CHECK(messages[1].data[6] == wire::home_address_option_type);
    const auto parsed = wire::parse_destination_options(messages[1].data);
    REQUIRE(parsed);
    CHECK(parsed->home_address == ancillary.home_address_option);
}

TEST_CASE("a Binding Acknowledgement's control messages: routing header, no mark") {
    SentAncillary ancillary;
    ancillary.source = v6("2001:db8:1::1");
    ancillary.mark = 0x80001234;
    ancillary.routing_header = v6("2001:db8:6::7");
    ControlBuffer buffer(ancillary);
    const auto messages = walk(buffer.octets());
    // That of the socket is what the module finds.
    REQUIRE(messages.size() == 2);
    CHECK(messages[1].type == IPV6_RTHDR);
    const auto parsed = wire::parse_type2_routing_header(messages[1].data);
    REQUIRE(parsed);
    // The first hop; the kernel swaps it with the destination.
    CHECK(parsed->home_address == *ancillary.routing_header);
}

TEST_CASE("what comes beside a message is read") {
    Builder builder;
    builder.add_value(IPPROTO_IPV6, IPV6_PKTINFO, packet_info(v6("2001:db8:1::1"), 3));
    builder.add_value(SOL_SOCKET, SO_MARK, std::uint32_t{0x80000001});
    const auto header = wire::build_home_address_header(135, v6("2001:db8:6::7"));
    builder.add(IPPROTO_IPV6, IPV6_DSTOPTS, header);
    const auto read = read_ancillary(builder.octets());
    REQUIRE(read);
    CHECK(read->destination == v6("2001:db8:1::1"));
    CHECK(read->link == 3);
    CHECK(read->mark == 0x80000001);
    CHECK(read->wire_source == v6("2001:db8:6::7"));
}

TEST_CASE("destination options without a Home Address option are no wire source") {
    Builder builder;
    const std::array<std::uint8_t, 8> padding{135, 0, 1, 4, 0, 0, 0, 0};
    builder.add(IPPROTO_IPV6, IPV6_DSTOPTS, padding);
    const auto read = read_ancillary(builder.octets());
    REQUIRE(read);
    CHECK_FALSE(read->wire_source);
    CHECK_FALSE(read->destination);
    CHECK(read->mark == 0);
}

TEST_CASE("bad control messages are drops with a name") {
    const auto header = wire::build_home_address_header(135, v6("2001:db8:6::7"));
    SECTION("two Home Address options") {
        Builder builder;
        builder.add(IPPROTO_IPV6, IPV6_DSTOPTS, header);
        builder.add(IPPROTO_IPV6, IPV6_DSTOPTS, header);
        const auto read = read_ancillary(builder.octets());
        REQUIRE_FALSE(read);
        CHECK(read.error() == "hao_duplicate");
    }
    SECTION("an option that reaches over the end") {
        auto bad = header;
        bad[7] = 17;
        Builder builder;
        builder.add(IPPROTO_IPV6, IPV6_DSTOPTS, bad);
        const auto read = read_ancillary(builder.octets());
        REQUIRE_FALSE(read);
    }
    SECTION("a length below the header or beyond the end") {
        Builder builder;
        builder.add_value(SOL_SOCKET, SO_MARK, std::uint32_t{1});
        for (const std::size_t length :
             {std::size_t{0}, CMSG_LEN(0) - 1, builder.octets().size() + 1}) {
            std::memcpy(builder.octets().data(), &length, sizeof length);
            const auto read = read_ancillary(builder.octets());
            REQUIRE_FALSE(read);
            CHECK(read.error() == "control_malformed");
        }
    }
    SECTION("a packet info that is too short is as good as none") {
        Builder builder;
        builder.add_value(IPPROTO_IPV6, IPV6_PKTINFO, std::uint32_t{1});
        const auto read = read_ancillary(builder.octets());
        REQUIRE(read);
        CHECK_FALSE(read->destination);
    }
}
