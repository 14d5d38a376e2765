// SPDX-License-Identifier: GPL-2.0-or-later
// The exact output of what scripts and people read.
#include <catch2/catch.hpp>

#include <functional>

#include <linux/netlink.h>

#include "../netlink/samples.hpp"
#include "cli/commands.hpp"
#include "cli/show.hpp"

namespace dsmip::cli {

using namespace netlink;
using netlink::test::full_binding;
using netlink::test::ipv4;
using netlink::test::ipv6;

namespace {

const InterfaceNames names = [](std::uint32_t ifindex) {
    return ifindex == 4 ? std::string("dsmip0") : fmt::format("if{}", ifindex);
};

std::string print(Printer::Format format, const std::function<void(Printer&)>& show) {
    Printer printer(format);
    show(printer);
    return printer.finish();
}
std::string text(const std::function<void(Printer&)>& show) {
    return print(Printer::Format::text, show);
}
std::string json(const std::function<void(Printer&)>& show) {
    return print(Printer::Format::json, show);
}

Node node_behind_nat() {
    Binding binding;
    binding.care_of = ipv4("198.51.100.7");
    binding.port = 40000;
    binding.encapsulation = Encapsulation::udp;
    binding.priority = 0;
    binding.lifetime = Milliseconds(597900);
    binding.link = 0;
    binding.flags = BindingFlags{.nat = true};
    binding.sequence = 12;
    binding.statistics = BindingStatistics{
        .rx_packets = 1234, .rx_bytes = 99887, .tx_packets = 1200, .tx_bytes = 98001};
    binding.last_heard = Milliseconds(2100);
    return {.home_address = ipv6("2001:db8:1::100"),
            .home_addresses4 = {{ipv4("192.0.2.10")}},
            .bindings = {binding}};
}

} // namespace

TEST_CASE("a binding behind a NAT", "[show]") {
    const auto show = [](Printer& p) { show_node(p, {4, node_behind_nat()}, names); };
    CHECK(text(show) ==
          "2001:db8:1::100 bid 0 via 198.51.100.7:40000 udp dev dsmip0 nat lifetime 597s seq 12 "
          "prio 0 home4 192.0.2.10\n"
          "    rx 1234 packets 99887 bytes  tx 1200 packets 98001 bytes  heard 2s ago\n");
    CHECK(json(show) ==
          R"([{"home_address":"2001:db8:1::100","bid":0,"care_of":"198.51.100.7","port":40000,)"
          R"("encapsulation":"udp","dev":"dsmip0","ifindex":4,"flags":["nat"],)"
          R"("lifetime_ms":597900,"sequence":12,"priority":0,"home_addresses4":["192.0.2.10"],)"
          R"("rx_packets":1234,"rx_bytes":99887,"tx_packets":1200,"tx_bytes":98001,)"
          R"("last_heard_ms":2100}])"
          "\n");
}

TEST_CASE("several bindings of a node, all that can be shown", "[show]") {
    Node node = node_behind_nat();
    node.home_addresses4->push_back(ipv4("192.0.2.11"));
    Binding direct;
    direct.bid = 2;
    direct.care_of = ipv6("2001:db8:6::2");
    direct.encapsulation = Encapsulation::direct;
    direct.lifetime = Milliseconds(400);
    direct.flags = BindingFlags{};
    direct.statistics = BindingStatistics{};
    node.bindings = {full_binding(), direct};
    const auto show = [&](Printer& p) { show_node(p, {4, node}, names); };
    CHECK(text(show) ==
          "2001:db8:1::100 bid 65535 via 198.51.100.7:40000 udp-tlv dev dsmip0 nat forced-udp "
          "draft mcoa link-local lifetime 262140s seq 65535 prio 127 weight 255 mtu 1228 claimed "
          "10.0.0.2 link if7 home4 "
          "192.0.2.10,192.0.2.11\n"
          "    rx 1099511627776 packets 2 bytes  tx 3 packets 18446744073709551615 bytes  "
          "heard 2s ago\n"
          "2001:db8:1::100 bid 2 via 2001:db8:6::2 direct dev dsmip0 lifetime 400ms home4 "
          "192.0.2.10,192.0.2.11\n"
          "    rx 0 packets 0 bytes  tx 0 packets 0 bytes  never heard\n");
    const Json parsed = Json::parse(json(show));
    REQUIRE(parsed.size() == 2);
    CHECK(parsed[0]["flags"] == Json({"nat", "forced-udp", "draft", "mcoa", "link-local"}));
    CHECK(parsed[0]["tx_bytes"] == 18446744073709551615ULL);
    CHECK(parsed[0]["claimed"] == "10.0.0.2");
    CHECK(parsed[0]["link"] == "if7");
    CHECK(parsed[1]["bid"] == 2);
    CHECK(parsed[1]["flags"] == Json::array());
    CHECK(parsed[1]["last_heard_ms"].is_null());
    CHECK_FALSE(parsed[1].contains("port"));
}

TEST_CASE("a node at home", "[show]") {
    Node node = node_behind_nat();
    node.home_addresses4.reset();
    node.bindings = {netlink::test::home_binding()};
    const auto show = [&](Printer& p) { show_node(p, {4, node}, names); };
    CHECK(text(show) == "2001:db8:1::100 bid 3 at home 02:00:00:00:00:01 dev dsmip0 link if7\n");
    const Json parsed = Json::parse(json(show));
    CHECK(parsed[0]["home_link"] == true);
    CHECK(parsed[0]["link_address"] == "02:00:00:00:00:01");
    CHECK_FALSE(parsed[0].contains("care_of"));
}

TEST_CASE("flow rules", "[show]") {
    Node node;
    node.home_address = ipv6("2001:db8:1::100");
    node.flows = {netlink::test::full_flow()};
    netlink::Flow& other = node.flows.emplace_back();
    other.fid = 2;
    other.priority = 7;
    other.bids = {{1}};
    const auto show = [&](Printer& p) { show_flows(p, {4, node}, names); };
    CHECK(text(show) ==
          "2001:db8:1::100 fid 65535 prio 1 bids 3,0,65535 ipv6 src 2001:db8::1-2001:db8::2 dst "
          "2001:db8::3 spi 0x1-0xffffffff label 0x0-0xfffff sport 1-65535 dport 80 class "
          "0xb8-0xbc proto 6-17 dev dsmip0\n"
          "2001:db8:1::100 fid 2 prio 7 bids 1 dev dsmip0\n");
    const Json parsed = Json::parse(json(show));
    REQUIRE(parsed.size() == 2);
    CHECK(parsed[0]["bids"] == Json({3, 0, 65535}));
    CHECK(parsed[0]["source"] == Json({"2001:db8::1", "2001:db8::2"}));
    CHECK(parsed[0]["destination_port"] == Json({80, 80}));
    CHECK(parsed[0]["protocol"] == Json({6, 17}));
    CHECK_FALSE(parsed[1].contains("source"));
}

TEST_CASE("an IPv6 end point with a port is bracketed", "[show]") {
    Node node = node_behind_nat();
    node.bindings[0].care_of = ipv6("2001:db8:6::2");
    CHECK(text([&](Printer& p) {
              show_node(p, {4, node}, names);
          }).find("via [2001:db8:6::2]:40000 udp") != std::string::npos);
}

TEST_CASE("a node without bindings is shown, too", "[show]") {
    Node node = node_behind_nat();
    node.bindings.clear();
    const auto show = [&](Printer& p) { show_node(p, {4, node}, names); };
    CHECK(text(show) == "2001:db8:1::100 no bindings dev dsmip0 home4 192.0.2.10\n");
    CHECK(json(show) == R"([{"home_address":"2001:db8:1::100","bid":null,"dev":"dsmip0",)"
                        R"("ifindex":4,"home_addresses4":["192.0.2.10"]}])"
                        "\n");
}

TEST_CASE("prefixes of a mobile network", "[show]") {
    Node node = node_behind_nat();
    node.prefixes = {{.address = ipv4("10.5.0.0"), .length = 16},
                     {.address = ipv6("2001:db8:5::"), .length = 48}};
    const auto show = [&](Printer& p) { show_prefixes(p, {4, node}, names); };
    CHECK(text(show) == "10.5.0.0/16 node 2001:db8:1::100 dev dsmip0\n"
                        "2001:db8:5::/48 node 2001:db8:1::100 dev dsmip0\n");
    CHECK(json(show) == R"([{"prefix":"10.5.0.0/16","home_address":"2001:db8:1::100",)"
                        R"("dev":"dsmip0","ifindex":4},{"prefix":"2001:db8:5::/48",)"
                        R"("home_address":"2001:db8:1::100","dev":"dsmip0","ifindex":4}])"
                        "\n");
}

TEST_CASE("a device", "[show]") {
    Device device = *netlink::test::full_message().device;
    const auto show = [&](Printer& p) { show_device(p, device); };
    CHECK(text(show) ==
          "dsmip0: role mobile-node home-agent6 2001:db8::1 home-agent4 192.0.2.1 udp-port 4191 "
          "home-agent-port 4192 fwmark 0x7fffffff bid-mark-mask 0xff00 underlay if471148 "
          "home-link if471147 "
          "cookie-lifetime 600000ms source-rate 101 source-burst 301 network-rate 1001 "
          "network-burst 3001 stranger-rate 10001 stranger-burst 4097 tunnel-mtu 1449 "
          "hop-limit 33 dscp 46 df clear\n"
          "    nodes 1 bindings 2 paths 3 prefixes 4 flows 5\n");
    CHECK(json(show) ==
          R"([{"dev":"dsmip0","ifindex":4,"role":"mobile-node","home_agent6":"2001:db8::1",)"
          R"("home_agent4":"192.0.2.1","udp_port":4191,"home_agent_port":4192,)"
          R"("fwmark":2147483647,"bid_mark_mask":65280,"underlay":471148,"home_link":471147,)"
          R"("cookie_lifetime_ms":600000,)"
          R"("source_rate":101,"source_burst":301,"network_rate":1001,"network_burst":3001,)"
          R"("stranger_rate":10001,"stranger_burst":4097,"tunnel_mtu":1449,)"
          R"("hop_limit":33,"dscp":46,"df":"clear",)"
          R"("nodes":1,"bindings":2,"paths":3,"prefixes":4,"flows":5}])"
          "\n");
    device.settings = {};
    device.settings.fwmark = 0;
    device.prefixes = 0;
    device.flows = 0;
    CHECK(text(show) == "dsmip0:\n    nodes 1 bindings 2 paths 3\n");
    CHECK(json(show) == R"([{"dev":"dsmip0","ifindex":4,"fwmark":0,"nodes":1,"bindings":2,)"
                        R"("paths":3,"prefixes":0,"flows":0}])"
                        "\n");
}

TEST_CASE("counters, those that moved or all", "[show]") {
    const Device device{.ifindex = 4, .name = "dsmip0", .settings = {}};
    const std::vector<Counter> counters{{"tx_no_node", 0}, {"rx_{odd}", 12}};
    const auto moved = [&](Printer& p) { show_counters(p, device, counters, false); };
    const auto all = [&](Printer& p) { show_counters(p, device, counters, true); };
    CHECK(text(moved) == "dsmip0:\n    rx_{odd} 12\n");
    CHECK(text(all) == "dsmip0:\n    tx_no_node 0\n    rx_{odd} 12\n");
    CHECK(json(moved) == R"([{"dev":"dsmip0","ifindex":4,"counters":{"rx_{odd}":12}}])"
                         "\n");
    CHECK(json(all) == R"([{"dev":"dsmip0","ifindex":4,"counters":{"tx_no_node":0,"rx_{odd}":12}}])"
                       "\n");
}

TEST_CASE("a path", "[show]") {
    const Path path = *netlink::test::full_message().path;
    const auto show = [&](Printer& p) { show_path(p, 4, path, names); };
    CHECK(text(show) ==
          "cookie 0x80001234 remote 198.51.100.7:40000 local 192.0.2.1:4191 "
          "udp-tlv-draft link if7 lifetime 9999ms inner 2001:db8:1::100 dev dsmip0\n");
    CHECK(json(show) ==
          R"([{"cookie":2147488308,"remote":"198.51.100.7","remote_port":40000,)"
          R"("local":"192.0.2.1","local_port":4191,"encapsulation":"udp-tlv-draft","link":"if7",)"
          R"("lifetime_ms":9999,"inner":"2001:db8:1::100","dev":"dsmip0","ifindex":4}])"
          "\n");
}

TEST_CASE("events of the kernel", "[show]") {
    Message event;
    event.ifindex = 4;
    const auto show = [&](Printer& p) { show_event(p, event, "T", names); };

    event.command = Command::binding_new;
    event.flags = NLM_F_REPLACE;
    Node node = node_behind_nat();
    node.bindings[0].statistics.reset();
    node.bindings[0].last_heard.reset();
    event.nodes = {node};
    CHECK(text(show) == "T binding-new dev dsmip0 replace 2001:db8:1::100 home4 192.0.2.10 bid 0 "
                        "via 198.51.100.7:40000 udp nat lifetime 597s seq 12 prio 0\n");
    CHECK(json(show) ==
          R"([{"time":"T","source":"kernel","event":"binding-new","dev":"dsmip0","ifindex":4,)"
          R"("replace":true,"nodes":[{"home_address":"2001:db8:1::100",)"
          R"("home_addresses4":["192.0.2.10"],"bindings":[{"bid":0,"care_of":"198.51.100.7",)"
          R"("port":40000,"encapsulation":"udp","flags":["nat"],"lifetime_ms":597900,)"
          R"("sequence":12,"priority":0}]}]}])"
          "\n");

    event = {};
    event.command = Command::unknown_home;
    event.ifindex = 4;
    event.address = ipv4("192.0.2.99");
    CHECK(text(show) == "T unknown-home dev dsmip0 192.0.2.99\n");

    event = {};
    event.command = Command::unregistered;
    event.ifindex = 4;
    event.nodes.emplace_back().home_address = ipv6("2001:db8:1::100");
    event.path = Path{};
    event.path->remote = ipv4("198.51.100.9");
    event.path->remote_port = 5;
    event.path->encapsulation = Encapsulation::udp;
    CHECK(text(show) == "T unregistered dev dsmip0 2001:db8:1::100 remote 198.51.100.9:5 udp\n");

    event = {};
    event.command = Command::device_set;
    event.ifindex = 9;
    event.device.emplace().settings.role = Role::home_agent;
    CHECK(json(show) == R"([{"time":"T","source":"kernel","event":"device-set","dev":"if9",)"
                        R"("ifindex":9,"device":{"role":"home-agent"}}])"
                        "\n");
}

TEST_CASE("events of the daemon", "[show]") {
    const std::string line = R"({"event":"binding-accepted","time":"2026-01-31T12:00:00.123Z",)"
                             R"("fields":{"home-address":"2001:db8::1","bid":1}})";
    const auto show = [&](Printer& p) { CHECK(show_daemon_event(p, line, "T")); };
    CHECK(text(show) ==
          "2026-01-31T12:00:00.123Z binding-accepted home-address 2001:db8::1 bid 1\n");
    CHECK(json(show) ==
          R"([{"time":"2026-01-31T12:00:00.123Z","source":"daemon","event":"binding-accepted",)"
          R"("fields":{"home-address":"2001:db8::1","bid":1}}])"
          "\n");
}

TEST_CASE("other lines of the daemon are no events", "[show]") {
    const auto accepted = [](const std::string& line) {
        Printer printer(Printer::Format::text);
        const bool known = show_daemon_event(printer, line, "T");
        CHECK(printer.take_item().empty());
        return known;
    };
    CHECK(accepted(R"({"ok":true,"result":{}})"));
    CHECK_FALSE(accepted(R"({"ok":false,"error":"no"})"));
    CHECK_FALSE(accepted("nonsense"));
    CHECK_FALSE(accepted("[1]"));
    CHECK_FALSE(accepted(R"({"ok":"yes"})"));
}

} // namespace dsmip::cli
