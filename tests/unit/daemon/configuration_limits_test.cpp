// SPDX-License-Identifier: GPL-2.0-or-later
// Values that the kernel, the module or an RFC rules out: each is refused, with the reason, and
// what stands just beside it is not.
#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <linux/dsmip.h>

#include "daemon/configuration.hpp"
#include "daemon/configuration_file.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

/// The mistakes of a home agent with these lines; "" = none.
struct HomeAgent {
    std::string top{};
    std::string prefixes = "\"2001:db8:1::/64\"";
    std::string lines{};
    std::string home_address = "2001:db8:1::100";
    std::string node{};
    std::string behind{};
    std::string address6 = "2001:db8:1::1";

    [[nodiscard]] std::string text() const {
        return fmt::format("role = \"home-agent\"\nsecurity = \"none\"\n{}\n[home-agent]\n"
                           "address6 = \"{}\"\naddress4 = \"192.0.2.1\"\n"
                           "home-prefixes = [{}]\n{}\n[[home-agent.node]]\n"
                           "home-address = \"{}\"\n{}\n{}\n",
                           top, address6, prefixes, lines, home_address, node, behind);
    }
};

std::string mobile_node(const std::string& top, const std::string& lines,
                        const std::string& home_address = "2001:db8:1::100",
                        const std::string& interface = "wan0") {
    return fmt::format("role = \"mobile-node\"\nsecurity = \"none\"\n{}\n[mobile-node]\n"
                       "home-agent6 = \"2001:db8:1::1\"\nhome-address = \"{}\"\n{}\n"
                       "[[mobile-node.access]]\ninterface = \"{}\"\n",
                       top, home_address, lines, interface);
}

std::string mistakes_of(const std::string& text) {
    const auto read = read_configuration(text);
    std::string all;
    if (!read) {
        for (const auto& mistake : read.error()) {
            all += to_string(mistake, "f") + "\n";
        }
    }
    return all;
}

void refused(const std::string& text, const std::string& why) {
    INFO(text);
    CHECK_THAT(mistakes_of(text), Catch::Contains(why));
}

void refused(const HomeAgent& agent, const std::string& why) {
    refused(agent.text(), why);
}

void valid(const std::string& text) {
    INFO(text);
    CHECK(mistakes_of(text).empty());
}

void valid(const HomeAgent& agent) {
    valid(agent.text());
}

struct Folder {
    std::filesystem::path path;
    Folder() {
        std::string name = "/tmp/dsmip-limits-XXXXXX";
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path); }
};

std::string mistakes_of_file(const std::string& file) {
    const auto read = read_configuration_file(file);
    return read ? "" : fmt::format("{}", fmt::join(read.error(), "\n"));
}

} // namespace

TEST_CASE("interface names are those that the kernel accepts") {
    struct Row {
        const char* name; // as TOML writes it
        const char* why;
    };
    const std::array<Row, 20> rows{{{"", "has 0 octets"},
                                    {"abcdefghijklmnop", "has 16 octets"},
                                    {"äöüäöüäö", "has 16 octets"},
                                    {".", "is a name that the kernel refuses"},
                                    {"..", "is a name that the kernel refuses"},
                                    {"all", "is a name that the kernel refuses"},
                                    {"default", "is a name that the kernel refuses"},
                                    {"lo", "is the loopback interface"},
                                    {"a/b", "holds '/', which the kernel refuses"},
                                    {"a:b", "holds ':', which the kernel refuses"},
                                    {"dsmip%d", "holds '%', which the kernel refuses"},
                                    {"a%", "holds '%', which the kernel refuses"},
                                    {"a b", "holds the octet 0x20"},
                                    {"ab ", "holds the octet 0x20"},
                                    {"a\\tb", "holds the octet 0x09"},
                                    {"a\\nb", "holds the octet 0x0a"},
                                    {"a\\u000bb", "holds the octet 0x0b"},
                                    {"a\\fb", "holds the octet 0x0c"},
                                    {"a\\u0000b", "holds the octet 0x00"},
                                    {"caf\\u00e0", "holds the octet 0xa0"}}}; // C3 A0 in UTF-8
    for (const auto& row : rows) {
        const auto key = fmt::format("\"{}\"", row.name);
        refused(
            HomeAgent{.top = "device.name = " + key},
            fmt::format("f:3: device.name: {}", *row.why == 'i' ? key + " " + row.why : row.why));
        refused(HomeAgent{.behind = "[home-agent.home-link]\ninterface = " + key}, row.why);
        refused(mobile_node("", "", "2001:db8:1::100", row.name), row.why);
    }
    for (const auto* name :
         {"a", "abcdefghijklmno", "eth0.7", "br-lan", "wl@p", "...", "lo1", "All", "gr\\u00fcn"}) {
        valid(HomeAgent{.top = fmt::format("device.name = \"{}\"", name)});
        valid(mobile_node("", "", "2001:db8:1::100", name));
    }
}

