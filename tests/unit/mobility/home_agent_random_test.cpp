// SPDX-License-Identifier: GPL-2.0-or-later
// Years of protocol in random order: Binding Updates of all kinds, a kernel that works,
// refuses, is slow or forgetful, expiry, operators, restarts.  What must always be true is.
#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "home_agent_scene.hpp"

using namespace dsmip::mobility;
using namespace dsmip::mobility::test;
namespace wire = dsmip::wire;

namespace {

class Chaos {
public:
    // Odd seeds have a real home link.
    explicit Chaos(std::uint32_t seed)
        : random_(seed)
        , real_link_(seed % 2 != 0)
        , scene_(config()) {}

    void run(unsigned steps) {
        for (unsigned i = 0; i < steps; ++i) {
            step();
            check_always();
        }
        calm_down();
    }

private:
    [[nodiscard]] HomeAgentConfig config() const {
        auto config = default_config();
        config.home_link.link = real_link_ ? 2 : 0;
        config.accept_unlisted_nodes = true;
        config.address_pool = wire::Prefix4{v4("192.0.2.160"), 30}; // short of addresses
        config.max_bindings_per_node = 3;
        config.has_store = true;
        return config;
    }

    std::uint32_t pick(std::uint32_t count) {
        return static_cast<std::uint32_t>(random_() % count);
    }
    bool chance(std::uint32_t percent) { return pick(100) < percent; }

    wire::Ipv6Address home_address() {
        auto address = node;
        address.bytes.at(15) = static_cast<std::uint8_t>(pick(4));
        return address;
    }

    Update update() {
        const auto address = home_address();
        auto& sequence = sequences_[address];
        if (chance(85)) {
            sequence = static_cast<std::uint16_t>(sequence + 1 + pick(3));
        }
        Update update(chance(90) ? sequence : static_cast<std::uint16_t>(random_()),
                      seconds(chance(20) ? 0 : 4 + pick(120)));
        update.of(address);
        if (chance(50)) {
            update.home4(chance(70) ? "0.0.0.0" : "192.0.2.161", chance(90) ? 32 : 24);
        }
        update.message.flags.force_udp = chance(20);
        update.message.flags.tlv = chance(30);
        update.message.flags.overwrite = chance(20);
        update.message.flags.mobile_router = chance(3);
        if (chance(40)) {
            const auto options = 1 + pick(3);
            for (unsigned i = 0; i < options; ++i) {
                add_bid(update);
            }
        } else if (chance(30)) {
            update.alternate(chance(80) ? visited2 : address);
        } else if (chance(60)) {
            update.care_of4(chance(50) ? visited4 : private4);
        }
        return update;
    }

    void add_bid(Update& update) {
        const auto bid = static_cast<std::uint16_t>(pick(6)); // 0 is wrong
        switch (pick(4)) {
        case 0:
            update.bid(bid);
            break;
        case 1:
            update.bid(bid, visited4);
            break;
        case 2:
            update.bid(bid, chance(90) ? visited2 : agent6, static_cast<std::uint8_t>(pick(128)));
            break;
        default:
            update.bid(bid, chance(70) ? visited : update.home_address);
            break;
        }
        if (chance(20)) {
            std::get<wire::BindingIdentifier>(update.message.options.back()).flags |=
                wire::bid_rfc::home;
        }
    }

    void send() {
        const auto message = update();
        auto octets = Scene::octets(message);
        if (chance(10)) {
            octets.at(pick(static_cast<std::uint32_t>(octets.size()))) ^= 1U;
        }
        if (chance(45)) {
            const auto& address = chance(50) ? visited4 : v4("203.0.113.9");
            const auto port = static_cast<std::uint16_t>(40000 + pick(3));
            scene_.deliver(octets, scene_.udp_frame(message.home_address, {address, port}));
        } else {
            auto frame = Scene::native_frame(message.home_address, visited);
            if (chance(10)) {
                frame.wire_source.reset();
                frame.link_address = {2, 0, 0, 0, 0, 1};
            }
            scene_.deliver(octets, frame);
        }
    }

    void step() {
        const auto what = pick(100);
        if (what < 60) {
            send();
        } else if (what < 85) {
            scene_.advance(milliseconds(pick(5000)));
        } else if (what < 90) {
            const std::array all{Kernel::works, Kernel::works,         Kernel::refuses,
                                 Kernel::waits, Kernel::loses_request, Kernel::loses_answer};
            scene_.kernel = all.at(pick(6));
            scene_.store = all.at(pick(6));
            scene_.kernel_tells_expiry = chance(70);
        } else if (what < 94) {
            constexpr std::array outcomes{DadOutcome::unique, DadOutcome::unique,
                                          DadOutcome::duplicate, DadOutcome::unknown};
            while (!scene_.detections.empty() && chance(90)) {
                scene_.answer_dad(outcomes.at(pick(4)));
            }
            while (!scene_.held.empty() && chance(90)) {
                scene_.answer_kernel(chance(80));
            }
            while (!scene_.held_by_store.empty() && chance(90)) {
                scene_.answer_store(chance(80));
            }
        } else if (what < 97) {
            (void)scene_.remove(home_address(),
                                chance(50) ? std::optional(static_cast<std::uint16_t>(pick(6)))
                                           : std::nullopt);
        } else if (what < 98) {
            scene_.run(scene_.agent.binding_expired(scene_.now, home_address(),
                                                    static_cast<std::uint16_t>(pick(6))));
        } else if (scene_.kernel == Kernel::works && scene_.store == Kernel::works) {
            if (chance(30)) {
                scene_.lose_store();
            } else if (chance(30)) {
                scene_.lose_kernel();
            }
            scene_.restart(config());
        }
    }

