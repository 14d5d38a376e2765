// SPDX-License-Identifier: GPL-2.0-or-later
// What the running kernel answers to requests that need neither the module nor privileges.
#include <catch2/catch.hpp>

#include <cerrno>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "netlink/client.hpp"
#include "netlink/link_monitor.hpp"
#include "netlink/message_builder.hpp"
#include "netlink/rtnl.hpp"

namespace dsmip::netlink {

TEST_CASE("the loopback interface is found, others are ENODEV", "[socket]") {
    auto rtnl = Rtnl::open();
    REQUIRE(rtnl);
    CHECK(rtnl->ifindex("lo") == 1U);
    const auto missing = rtnl->ifindex("no-such-link");
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code == ENODEV);
    CHECK(missing.error().request == "find link \"no-such-link\"");
}

TEST_CASE("a name that cannot be is refused before the kernel is asked", "[socket]") {
    auto rtnl = Rtnl::open();
    REQUIRE(rtnl);
    for (const char* name : {"", "a-name-of-16-cha", "a name that is much longer than that"}) {
        const auto result = rtnl->ifindex(name);
        REQUIRE_FALSE(result);
        CHECK(result.error().code == EINVAL);
    }
    CHECK(rtnl->link_add("dsmip-test", "dsmip", IfExists::replace).error().code == EINVAL);
    CHECK(rtnl->rule_add({}, IfExists::replace).error().code == EINVAL);
}

TEST_CASE("the link monitor knows the loopback interface", "[socket]") {
    auto monitor = LinkMonitor::open();
    REQUIRE(monitor);
    REQUIRE(monitor->state().find(std::string("lo")) != nullptr);
    CHECK(monitor->state().find(std::string("lo"))->loopback);
    CHECK(monitor->process());
}

TEST_CASE("a link monitor that follows links alone knows no more of them", "[socket]") {
    auto monitor = LinkMonitor::open(LinkMonitor::Scope::links);
    REQUIRE(monitor);
    for (const auto& [ifindex, link] : monitor->state().links()) {
        CHECK_FALSE(link.name.empty());
        CHECK(link.addresses.empty());
        CHECK(link.default_routes.empty());
    }
    CHECK(monitor->state().find(std::string("lo")) != nullptr);
    CHECK(monitor->process());
}

TEST_CASE("a refusal carries the kernel's explanation", "[socket]") {
    auto socket = Socket::open(NETLINK_ROUTE);
    REQUIRE(socket);
    alignas(nlmsghdr) std::array<std::byte, 128> buffer{};
    MessageBuilder builder(buffer, RTM_GETLINK, NLM_F_DUMP);
    ifinfomsg header{};
    header.ifi_flags = 1; // strict checking: a dump takes no flags
    builder.header(header);
    const auto result = socket->transact(buffer, "a dump with flags");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == EINVAL);
    CHECK_FALSE(result.error().text.empty());
    CHECK(result.error().request == "a dump with flags");
}

TEST_CASE("a family that is not there is ENOENT", "[socket]") {
    auto socket = Socket::open(NETLINK_GENERIC);
    REQUIRE(socket);
    alignas(nlmsghdr) std::array<std::byte, 128> buffer{};
    MessageBuilder builder(buffer, GENL_ID_CTRL, 0);
    builder.header(genlmsghdr{.cmd = CTRL_CMD_GETFAMILY, .version = 1, .reserved = 0});
    builder.put_text(CTRL_ATTR_FAMILY_NAME, "dsmip-none");
    const auto result = socket->transact(buffer, "find a family");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ENOENT);
}

} // namespace dsmip::netlink