TEST_CASE("paths are absolute, of files, and without NUL") {
    const std::string longest(107 - 5, 'p');
    for (const auto* key : {"control.socket", "store.path"}) {
        const auto with = [&](const std::string& path) {
            return HomeAgent{.top = fmt::format("{} = \"{}\"", key, path)};
        };
        refused(with(""), "has 0 octets");
        refused(with("/"), "has 1 octets");
        refused(with("/run/a\\u0000b"), "holds a NUL, where the path would end");
        refused(with("\\u0000abstract"), "holds a NUL");
        refused(with("run/dsmip.sock"), "\"run/dsmip.sock\" depends on the current folder");
        refused(with("./x"), "depends on the current folder");
        refused(with("~/x"), "depends on the current folder");
        refused(with("@x"), "depends on the current folder");
        refused(with("/run/"), "\"/run/\" is a folder");
        refused(with("/run/."), "\"/run/.\" is a folder");
        refused(with("/run/dsmip/.."), "\"/run/dsmip/..\" is a folder");
        valid(with("/run/.../x"));
        valid(with("/tmp/" + longest));
    }
    refused(HomeAgent{.top = "control.socket = \"/tmp/p" + longest + "\""}, "has 108 octets");
    refused(HomeAgent{.top = "store.path = \"/tmp/" + std::string(248, 'p') + "\""},
            "has a name of 248 octets in it, of 247 at most");
    valid(HomeAgent{.top = "store.path = \"/tmp/" + std::string(247, 'p') + "\""});
    refused(HomeAgent{.top = "store.path = \"/run/x\"\ncontrol.socket = \"/run/x\""},
            "f:4: store.path: is that of the control socket");
}

TEST_CASE("the MTU is within the limits of the module") {
    for (const auto mtu : {DSMIP_TUNNEL_MTU_MIN - 1, DSMIP_TUNNEL_MTU_MAX + 1}) {
        refused(HomeAgent{.top = fmt::format("device.mtu = {}", mtu)}, "is out of range");
    }
    for (const auto mtu : {DSMIP_TUNNEL_MTU_MIN, DSMIP_TUNNEL_MTU_MAX}) {
        valid(HomeAgent{.top = fmt::format("device.mtu = {}", mtu)});
    }
}

