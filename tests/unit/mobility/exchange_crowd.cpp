// SPDX-License-Identifier: GPL-2.0-or-later
// What happens to the crowd, and what has to be true of it.
#include "exchange_crowd.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "../addresses.hpp"

namespace dsmip::mobility::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using namespace dsmip::test;

// More nodes want a dynamic address than there are.
HomeAgentConfig home_agent_config(bool has_store) {
    HomeAgentConfig config;
    config.address6 = v6("2001:db8:1::1");
    config.address4 = wire::Ipv4Address{{192, 0, 2, 1}};
    config.home_prefixes = {wire::Prefix6::parse("2001:db8:1::/64").value()};
    config.address_pool = wire::Prefix4::parse("192.0.2.64/30").value();
    config.max_lifetime = minutes(8);
    config.has_store = has_store;
    config.nodes = {{v6("2001:db8:1::100"), {wire::Ipv4Address{{192, 0, 2, 10}}}}};
    for (unsigned index = 1; index < Crowd::size; ++index) {
        config.nodes.push_back({v6("2001:db8:1::10" + std::to_string(index)), {}});
    }
    return config;
}

// One plain with a fixed IPv4 address, one plain and three with several care-of addresses; the
// last speaks the draft.
MobileNodeConfig mobile_node_config(unsigned index) {
    MobileNodeConfig config;
    config.home_address = v6("2001:db8:1::10" + std::to_string(index));
    config.home_agent6 = v6("2001:db8:1::1");
    config.home_agent4 = wire::Ipv4Address{{192, 0, 2, 1}};
    config.home_address4_mode = index == 0 ? MobileNodeConfig::HomeAddress4::fixed
                                           : MobileNodeConfig::HomeAddress4::dynamic;
    if (index == 0) {
        config.home_address4 = {{192, 0, 2, 10}};
    }
    config.accesses = {{"wlan0", 1, 1}, {"lte0", 2, 2}};
    config.mcoa = index >= 2;
    config.bulk = index != 3;
    config.prefer_tlv = index == 1;
    config.force_udp = index == 3;
    config.lifetime = minutes(3 + 2 * static_cast<int>(index));
    config.dialect = index == Crowd::size - 1 ? wire::Dialect::Draft : wire::Dialect::Auto;
    return config;
}

} // namespace

Crowd::Crowd(std::uint32_t seed)
    : random_(seed)
    , home_agent_config_(home_agent_config(seed % 2 == 1))
    , home_agent_(std::make_unique<HomeAgent>(home_agent_config_)) {
    for (unsigned index = 0; index < size; ++index) {
        nodes_.emplace_back();
        nodes_.back().config = mobile_node_config(index);
        nats_.emplace_back(wire::Ipv4Address{{203, 0, 113, static_cast<std::uint8_t>(index + 1)}});
    }
    for (unsigned index = 0; index < size; ++index) {
        restart_mobile_node(index);
    }
}

std::uint32_t Crowd::pick(std::uint32_t count) {
    return static_cast<std::uint32_t>(random_() % count);
}

bool Crowd::chance(double probability) {
    return probability > 0 && pick(1000000) < probability * 1000000;
}

// ---------------------------------------------------------------- what happens

CareOfCandidate Crowd::place(unsigned index, bool second, unsigned kind) const {
    const std::string link = second ? "lte0" : "wlan0";
    const unsigned number = second ? 4 : 3;
    const auto host = static_cast<std::uint8_t>(index * 8 + (second ? 4 : 1) + kind % 2);
    if (kind < 2) {
        const std::string net = std::to_string((second ? 20 : 10) + kind);
        return {link, number, v6("2001:db8:" + net + "::" + std::to_string(index + 2)), true};
    }
    if (kind < 4) {
        return {link, number, wire::Ipv4Address{{198, 51, 100, host}}, true};
    }
    const auto inside =
        static_cast<std::uint8_t>(index % 2 == 0 ? 7 + second : 100 + 2 * index + second);
    return {link, number, wire::Ipv4Address{{10, 0, 0, inside}}, true};
}

