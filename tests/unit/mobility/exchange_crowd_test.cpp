// SPDX-License-Identifier: GPL-2.0-or-later
// Several mobile nodes and a home agent through years of bad luck.  DSMIP_EXCHANGE_STEPS says how
// many steps, DSMIP_EXCHANGE_SEED which ones: a failure names the seed it came from, and with
// DSMIP_EXCHANGE_TRACE the home agent's part of it is printed.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

#include "exchange_crowd.hpp"

namespace dsmip::mobility::test {
namespace {

// A life of its own for each seed: short, so that a failure is soon there again.
constexpr std::uint64_t steps_of_a_life = 20000;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

std::uint64_t live(std::uint32_t seed, std::uint64_t steps) {
    CAPTURE(seed);
    Crowd crowd(seed);
    while (crowd.steps() < steps) {
        for (int round = 0; round < 60; ++round) {
            crowd.misfortune();
        }
        crowd.calm();
    }
    REQUIRE(crowd.changes() > crowd.steps() / 100); // it was about bindings
    return crowd.steps();
}

} // namespace

TEST_CASE("several mobile nodes, one home agent: nothing that happens breaks a promise",
          "[MN-2][MN-3][MN-4]") {
    const auto steps = from_environment("DSMIP_EXCHANGE_STEPS", steps_of_a_life);
    auto seed =
        static_cast<std::uint32_t>(from_environment("DSMIP_EXCHANGE_SEED", std::random_device()()));
    std::cout << "DSMIP_EXCHANGE_SEED=" << seed << " DSMIP_EXCHANGE_STEPS=" << steps << std::endl;
    for (std::uint64_t done = 0; done < steps; ++seed) {
        done += live(seed, std::min(steps_of_a_life, steps - done));
    }
}

} // namespace dsmip::mobility::test