TEST_CASE("prefixes of nodes hold unicast addresses only") {
    struct Row {
        const char* prefix;
        const char* kind;
    };
    for (const auto& [prefix, kind] : std::to_array<Row>({
             {"::/96", "unspecified, loopback or IPv4-compatible"},
             {"::1/128", "unspecified, loopback or IPv4-compatible"},
             {"::c000:200/120", "unspecified, loopback or IPv4-compatible"},
             {"::ffff:0:0/96", "IPv4-mapped"},
             {"::ffff:192.0.2.0/120", "IPv4-mapped"},
             {"::/8", "unspecified, loopback or IPv4-compatible"},
             {"fe80::/10", "link-local"},
             {"fe80::/64", "link-local"},
             {"febf::/16", "link-local"},
             {"fe00::/7", "link-local"},
             {"ff00::/8", "multicast"},
             {"ff0e:1::/32", "multicast"},
             {"8000::/1", "link-local"},
         })) {
        const auto why = fmt::format("\"{}\" holds addresses that are {}", prefix, kind);
        refused(HomeAgent{.prefixes = fmt::format("\"2001:db8:1::/64\", \"{}\"", prefix)}, why);
        refused(HomeAgent{.node = fmt::format("prefixes6 = [\"{}\"]", prefix)}, why);
        refused(HomeAgent{.behind = fmt::format("[home-agent.map]\ncare-of6 = [\"{}\"]", prefix)},
                why);
        refused(HomeAgent{.behind = fmt::format("[[home-agent.advertised-prefix]]\nprefix = \"{}\"",
                                                prefix)},
                why);
        refused(mobile_node("", fmt::format("mobile-router = true\nprefixes6 = [\"{}\"]", prefix)),
                why);
        valid(HomeAgent{
            .behind = fmt::format("[home-agent.policy]\nrefused-care-of6 = [\"{}\"]", prefix)});
    }
    for (const auto& [prefix, kind] : std::to_array<Row>({
             {"0.0.0.0/8", "\"this network\""},
             {"0.1.0.0/16", "\"this network\""},
             {"127.0.0.0/8", "loopback"},
             {"127.0.1.0/24", "loopback"},
             {"126.0.0.0/7", "loopback"},
             {"169.254.0.0/16", "link-local"},
             {"169.254.7.0/24", "link-local"},
             {"168.0.0.0/5", "link-local"},
             {"224.0.0.0/4", "multicast"},
             {"239.1.0.0/16", "multicast"},
             {"240.0.0.0/4", "reserved or broadcast"},
             {"255.255.255.0/24", "reserved or broadcast"},
             {"128.0.0.0/1", "link-local"},
         })) {
        const auto why = fmt::format("\"{}\" holds addresses that are {}", prefix, kind);
        refused(HomeAgent{.lines = fmt::format("address-pool = \"{}\"", prefix)}, why);
        refused(HomeAgent{.node = fmt::format("prefixes4 = [\"{}\"]", prefix)}, why);
        refused(HomeAgent{.behind = fmt::format("[home-agent.prefixes]\npool4 = \"{}\"", prefix)},
                why);
        refused(mobile_node("", fmt::format("mobile-router = true\nprefixes4 = [\"{}\"]", prefix)),
                why);
        valid(HomeAgent{
            .behind = fmt::format("[home-agent.policy]\nrefused-care-of4 = [\"{}\"]", prefix)});
    }
    for (const auto* prefix : {"10.0.0.0/8", "100.64.0.0/10", "126.0.0.0/8", "223.0.0.0/8",
                               "169.253.0.0/16", "198.51.100.0/24"}) {
        valid(HomeAgent{.lines = fmt::format("address-pool = \"{}\"", prefix)});
    }
    for (const auto* prefix : {"2000::/16", "fc00::/7", "fd12::/64", "64:ff9b::/96"}) {
        valid(HomeAgent{.prefixes = fmt::format("\"2001:db8:1::/64\", \"{}\"", prefix)});
    }
}

TEST_CASE("addresses of nodes and home agents are unicast") {
    for (const auto* address :
         {"::", "::1", "::192.0.2.1", "::ffff:192.0.2.1", "fe80::1", "ff02::1", "febf::1"}) {
        refused(HomeAgent{.home_address = address}, fmt::format("{} is ", address));
        refused(HomeAgent{.address6 = address}, fmt::format("{} is ", address));
        refused(mobile_node("", "", address), fmt::format("{} is ", address));
    }
    for (const auto* address : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "169.254.1.1", "224.0.0.1",
                                "240.0.0.1", "255.255.255.255"}) {
        refused(HomeAgent{.node = fmt::format("home-addresses4 = [\"{}\"]", address)},
                fmt::format("{} is ", address));
        refused(mobile_node("", fmt::format("home-address4 = \"{}\"", address)),
                fmt::format("{} is ", address));
        refused(mobile_node("", fmt::format("home-agent4 = \"{}\"", address)),
                fmt::format("{} is ", address));
    }
}

