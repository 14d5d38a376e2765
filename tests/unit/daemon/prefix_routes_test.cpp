// SPDX-License-Identifier: GPL-2.0-or-later
// Routes follow the prefixes of nodes, one owner each.
#include <catch2/catch.hpp>

#include <set>

#include "daemon/prefix_routes.hpp"

using namespace dsmip;
using namespace dsmip::daemon;

namespace {

struct FakeRoutes {
    std::set<std::string> present;
    std::string refused;
    std::size_t changes = 0;

    PrefixRoutes routes{[this](const auto& prefix) { return change(prefix, true); },
                        [this](const auto& prefix) { return change(prefix, false); }};

    PrefixRoutes::Outcome change(const netlink::Prefix& prefix, bool add) {
        const auto text = netlink::to_string(prefix);
        if (text == refused) {
            return tl::make_unexpected("no " + text);
        }
        ++changes;
        add ? (void)present.insert(text) : (void)present.erase(text);
        return {};
    }
};

const auto router = wire::Ipv6Address::parse("2001:db8:1::100").value();
const auto other = wire::Ipv6Address::parse("2001:db8:1::200").value();
const netlink::Prefix a{wire::Ipv6Address::parse("2001:db8:a::").value(), 48};
const netlink::Prefix b{wire::Ipv6Address::parse("2001:db8:b::").value(), 48};
const netlink::Prefix c{wire::Ipv4Address::parse("10.1.0.0").value(), 16};

} // namespace

TEST_CASE("routes: added, exchanged, removed") {
    FakeRoutes fake;
    CHECK(fake.routes.set(router, {a, c}));
    CHECK(fake.present == std::set<std::string>{"2001:db8:a::/48", "10.1.0.0/16"});
    CHECK(fake.routes.set(router, {a, c}));
    CHECK(fake.changes == 2); // nothing to do
    CHECK(fake.routes.set(router, {b, c}));
    CHECK(fake.present == std::set<std::string>{"2001:db8:b::/48", "10.1.0.0/16"});
    CHECK(fake.routes.contains(b));
    CHECK_FALSE(fake.routes.contains(a));
    CHECK(fake.routes.set(router, {}));
    CHECK(fake.present.empty());
    CHECK(fake.routes.size() == 0);
    CHECK(fake.routes.set(other, {})); // never had any
}

TEST_CASE("routes: a prefix that moved to another node stays when the first one leaves") {
    FakeRoutes fake;
    CHECK(fake.routes.set(router, {a}));
    CHECK(fake.routes.set(other, {a}));
    CHECK(fake.routes.set(router, {}));
    CHECK(fake.present.size() == 1);
    CHECK(fake.routes.set(other, {}));
    CHECK(fake.present.empty());
}

TEST_CASE("routes: a failure leaves the old ones, the next call makes up for it") {
    FakeRoutes fake;
    CHECK(fake.routes.set(router, {a}));
    fake.refused = "2001:db8:b::/48";
    CHECK_FALSE(fake.routes.set(router, {c, b}));
    CHECK(fake.present.contains("2001:db8:a::/48"));
    CHECK(fake.routes.set(router, {a})); // the change is taken back
    CHECK(fake.present == std::set<std::string>{"2001:db8:a::/48"});
    fake.refused.clear();
    CHECK(fake.routes.set(router, {c, b}));
    CHECK(fake.present == std::set<std::string>{"2001:db8:b::/48", "10.1.0.0/16"});
}

TEST_CASE("routes: those of a predecessor are not made again") {
    FakeRoutes fake;
    fake.present = {"2001:db8:a::/48"};
    fake.routes.adopt(router, a);
    CHECK(fake.routes.set(router, {a, c}));
    CHECK(fake.changes == 1);
    CHECK(fake.routes.clear().empty());
    CHECK(fake.present.empty());
}
