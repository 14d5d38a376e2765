// SPDX-License-Identifier: GPL-2.0-or-later
// libFuzzer target: a mobile node with answers, movement, time, outcomes, restarts and the end in
// any order.
#include <deque>

#include "mobility/mobile_node.hpp"
#include "script.hpp"
#include "wire/codec.hpp"

using namespace dsmip;
using namespace dsmip::fuzz;
using namespace dsmip::mobility;

namespace {

MobileNodeConfig config(std::uint8_t choices) {
    MobileNodeConfig config;
    config.home_address = address6(1, 1);
    config.home_agent6 = address6(1, 0);
    config.home_agent6.bytes.back() = 1;
    config.home_agent4 = wire::Ipv4Address{{192, 0, 2, 1}};
    config.accesses = {{"wlan0", 1, 1}, {"lte0", 2, 2}};
    config.mcoa = (choices & 1U) != 0;
    config.bulk = (choices & 2U) != 0;
    config.force_udp = (choices & 4U) != 0;
    config.prefer_tlv = (choices & 8U) != 0;
    config.home_address4_mode = (choices & 16U) != 0 ? MobileNodeConfig::HomeAddress4::dynamic
                                                     : MobileNodeConfig::HomeAddress4::none;
    config.dialect = (choices & 32U) != 0 ? wire::Dialect::Draft : wire::Dialect::Auto;
    return config;
}

class Play {
public:
    explicit Play(Script script)
        : script_(script)
        , config_(config(script_.octet()))
        , node_(config_, random()) {}

    void run() {
        while (!script_.empty()) {
            step();
            check();
        }
    }

private:
    // Any will do, so the first Binding Update has a number that scripts can know.
    static std::function<std::uint32_t()> random() {
        return [] { return 0U; };
    }

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
            run(node_.tick(now_));
            break;
        case 4:
            if (!asked_.empty()) {
                const auto request = asked_.front();
                asked_.pop_front();
                run(node_.kernel_done(now_, request,
                                      what < 64 ? KernelOutcome("refused") : KernelOutcome{}));
            }
            break;
        case 5:
            if (what < 250) {
                run(node_.binding_expired(now_, what / 8 % 3));
            } else {
                run(node_.stop(now_));
            }
            break;
        case 6:
            move(script_.octet());
            break;
        default:
            node_ = MobileNode(config_, random());
            asked_.clear();
            run(node_.restore(now_, installed_));
            move(script_.octet());
            break;
        }
    }

    void move(std::uint8_t where) {
        std::vector<CareOfCandidate> candidates;
        if ((where & 1U) != 0) {
            candidates.push_back({"wlan0", 3, address6(2, where / 32), true});
        }
        if ((where & 2U) != 0) {
            candidates.push_back({"wlan0", 3, wire::Ipv4Address{{198, 51, 100, 7}}, true});
        }
        if ((where & 4U) != 0) {
            candidates.push_back({"lte0", 4, address6(3, where / 32), (where & 16U) != 0});
        }
        if ((where & 8U) != 0) {
            candidates.push_back({"lte0", 4, wire::Ipv4Address{{10, 0, 0, 7}}, true});
        }
        run(node_.network_changed(now_, candidates));
    }

    // Answers to the latest Binding Update mostly, else they would all be dropped.
    void receive(std::uint8_t what) {
        ReceivedMessage message;
        message.source = config_.home_agent6;
        message.destination = config_.home_address;
        message.link = 3;
        auto octets = script_.octets();
        if (what < 224 && octets.size() >= 10) {
            octets[8] = static_cast<std::uint8_t>(sequence_ >> 8U);
            octets[9] = static_cast<std::uint8_t>(sequence_);
        }
        if (over_ipv4_ == (what < 240)) {
            message.path = MessagePath{0,
                                       Encapsulation::udp,
                                       {*config_.home_agent4, 4191},
                                       {wire::Ipv4Address{{198, 51, 100, 7}}, 4000},
                                       3};
        }
        make_plausible(octets, message.source, message.destination);
        message.octets = octets;
        run(node_.receive(now_, message));
    }

    void run(const Actions& actions) {
        for (const auto& action : actions) {
            if (const auto* install = std::get_if<InstallBindings>(&action)) {
                for (const auto& binding : install->node.bindings) {
                    require(binding.lifetime > Duration(0));
                }
                require(!install->node.bindings.empty());
                installed_ = install->node;
                asked_.push_back(install->request);
            } else if (const auto* remove = std::get_if<RemoveBindings>(&action)) {
                asked_.push_back(remove->request);
            } else if (const auto* message = std::get_if<SendMessage>(&action)) {
                const auto decoded = wire::decode(message->octets, message->source,
                                                  message->destination, wire::Dialect::Rfc);
                require(decoded && std::holds_alternative<wire::BindingUpdate>(*decoded));
                sequence_ = std::get<wire::BindingUpdate>(*decoded).sequence;
                over_ipv4_ = std::holds_alternative<UdpPath>(message->route);
            }
        }
    }

    void check() const {
        for (const auto& row : node_.binding_update_list(now_)) {
            require(row.remaining >= Duration(0));
        }
        for (const auto& count : node_.counters()) {
            require((count.name != "encode_failures" && count.name != "illegal_transitions") ||
                    count.value == 0);
        }
    }

    Script script_;
    MobileNodeConfig config_;
    MobileNode node_;
    TimePoint now_{std::chrono::hours(1)};
    std::deque<RequestId> asked_;
    KernelNode installed_;
    std::uint16_t sequence_ = 0;
    bool over_ipv4_ = false;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Play(Script({data, size})).run();
    return 0;
}