TEST_CASE("no node has an anycast address") {
    for (const auto* address :
         {"2001:db8:1::", "2001:db8:1:0:fdff:ffff:ffff:ff80", "2001:db8:1:0:fdff:ffff:ffff:fffe",
          "2001:db8:1:0:fdff:ffff:ffff:ffff"}) {
        const auto why = fmt::format("{} is an anycast address", address);
        refused(HomeAgent{.home_address = address}, why);
        refused(mobile_node("", "", address), why);
        refused(HomeAgent{.address6 = address}, why);
    }
    for (const auto* address : {"2001:db8:1::1", "2001:db8:1:0:fdff:ffff:ffff:ff7f",
                                "2001:db8:1:0:fe00::", "2001:db8:1:0:ffff:ffff:ffff:fffe"}) {
        valid(HomeAgent{.home_address = address, .address6 = "2001:db8:1::7"});
        valid(mobile_node("", "",
                          address == std::string("2001:db8:1::1") ? "2001:db8:1::2" : address));
    }
    // Longer and shorter home prefixes.
    const auto in = [](const char* prefix, const char* address) {
        return HomeAgent{.prefixes = fmt::format("\"{}\"", prefix), .home_address = address};
    };
    refused(in("2001:db8:1::40/122", "2001:db8:1::40"), "anycast address of the home prefix");
    refused(in("2001:db8:1::/112", "2001:db8:1::ff80"), "anycast address of the home prefix");
    refused(in("2001:db8:1::/112", "2001:db8:1::fffe"), "anycast address of the home prefix");
    valid(in("2001:db8:1::/112", "2001:db8:1::ff7f"));
    valid(in("2001:db8:1::40/127", "2001:db8:1::40"));
    valid(in("2001:db8:1::40/128", "2001:db8:1::40"));
    refused(in("2001:db8::/32", "2001:db8:7:7::"), "anycast address");
    refused(in("2001:db8::/32", "2001:db8:7:7:fdff:ffff:ffff:fffe"), "anycast address");
    refused(in("2001:db8::/48", "2001:db8:0:ffff:ffff:ffff:ffff:fffe"),
            "anycast address of the home prefix");
    valid(in("2001:db8::/32", "2001:db8:7:7::1"));
}

TEST_CASE("IPv4 home addresses are hosts of their pool") {
    const auto with = [](const char* pool, const char* address) {
        return HomeAgent{.lines = fmt::format("address-pool = \"{}\"", pool),
                         .node = fmt::format("home-addresses4 = [\"{}\"]", address)};
    };
    refused(with("192.0.2.128/25", "192.0.2.128"),
            "192.0.2.128 is the network address of the address-pool 192.0.2.128/25");
    refused(with("192.0.2.128/25", "192.0.2.255"),
            "192.0.2.255 is the broadcast address of the address-pool 192.0.2.128/25");
    refused(with("192.0.2.0/31", "192.0.2.1"), "too; it may be used once"); // the home agent's
    valid(with("192.0.2.128/25", "192.0.2.129"));
    valid(with("192.0.2.128/25", "192.0.2.254"));
    valid(with("192.0.2.128/31", "192.0.2.128"));
    valid(with("192.0.2.128/32", "192.0.2.128"));
    valid(with("192.0.2.128/25", "192.0.2.127"));
    refused(HomeAgent{.lines = "address-pool = \"192.0.2.1/32\"", .behind = "[store]\npath = 1"},
            "store.path");
}

TEST_CASE("home prefixes and pools do not overlap with each other or with networks behind nodes") {
    refused(HomeAgent{.prefixes = "\"2001:db8:1::/64\", \"2001:db8:1:0:8000::/65\""},
            "f:7: home-agent.home-prefixes: 2001:db8:1:0:8000::/65 is in 2001:db8:1::/64; wanted "
            "prefixes that do not overlap");
    refused(HomeAgent{.prefixes = "\"2001:db8:1:5::/64\", \"2001:db8:2::/64\", \"2001:db8::/32\""},
            "2001:db8:1:5::/64 is in 2001:db8::/32");
    valid(HomeAgent{.prefixes = "\"2001:db8:1::/65\", \"2001:db8:1:0:8000::/65\""});
    refused(HomeAgent{.node = "prefixes6 = [\"2001:db8:1::/64\"]", .address6 = "2001:db8:9::1"},
            "2001:db8:1::/64 holds the home prefix 2001:db8:1::/64");
    refused(HomeAgent{.node = "prefixes6 = [\"2001:db8::/33\"]", .address6 = "2001:db9:9::1"},
            "2001:db8::/33 holds the home prefix 2001:db8:1::/64");
    const std::string other = "[[home-agent.node]]\nhome-address = \"2001:db8:1::200\"\n";
    refused(HomeAgent{.behind = other + "prefixes6 = [\"2001:db8:1::100/120\"]"},
            "2001:db8:1::100 is in 2001:db8:1::100/120 of another node in line 14");
    refused(HomeAgent{.node = "home-addresses4 = [\"10.1.0.5\"]",
                      .behind = other + "prefixes4 = [\"10.1.0.0/16\", \"10.1.0.0/24\"]"},
            "10.1.0.5 is in 10.1.0.0/16 of another node in line 14");
    // Its own network may hold the home address of a mobile router (RFC 3963, 4).
    valid(HomeAgent{.node = "prefixes6 = [\"2001:db8:1::100/120\"]"});
    const auto pool4 = [](const std::string& pool, const std::string& node) {
        return HomeAgent{.node = node, .behind = "[home-agent.prefixes]\npool4 = " + pool};
    };
    refused(pool4("\"192.0.2.0/24\"", ""), "holds the home agent's own address 192.0.2.1");
    refused(pool4("\"10.0.0.0/31\"", ""), "has no room for a prefix of 30 bits or less");
    refused(pool4("\"10.0.0.0/16\"", "home-addresses4 = [\"10.0.0.9\"]"),
            "f:11: home-agent.node.home-addresses4: 10.0.0.9 is in pool4 10.0.0.0/16 of line 13");
    valid(pool4("\"10.0.0.0/30\"", "home-addresses4 = [\"10.0.0.9\"]"));
}

