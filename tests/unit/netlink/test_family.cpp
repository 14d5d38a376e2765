// SPDX-License-Identifier: GPL-2.0-or-later
// Messages of the family "dsmip" through encode and decode.
#include <catch2/catch.hpp>

#include <cstring>

#include <linux/dsmip.h>
#include <linux/genetlink.h>

#include "netlink/dsmip_family.hpp"
#include "samples.hpp"

namespace dsmip::netlink {

using namespace test;

namespace {

Message round_trip(const Message& message) {
    return decode(octets_of(message)).value();
}

} // namespace

TEST_CASE("a message with every attribute comes back unchanged", "[family]") {
    CHECK(round_trip(full_message()) == full_message());
}

TEST_CASE("IPv6 end points and paths have attributes of their own", "[family]") {
    Message message = full_message();
    message.nodes[0].bindings[0].care_of = ipv6("2001:db8:6::9");
    message.path->remote = ipv6("2001:db8:6::9");
    message.path->local = ipv6("2001:db8::1");
    message.address = ipv4("192.0.2.10");
    CHECK(round_trip(message) == message);
}

TEST_CASE("flow rules of IPv4 have attributes of their own", "[family]") {
    Message message = full_message();
    Flow& flow = message.nodes[1].flows[0];
    flow.family = wire::AddressFamily::Ipv4;
    flow.source = Range<wire::IpAddress>{ipv4("192.0.2.0"), ipv4("192.0.2.255")};
    flow.destination = Range<wire::IpAddress>{ipv4("192.0.2.1"), ipv4("192.0.2.1")};
    CHECK(round_trip(message) == message);
}

TEST_CASE("prefixes keep their family and length", "[family]") {
    Message message;
    message.command = Command::prefix_new;
    message.ifindex = 3;
    Node& node = message.nodes.emplace_back();
    node.home_address = ipv6("2001:db8::1");
    node.prefixes = {{.address = ipv4("10.5.0.0"), .length = 16},
                     {.address = ipv6("2001:db8:5::"), .length = 48}};
    CHECK(round_trip(message) == message);
    CHECK(to_string(node.prefixes[0]) == "10.5.0.0/16");
}

TEST_CASE("an absent attribute stays absent", "[family]") {
    Message message;
    message.command = Command::path_get;
    message.path.emplace();
    message.device.emplace();
    const Message back = round_trip(message);
    CHECK(back == message);
    CHECK_FALSE(back.path->cookie);
    CHECK_FALSE(back.device->settings.role);
}

TEST_CASE("a cleared set of IPv4 home addresses is not an absent one", "[family]") {
    const Message back = round_trip(full_message());
    REQUIRE(back.nodes.size() == 3);
    CHECK(back.nodes[1].home_addresses4.has_value());
    CHECK(back.nodes[1].home_addresses4->empty());
    CHECK_FALSE(back.nodes[2].home_addresses4.has_value());
}

TEST_CASE("octets of a request are those of the contract", "[family]") {
    Message message;
    message.command = Command::binding_new;
    message.flags = NLM_F_REQUEST | NLM_F_CREATE;
    message.ifindex = 1;
    message.nodes = {{.home_address = ipv6("2001:db8::1"),
                      .home_addresses4 = {},
                      .bindings = {{.bid = 2,
                                    .care_of = ipv4("192.0.2.9"),
                                    .port = 0x1234,
                                    .claimed4 = {},
                                    .encapsulation = {},
                                    .priority = {},
                                    .lifetime = {},
                                    .link = {},
                                    .flags = {},
                                    .sequence = {},
                                    .statistics = {},
                                    .mtu = {},
                                    .last_heard = {}}}}};
    const std::vector<std::byte> octets = octets_of(message);

    // Host byte order: written through the types of the kernel headers.
    std::vector<std::byte> wanted;
    const auto put = [&](const void* data, std::size_t size) {
        const auto* from = static_cast<const std::byte*>(data);
        wanted.insert(wanted.end(), from, from + size);
        wanted.resize((wanted.size() + 3) & ~std::size_t{3});
    };
    const auto put_header = [&](std::uint16_t length, std::uint16_t type) {
        const nlattr header{length, type};
        put(&header, sizeof(header));
    };
    const nlmsghdr netlink{.nlmsg_len = 80,
                           .nlmsg_type = family_id,
                           .nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE,
                           .nlmsg_seq = 0,
                           .nlmsg_pid = 0};
    const genlmsghdr generic{.cmd = DSMIP_CMD_BINDING_NEW, .version = 1, .reserved = 0};
    const std::uint32_t ifindex = 1;
    const std::uint16_t bid = 2;
    const std::array<std::uint8_t, 2> port{0x12, 0x34};
    put(&netlink, sizeof(netlink));
    put(&generic, sizeof(generic));
    put_header(8, DSMIP_A_IFINDEX);
    put(&ifindex, sizeof(ifindex));
    put_header(52, DSMIP_A_NODE | NLA_F_NESTED);
    put_header(20, DSMIP_NODE_A_HOME_ADDRESS);
    put(ipv6("2001:db8::1").bytes.data(), 16);
    put_header(28, DSMIP_NODE_A_BINDING | NLA_F_NESTED);
    put_header(6, DSMIP_BINDING_A_BID);
    put(&bid, sizeof(bid));
    put_header(8, DSMIP_BINDING_A_CARE_OF4);
    put(ipv4("192.0.2.9").bytes.data(), 4);
    put_header(6, DSMIP_BINDING_A_PORT);
    put(port.data(), port.size());
    CHECK(octets == wanted);
}

TEST_CASE("a message that does not fit is not written", "[family]") {
    alignas(nlmsghdr) std::array<std::byte, 4096> buffer{};
    const std::size_t needed = octets_of(full_message()).size();
    REQUIRE(needed <= buffer.size());
    for (std::size_t size = 0; size < needed; size += 4) {
        CHECK_FALSE(encode(full_message(), family_id, std::span(buffer).first(size)));
    }
    CHECK(encode(full_message(), family_id, std::span(buffer).first(needed)) == needed);
}

TEST_CASE("a batch takes as many nodes as fit and none in halves", "[family]") {
    std::vector<Node> nodes(1000);
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        nodes[n].home_address = ipv6("2001:db8:b::");
        nodes[n].home_address.bytes[14] = static_cast<std::uint8_t>(n >> 8);
        nodes[n].home_address.bytes[15] = static_cast<std::uint8_t>(n);
        nodes[n].bindings = {full_binding(), small_binding()};
    }
    Message request;
    request.command = Command::binding_new;
    request.ifindex = 4;

