// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: a home agent with messages, time, outcomes, expiries, removals and restarts in
// any order. What it says it holds has to make sense at any moment.
#include <deque>
#include <set>

#include "mobility/home_agent.hpp"
#include "script.hpp"
#include "wire/codec.hpp"

using namespace dsmip;
using namespace dsmip::fuzz;
using namespace dsmip::mobility;

namespace {

HomeAgentConfig config(std::uint8_t choices) {
    HomeAgentConfig config;
    config.address6 = address6(1, 0);
    config.address6.bytes.back() = 1;
    config.address4 = wire::Ipv4Address{{192, 0, 2, 1}};
    config.home_prefixes = {{address6(1, 0), 64}};
    config.nodes = {{address6(1, 1), {wire::Ipv4Address{{192, 0, 2, 10}}}}};
    config.address_pool = wire::Prefix4{wire::Ipv4Address{{192, 0, 2, 160}}, 30};
    config.accept_unlisted_nodes = (choices & 1U) != 0;
    config.has_store = (choices & 2U) != 0;
    config.impose_udp = (choices & 4U) != 0;
    config.accept_bulk = (choices & 8U) == 0;
    config.dialect = (choices & 16U) != 0 ? wire::Dialect::Draft : wire::Dialect::Auto;
    config.max_bindings_per_node = 3;
    config.policy.max_nodes = 3;
    return config;
}

class Play {
public:
    explicit Play(Script script)
        : script_(script)
        , config_(config(script_.octet()))
        , agent_(config_) {}

    void run() {
        while (!script_.empty()) {
            step();
            check();
        }
    }

private:
    void step() {
        const auto what = script_.octet();
        switch (what % 8) {
        case 0:
        case 1:
        case 2:
            receive(what);
            break;
        case 3:
            now_ += pause(script_.octet());
            run(agent_.tick(now_));
            break;
        case 4:
            if (!asked_.empty()) {
                const auto request = asked_.front();
                asked_.pop_front();
                run(agent_.confirm(now_, request,
                                   what < 64 ? RequestOutcome("refused") : RequestOutcome{}));
            }
            break;
        case 5:
            run(agent_.binding_expired(now_, address6(1, what / 8 % 4), script_.octet() % 4));
            break;
        case 6: {
            bool found = false;
            run(agent_.remove(now_, address6(1, what / 8 % 4),
                              what < 128 ? std::nullopt : std::optional<std::uint16_t>(what % 3),
                              found));
            break;
        }
        default: {
            const auto nodes = agent_.binding_cache(now_);
            agent_ = HomeAgent(config_);
            asked_.clear();
            run(agent_.restore(now_, nodes));
            break;
        }
        }
        if (what % 8 != 4 && (what & 0x80U) != 0) {
            for (; !asked_.empty(); asked_.pop_front()) {
                run(agent_.confirm(now_, asked_.front(), std::nullopt));
            }
        }
    }

    void receive(std::uint8_t what) {
        ReceivedMessage message;
        message.source = address6(1, what / 8 % 4);
        message.destination = config_.address6;
        message.link = 2;
        if (what % 8 == 0) {
            message.wire_source = address6(2, what / 32);
        } else if (what % 8 == 1) {
            message.path = MessagePath{1,
                                       Encapsulation::udp,
                                       {wire::Ipv4Address{{198, 51, 100, 7}},
                                        static_cast<std::uint16_t>(40000 + what / 64)},
                                       {*config_.address4, 4191},
                                       3};
        }
        auto octets = script_.octets();
        make_plausible(octets, message.source, message.destination);
        message.octets = octets;
        run(agent_.receive(now_, message));
    }

    void run(const Actions& actions) {
        for (const auto& action : actions) {
            if (const auto* install = std::get_if<InstallBindings>(&action)) {
                require(!install->node.bindings.empty() && install->node.bindings.size() <= 3);
                for (const auto& binding : install->node.bindings) {
                    require(binding.lifetime > Duration(0));
                    require(binding.lifetime <= std::chrono::seconds(262140));
                }
                asked_.push_back(install->request);
            } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
                asked_.push_back(remove->request);
            } else if (const auto* keep = std::get_if<KeepRegistration>(&action)) {
                asked_.push_back(keep->request);
            } else if (const auto* message = std::get_if<SendMessage>(&action)) {
                const auto decoded = wire::decode(message->octets, message->source,
                                                  message->destination, wire::Dialect::Rfc);
                require(decoded.has_value());
            }
        }
    }

    void check() const {
        std::set<wire::Ipv4Address> owned;
        std::size_t bindings = 0;
        const auto cache = agent_.binding_cache(now_);
        for (const auto& node : cache) {
            require(!node.bindings.empty());
            for (const auto& address : node.home_addresses4) {
                require(owned.insert(address).second);
            }
            for (const auto& binding : node.bindings) {
                require(binding.lifetime > Duration(0));
                require(binding.bid != 0 || node.bindings.size() == 1);
                require(binding.care_of.is_unicast_routable());
                ++bindings;
            }
        }
        require(cache.size() <= agent_.node_count());
        require(bindings <= agent_.binding_count());
        for (const auto& count : agent_.counters()) {
            require(count.name != "encode_failures" || count.value == 0);
        }
    }

    Script script_;
    HomeAgentConfig config_;
    HomeAgent agent_;
    TimePoint now_{std::chrono::hours(1)};
    std::deque<RequestId> asked_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Play(Script({data, size})).run();
    return 0;
}