TEST_CASE("what a Binding Update and the module have no room for") {
    std::string prefixes;
    for (int i = 1; i <= 75; ++i) {
        prefixes += fmt::format("\"2001:db8:7:{}::/64\",", i);
    }
    const auto router = "mobile-router = true\nprefixes6 = [" + prefixes + "]";
    valid(mobile_node("", router));
    refused(mobile_node("", router + "\nexplicit-prefixes = true"),
            "75 IPv6 and 0 IPv4 prefixes do not fit into a Binding Update");
    std::string accesses = mobile_node("", "mcoa = true") + "bid = 1000\n";
    for (int i = 1; i < DSMIP_BINDINGS_MAX; ++i) {
        accesses += fmt::format("[[mobile-node.access]]\ninterface = \"w{0}\"\nbid = {0}\n", i);
    }
    valid(accesses);
    refused(accesses + "[[mobile-node.access]]\ninterface = \"more\"\nbid = 999\n",
            "at most 32 can be registered");
}

TEST_CASE("durations up to the greatest that is allowed can be written as text") {
    for (const auto* lifetime : {"\"876000h\"", "\"3153600000\"", "3153600000"}) {
        valid(HomeAgent{.behind = fmt::format("[[home-agent.advertised-prefix]]\n"
                                              "prefix = \"2001:db8:1::/64\"\nvalid-lifetime = {}",
                                              lifetime)});
    }
    for (const auto* lifetime : {"\"876001h\"", "4294967295", "9223372036854775807",
                                 "-9223372036854775808", "\"4294967295h\"", "-1"}) {
        const auto text =
            HomeAgent{.behind = fmt::format("[[home-agent.advertised-prefix]]\n"
                                            "prefix = \"2001:db8:1::/64\"\nvalid-lifetime = {}",
                                            lifetime)};
        refused(text, "valid-lifetime: ");
    }
}

TEST_CASE("a file that is none") {
    const Folder folder;
    const auto file = (folder.path / "c.toml").string();
    CHECK_THAT(mistakes_of_file(folder.path), Catch::Contains("is a folder; wanted a file"));
    CHECK_THAT(mistakes_of_file(file), Catch::Contains("No such file"));
    const auto with = [&](const std::string& top) {
        std::ofstream(file) << HomeAgent{.top = top}.text();
        return mistakes_of_file(file);
    };
    CHECK(with("").empty());
    CHECK_THAT(with(fmt::format("control.socket = \"{}\"", folder.path.string())),
               Catch::Contains("c.toml:3: control.socket: ") &&
                   Catch::Contains(" is a folder; wanted a file"));
    CHECK_THAT(with(fmt::format("store.path = \"{}/x/y\"", file)),
               Catch::Contains("c.toml is no folder; wanted one that can hold "));
    CHECK(with(fmt::format("store.path = \"{}/x/y\"", folder.path.string())).empty());
}