    alignas(nlmsghdr) std::array<std::byte, 32768> buffer{};
    std::vector<Node> seen;
    std::size_t messages = 0;
    for (std::span<const Node> rest(nodes); !rest.empty(); ++messages) {
        const EncodedBatch batch = encode_batch(request, rest, family_id, buffer);
        REQUIRE(batch.nodes > 0);
        REQUIRE(batch.length <= buffer.size());
        const auto back = decode(std::span(buffer).first(batch.length));
        REQUIRE(back);
        CHECK(back->ifindex == 4);
        REQUIRE(back->nodes.size() == batch.nodes);
        seen.insert(seen.end(), back->nodes.begin(), back->nodes.end());
        rest = rest.subspan(batch.nodes);
    }
    CHECK(seen == nodes);
    CHECK(messages > 1);
}

TEST_CASE("a node too large for the buffer is reported, not cut", "[family]") {
    Node node{.home_address = ipv6("2001:db8::1"), .home_addresses4 = {}, .bindings = {}};
    node.bindings.assign(DSMIP_BINDINGS_MAX, full_binding());
    alignas(nlmsghdr) std::array<std::byte, 1024> buffer{};
    const EncodedBatch batch = encode_batch(Message{}, std::span(&node, 1), family_id, buffer);
    CHECK(batch.nodes == 0);
}

TEST_CASE("attributes of a newer kernel are skipped", "[family]") {
    Message message;
    message.command = Command::device_get;
    message.ifindex = 4;
    std::vector<std::byte> octets = octets_of(message);
    const nlattr unknown{.nla_len = 8, .nla_type = DSMIP_A_MAX + 1};
    const auto* from = reinterpret_cast<const std::byte*>(&unknown);
    octets.insert(octets.end(), from, from + sizeof(unknown));
    octets.resize(octets.size() + 4);
    const auto length = static_cast<std::uint32_t>(octets.size());
    std::memcpy(octets.data(), &length, sizeof(length));
    const auto back = decode(octets);
    REQUIRE(back);
    CHECK(back->ifindex == 4);
}

TEST_CASE("names of enumerations go there and back", "[family]") {
    for (const Role role : {Role::unspecified, Role::home_agent, Role::mobile_node}) {
        CHECK(parse_role(to_string(role)) == role);
    }
    for (const Encapsulation encapsulation :
         {Encapsulation::direct, Encapsulation::udp, Encapsulation::udp_tlv,
          Encapsulation::udp_tlv_draft}) {
        CHECK(parse_encapsulation(to_string(encapsulation)) == encapsulation);
    }
    CHECK_FALSE(parse_role("homeagent"));
    CHECK_FALSE(parse_encapsulation(""));
    CHECK(to_string(Command::unknown_home) == "unknown-home");
    CHECK(to_string(static_cast<Command>(200)) == "unknown");
    // Numbers are those of the contract.
    CHECK(static_cast<int>(Command::unknown_home) == DSMIP_CMD_UNKNOWN_HOME);
    CHECK(static_cast<int>(Command::prefix_get) == DSMIP_CMD_PREFIX_GET);
    CHECK(static_cast<int>(Command::device_gone) == DSMIP_CMD_DEVICE_GONE);
    CHECK(static_cast<int>(Command::counter_get) == DSMIP_CMD_COUNTER_GET);
    CHECK(static_cast<int>(Encapsulation::udp_tlv_draft) == DSMIP_ENCAP_UDP_TLV_DRAFT);
    CHECK(static_cast<int>(Role::mobile_node) == DSMIP_ROLE_MOBILE_NODE);
}

TEST_CASE("errors say what was asked, what went wrong and why", "[family]") {
    const NetlinkError error{
        .code = EEXIST, .text = "binding exists", .request = "binding-new, interface 4"};
    CHECK(error.message() == "binding-new, interface 4: File exists (binding exists)");
    CHECK(NetlinkError{.code = EPERM, .text = {}, .request = {}}.message() ==
          "Operation not permitted");
}

} // namespace dsmip::netlink
