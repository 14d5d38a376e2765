// SPDX-License-Identifier: GPL-2.0-or-later
// Reading, checking and comparing take time in proportion to what there is to read, whatever there
// is much of.
#include <catch2/catch.hpp>

#include <algorithm>
#include <ctime>
#include <functional>
#include <limits>

#include <fmt/format.h>

#include "daemon/configuration.hpp"
#include "daemon/configuration_difference.hpp"

using namespace dsmip::daemon;

namespace {

std::string text_of(std::string text, unsigned count, std::string_view each) {
    for (unsigned i = 0; i < count; ++i) {
        const auto number = i + 0x10000;
        // {0} and {1}: 32 bits that are different each time; {2} and {3}: the octets of 16 of them.
        text += fmt::format(fmt::runtime(each), number >> 16U, number & 0xffffU,
                            (number >> 8U) & 0xffU, number & 0xffU);
    }
    return text;
}

const std::string home_agent = "role = \"home-agent\"\nsecurity = \"none\"\n[home-agent]\n"
                               "address6 = \"2001:db8:1::1\"\naddress4 = \"192.0.2.1\"\n";
const std::string prefix = "home-prefixes = [\"2001:db8:1::/64\"]\n";
const std::string mobile_node = "role = \"mobile-node\"\nsecurity = \"none\"\n[mobile-node]\n"
                                "home-address = \"2001:db8:1::100\"\n"
                                "home-agent6 = \"2001:db8:1::1\"\n";
const std::string node = "[[home-agent.node]]\nhome-address = \"2001:db8:1::1:{0:x}:{1:x}\"\n";

/// Seconds of this thread's processor time; the least of some attempts, for others run beside it.
double cost(const std::function<void()>& work) {
    double least = std::numeric_limits<double>::max();
    for (int attempt = 0; attempt < 3; ++attempt) {
        timespec before{};
        timespec after{};
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
        work();
        ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
        least = std::min(least, static_cast<double>(after.tv_sec - before.tv_sec) +
                                    static_cast<double>(after.tv_nsec - before.tv_nsec) * 1e-9);
    }
    return least;
}

constexpr unsigned few = 400;
constexpr unsigned many = 16 * few;
// 16 to 20 in proportion to the number, 256 in proportion to its square.
constexpr double ratio_max = 64;

void check_proportion(const std::function<std::string(unsigned)>& text, bool valid) {
    const auto small = text(few);
    const auto large = text(many);
    CHECK(read_configuration(large).has_value() == valid);
    const auto of_small = cost([&] { (void)read_configuration(small); });
    const auto of_large = cost([&] { (void)read_configuration(large); });
    INFO(of_small << " s for " << few << ", " << of_large << " s for " << many);
    CHECK(of_large < ratio_max * of_small);
}

} // namespace

TEST_CASE("reading takes time in proportion to the nodes") {
    const auto check = [](const std::string& each) {
        check_proportion([&](unsigned count) { return text_of(home_agent + prefix, count, each); },
                         true);
    };
    SECTION("home addresses only") {
        check(node);
    }
    SECTION("IPv4 home addresses") {
        check(node + "home-addresses4 = [\"10.{0}.{2}.{3}\"]\n");
    }
    SECTION("prefixes of mobile routers") {
        check(node + "prefixes6 = [\"2001:db9:{0:x}:{1:x}::/64\"]\n"
                     "prefixes4 = [\"11.{2}.{3}.0/24\"]\nmax-bindings = 3\n");
    }
}

TEST_CASE("reading takes time in proportion to home prefixes and nodes in them") {
    check_proportion(
        [](unsigned count) {
            return text_of(text_of(home_agent + "home-prefixes = [", count,
                                   "\"2001:db9:{0:x}:{1:x}::/64\", ") +
                               "]\n",
                           count,
                           "[[home-agent.node]]\nhome-address = \"2001:db9:{0:x}:{1:x}::5\"\n"
                           "[[home-agent.advertised-prefix]]\n"
                           "prefix = \"2001:db9:{0:x}:{1:x}::/64\"\n");
        },
        true);
}

TEST_CASE("reading takes time in proportion to other lists and sections") {
    check_proportion(
        [](unsigned count) {
            return text_of(home_agent + prefix +
                               "accept-unlisted-nodes = true\n[home-agent.policy]\n"
                               "refused-care-of6 = [",
                           count, "\"2001:db9:{0:x}:{1:x}::/64\", ") +
                   "]\n";
        },
        true);
    check_proportion(
        [](unsigned count) {
            return text_of(mobile_node + "mcoa = true\n", count,
                           "[[mobile-node.home-agent]]\naddress6 = \"2001:db8:2::{0:x}:{1:x}\"\n"
                           "address4 = \"10.{0}.{2}.{3}\"\n"
                           "[[mobile-node.access]]\ninterface = \"wan{1:x}\"\nbid = {1}\n");
        },
        false);
}

TEST_CASE("naming mistakes takes time in proportion to them") {
    const auto check = [](const std::string& each) {
        check_proportion([&](unsigned count) { return text_of(home_agent + prefix, count, each); },
                         false);
    };
    SECTION("outside the home prefixes") {
        check("[[home-agent.node]]\nhome-address = \"2001:db9:1::{0:x}:{1:x}\"\n");
    }
    SECTION("the same address again and again") {
        check("[[home-agent.node]]\nhome-address = \"2001:db8:1::5\"\n"
              "prefixes6 = [\"2001:db9:1::/48\"]\n");
    }
    SECTION("not an address") {
        check("[[home-agent.node]]\nhome-address = \"x{1}\"\n");
    }
    SECTION("without home address") {
        check("[[home-agent.node]]\nmax-bindings = 3\n");
    }
    SECTION("unknown keys") {
        check(node + "home-adress = {1}\n");
    }
}

TEST_CASE("comparing takes time in proportion to the nodes") {
    const auto read = [](unsigned count, std::string_view each) {
        auto configuration = read_configuration(text_of(home_agent + prefix, count, each));
        REQUIRE(configuration);
        return *configuration;
    };
    const auto before = node + "home-addresses4 = [\"10.{0}.{2}.{3}\"]\n";
    const auto check = [&](const std::string& after, std::size_t changes) {
        const auto small_before = read(few, before);
        const auto small_after = read(few, after);
        const auto large_before = read(many, before);
        const auto large_after = read(many, after);
        const auto of_small = cost([&] { (void)difference(small_before, small_after); });
        const auto of_large = cost([&] { (void)difference(large_before, large_after); });
        INFO(of_small << " s for " << few << ", " << of_large << " s for " << many);
        CHECK(of_large < ratio_max * of_small);
        const auto found = difference(large_before, large_after);
        CHECK(found.change_count == changes);
        CHECK(found.changes.size() == std::min(changes, ConfigurationDifference::told_max));
        CHECK(found.refused.empty());
    };
    SECTION("the same") {
        check(before, 0);
    }
    SECTION("each is another one") {
        check(node, many);
    }
    SECTION("all go, as many come") {
        check("[[home-agent.node]]\nhome-address = \"2001:db8:1::2:{0:x}:{1:x}\"\n", 2 * many);
    }
}