    void check_always() {
        std::set<wire::Ipv4Address> owned;
        for (const auto& entry : scene_.agent.binding_cache(scene_.now)) {
            REQUIRE_FALSE(entry.bindings.empty());
            REQUIRE(entry.bindings.size() <= 3);
            // Whoever is registered is answered for, with all of its addresses.
            REQUIRE(scene_.claimed.contains(entry.home_address) == real_link_);
            REQUIRE((!real_link_ ||
                     scene_.claimed[entry.home_address].home_addresses4 == entry.home_addresses4));
            REQUIRE(std::count_if(entry.bindings.begin(), entry.bindings.end(),
                                  [](const auto& binding) { return binding.home_link; }) <= 1);
            for (const auto& address : entry.home_addresses4) {
                REQUIRE(owned.insert(address).second); // one owner
                REQUIRE((config().address_pool->contains(address) || entry.home_address == node));
            }
            for (const auto& binding : entry.bindings) {
                REQUIRE(binding.lifetime > Duration(0));
                REQUIRE(binding.lifetime <= seconds(124));
                REQUIRE((binding.bid != 0 || entry.bindings.size() == 1));
                REQUIRE(binding.mcoa == (binding.bid != 0));
                REQUIRE(binding.care_of.is_unicast_routable());
                REQUIRE((binding.encapsulation == Encapsulation::direct || binding.port != 0));
                REQUIRE((binding.care_of.is_ipv4() || binding.port == 0));
            }
        }
        REQUIRE(scene_.counter("encode_failures") == 0);
        // Each answer can be read, and says nothing about state if it is a refusal.
        for (auto& message : scene_.sent) {
            const auto decoded =
                wire::decode(message.octets, message.source, message.destination, Dialect::Rfc);
            REQUIRE(decoded);
            const auto& answer = std::get<wire::BindingAcknowledgement>(*decoded);
            // The drafts register and complain all the same; C of theirs is H of the RFC.
            REQUIRE((wire::is_accepted(answer.status) || answer.lifetime.is_zero() ||
                     answer.status == BindingStatus::McoaNonMcoaBindingExists));
        }
        scene_.sent.clear();
        scene_.reports.clear();
    }

    // The kernel gets well again; then cache and kernel agree, and in the end nothing is left.
    void calm_down() {
        scene_.kernel = Kernel::works;
        scene_.store = Kernel::works;
        while (!scene_.held.empty() || !scene_.held_by_store.empty() ||
               !scene_.detections.empty()) {
            while (!scene_.detections.empty()) {
                scene_.answer_dad(DadOutcome::unique);
            }
            while (!scene_.held.empty()) {
                scene_.answer_kernel();
            }
            while (!scene_.held_by_store.empty()) {
                scene_.answer_store();
            }
        }
        scene_.kernel_tells_expiry = true;
        scene_.advance(seconds(70)); // longest pause between repairs, and its timeout
        REQUIRE(scene_.in_step());
        REQUIRE(scene_.store_in_step());
        scene_.advance(seconds(130));
        REQUIRE(scene_.agent.node_count() == 0);
        REQUIRE(scene_.claimed.empty());
        REQUIRE(scene_.agent.binding_count() == 0);
        REQUIRE_FALSE(scene_.agent.next_deadline());
        REQUIRE(scene_.in_step());
    }

    std::mt19937 random_;
    bool real_link_;
    Scene scene_;
    std::map<wire::Ipv6Address, std::uint16_t> sequences_;
};

} // namespace

TEST_CASE("nothing that happens breaks what must always be true") {
    const auto seed = GENERATE(range(1U, 41U));
    CAPTURE(seed);
    Chaos(seed).run(600);
}

TEST_CASE("with a kernel that works, cache and kernel agree after every message") {
    Scene scene;
    std::mt19937 random(7);
    std::uint16_t sequence = 0;
    for (unsigned i = 0; i < 2000; ++i) {
        Update update(++sequence, seconds(random() % 5 == 0 ? 0 : 60));
        update.of(random() % 2 == 0 ? node : other);
        if (random() % 2 == 0) {
            update.home4("0.0.0.0");
        }
        if (random() % 2 == 0) {
            update.overwrite().bid(static_cast<std::uint16_t>(1 + random() % 3), visited);
        }
        random() % 3 == 0 ? scene.udp(update, outside) : scene.native(update, visited);
        scene.advance(milliseconds(random() % 3000));
        REQUIRE(scene.in_step());
        scene.sent.clear();
        scene.reports.clear();
    }
}