void Crowd::move(unsigned index, std::vector<CareOfCandidate> candidates) {
    auto& node = nodes_.at(index);
    node.candidates = std::move(candidates);
    mobile_node_does(index, node.engine->network_changed(now_, node.candidates));
}

void Crowd::wander(unsigned index) {
    std::vector<CareOfCandidate> candidates;
    for (const bool second : {false, true}) {
        if (const auto kind = pick(7); kind < 5) {
            candidates.push_back(place(index, second, kind));
        } else if (kind == 5) {
            candidates.push_back(place(index, second, 0));
            candidates.push_back(place(index, second, 2));
        }
    }
    move(index, std::move(candidates));
}

void Crowd::restart_mobile_node(unsigned index) {
    auto& node = nodes_.at(index);
    ++node.life;
    node.engine = std::make_unique<MobileNode>(
        node.config, [this] { return static_cast<std::uint32_t>(random_()); });
    for (const auto& held : node.kernel.dump(now_)) {
        mobile_node_does(index, node.engine->restore(now_, held));
    }
    mobile_node_does(index, node.engine->network_changed(now_, node.candidates));
}

void Crowd::restart_home_agent() {
    ++home_agent_life_;
    for (const auto& [home_address, request] : unsettled_) {
        ledger_.forget(home_address);
    }
    unsettled_.clear();
    ledger_.restarted();
    home_agent_ = std::make_unique<HomeAgent>(home_agent_config_);
    home_agent_does(home_agent_->restore(now_, kernel_.dump(now_)));
}

void Crowd::remove_by_operator() {
    auto& node = nodes_.at(pick(size));
    const auto bid =
        chance(0.5) ? std::optional(static_cast<std::uint16_t>(pick(3))) : std::nullopt;
    bool found = false;
    home_agent_does(home_agent_->remove(now_, node.config.home_address, bid, found));
    node.removed = node.removed || found;
}

void Crowd::change_weather() {
    weather_ = {};
    if (chance(0.7)) {
        weather_ = {pick(50) / 100.0, pick(40) / 100.0, milliseconds(1), milliseconds(pick(4000))};
    }
    weather_.longest_delay = std::max(weather_.longest_delay, weather_.shortest_delay);
    mood_ = {};
    if (chance(0.6)) {
        const auto often = [&] { return chance(0.5) ? pick(30) / 100.0 : 0.0; };
        mood_ = {often(), often(), often(), milliseconds(pick(4000)), chance(0.7)};
    }
}

void Crowd::misfortune() {
    const auto index = pick(size);
    switch (pick(16)) {
    case 0:
    case 1:
        change_weather();
        break;
    case 2:
        restart_mobile_node(index);
        break;
    case 3:
        restart_home_agent();
        break;
    case 4:
        remove_by_operator();
        break;
    case 5:
    case 6:
        nats_.at(index).reboot(); // other ports from now on
        break;
    default:
        wander(index);
        break;
    }
    check();
    run(chance(0.1) ? milliseconds(pick(600000)) : milliseconds(pick(20000)));
}

// ---------------------------------------------------------------- time

std::optional<TimePoint> Crowd::next_event() const {
    std::optional<TimePoint> next;
    const auto consider = [&](std::optional<TimePoint> candidate) {
        if (candidate) {
            next = next ? std::min(*next, *candidate) : *candidate;
        }
    };
    consider(home_agent_->next_deadline());
    consider(kernel_.next_expiry());
    for (const auto& node : nodes_) {
        consider(node.engine->next_deadline());
        consider(node.kernel.next_expiry());
    }
    if (!events_.empty()) {
        consider(events_.begin()->first);
    }
    return next;
}

void Crowd::step() {
    if (!events_.empty() && events_.begin()->first <= now_) {
        const auto happens = std::move(events_.begin()->second);
        events_.erase(events_.begin());
        happens();
        return;
    }
    for (const auto& [home_address, bid] : kernel_.expire(now_)) {
        if (mood_.tells_expiry) {
            home_agent_does(home_agent_->binding_expired(now_, home_address, bid));
        }
    }
    home_agent_does(home_agent_->tick(now_));
    for (unsigned index = 0; index < size; ++index) {
        auto& node = nodes_.at(index);
        for (const auto& [home_address, bid] : node.kernel.expire(now_)) {
            mobile_node_does(index, node.engine->binding_expired(now_, bid));
        }
        mobile_node_does(index, node.engine->tick(now_));
    }
}

void Crowd::run(Duration length) {
    INFO("step " << steps_);
    const TimePoint end = now_ + length;
    unsigned stuck = 0;
    for (auto next = next_event(); next && *next <= end; next = next_event()) {
        stuck = *next > now_ ? 0 : stuck + 1;
        if (stuck >= 1000) {
            FAIL("an engine spins");
        }
        now_ = std::max(now_, *next);
        step();
        ++steps_;
        check();
    }
    now_ = end;
}

void Crowd::calm() {
    weather_ = {};
    mood_ = {};
    for (unsigned index = 0; index < size; ++index) {
        // The same kinds of networks each time would hide what depends on them.
        move(index, {place(index, false, pick(5)), place(index, true, pick(5))});
    }
    run(minutes(25)); // longer than any back-off, pause after a refusal, and lifetime
    check_agreement();
}

// ---------------------------------------------------------------- what is true

// At any time.
void Crowd::check() {
    ledger_.check(now_, *home_agent_);
    for (const auto& node : nodes_) {
        const auto* here = node.kernel.find(node.config.home_address);
        if (here != nullptr && !node.config.mcoa && here->bindings.size() != 1) {
            FAIL("several bindings without MCoA");
        }
        for (const auto& row : node.engine->binding_update_list(now_)) {
            if (row.remaining < Duration(0)) {
                FAIL("ended but not gone");
            }
        }
    }
}

// After a quiet time.
void Crowd::check_agreement() {
    CAPTURE(steps_);
    REQUIRE(kernel_.dump(now_) == home_agent_->binding_cache(now_));
    REQUIRE(home_agent_->node_count() == size);
    for (const auto& node : home_agent_->binding_cache(now_)) {
        if (home_agent_config_.has_store) {
            auto kept = store_.at(node.home_address).node;
            REQUIRE(kept.bindings.size() == node.bindings.size());
            for (std::size_t index = 0; index < node.bindings.size(); ++index) {
                // Time has passed since.
                kept.bindings.at(index).lifetime = node.bindings.at(index).lifetime;
            }
            REQUIRE(kept == node);
        }
    }
    for (auto& node : nodes_) {
        CAPTURE(wire::to_string(node.config.home_address));
        node.removed = false;
        const auto* here = node.kernel.find(node.config.home_address);
        const auto* there = kernel_.find(node.config.home_address);
        REQUIRE(here != nullptr);
        REQUIRE(there != nullptr);
        REQUIRE(here->bindings.size() == (node.config.mcoa ? 2 : 1));
        REQUIRE(here->home_addresses4 == there->home_addresses4);
        REQUIRE(here->bindings.size() == there->bindings.size());
        const auto index = static_cast<unsigned>(&node - nodes_.data());
        for (const auto& [bid, held] : here->bindings) {
            CAPTURE(bid);
            REQUIRE(there->bindings.contains(bid));
            const auto& other = there->bindings.at(bid);
            REQUIRE(held.expiry <= other.expiry); // the node never believes in what is gone
            REQUIRE(held.binding.encapsulation == other.binding.encapsulation);
            REQUIRE(held.binding.nat == other.binding.nat);
            wire::Endpoint outside{held.binding.care_of, 40000};
            if (auto* nat = nat_of(index, held.binding.care_of)) {
                outside = nat->outward(now_, outside);
                REQUIRE(other.binding.port == outside.port);
            }
            REQUIRE(other.binding.care_of == outside.address);
        }
        for (const auto& counter : node.engine->counters()) {
            if (counter.name == "illegal_transitions" || counter.name == "encode_failures") {
                REQUIRE(counter.value == 0);
            }
        }
    }
    for (const auto& counter : home_agent_->counters()) {
        if (counter.name == "encode_failures") {
            REQUIRE(counter.value == 0);
        }
    }
}

} // namespace dsmip::mobility::test
