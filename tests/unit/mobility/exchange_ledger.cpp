// SPDX-License-Identifier: GPL-2.0-or-later
// The promises of a home agent.
#include "exchange_ledger.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>

#include "mobility/binding_cache.hpp"
#include "wire/binding_identifier.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility::test {
namespace {

// What stays longer in the network is not among what the tests do.
constexpr Duration memory = std::chrono::minutes(1);

std::string field(const Report& report, const std::string& name) {
    for (const auto& [key, value] : report.fields) {
        if (key == name) {
            return value.text();
        }
    }
    return "";
}

// With DSMIP_EXCHANGE_TRACE set all that a home agent hears and says is printed.
bool tracing() {
    static const bool wanted = std::getenv("DSMIP_EXCHANGE_TRACE") != nullptr;
    return wanted;
}

std::ostream& trace(TimePoint now) {
    return std::cerr << now.time_since_epoch().count() << " ms ";
}

// Asked too often for assertions of the test framework.
void hold(bool condition, const char* what, const wire::Ipv6Address& home_address,
          std::uint16_t bid) {
    if (!condition) {
        FAIL(what << ": " << wire::to_string(home_address) << " BID " << bid);
    }
}

} // namespace

void Ledger::delivered(TimePoint now, const ReceivedMessage& message) {
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, wire::Dialect::Auto);
    const auto* update = decoded ? std::get_if<wire::BindingUpdate>(&*decoded) : nullptr;
    if (update == nullptr) {
        return;
    }
    if (tracing()) {
        trace(now) << wire::to_string(message.source) << " Binding Update " << update->sequence
                   << " lifetime " << update->lifetime.duration().count() << " s, "
                   << wire::find_options<wire::BindingIdentifier>(update->options).size()
                   << " BIDs\n";
    }
    const auto options =
        wire::read_binding_identifiers(*update, {wire::Dialect::Auto, message.source});
    Delivered entry{*update,
                    {message.octets.begin(), message.octets.end()},
                    now,
                    options && options->overwrite,
                    options && options->dialect == wire::Dialect::Draft};
    auto& known = delivered_[{message.source, update->sequence}];
    if (known.at + memory > now && !known.octets.empty()) {
        // A copy of the same message changes nothing.
        known.ambiguous = known.ambiguous || known.octets != entry.octets;
        return;
    }
    known = std::move(entry);
}

void Ledger::sent(TimePoint now, const SendMessage& message) {
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, wire::Dialect::Rfc);
    REQUIRE(decoded);
    const auto* answer = std::get_if<wire::BindingAcknowledgement>(&*decoded);
    if (answer == nullptr) {
        return;
    }
    const auto& home_address = message.destination;
    if (tracing()) {
        trace(now) << wire::to_string(home_address) << " acknowledgement " << answer->sequence
                   << " status " << static_cast<unsigned>(answer->status) << " lifetime "
                   << answer->lifetime.duration().count() << " s\n";
    }
    if (answer->status == wire::BindingStatus::McoaNonMcoaBindingExists) {
        nodes_[home_address].in_doubt = true; // a peer of the draft is registered all the same
        return;
    }
    if (!wire::is_accepted(answer->status)) {
        REQUIRE(answer->lifetime.is_zero());
        return;
    }
    const auto found = delivered_.find({home_address, answer->sequence});
    REQUIRE(found != delivered_.end()); // nothing is acknowledged that was not asked for
    if (found->second.ambiguous) {
        nodes_[home_address].in_doubt = true;
        return;
    }
    accept(now, home_address, found->second, *answer);
}

void Ledger::accept(TimePoint now, const wire::Ipv6Address& home_address,
                    const Delivered& delivered, const wire::BindingAcknowledgement& answer) {
    auto& node = nodes_[home_address];
    const auto& update = delivered.update;
    REQUIRE(answer.lifetime <= update.lifetime);
    const bool alive = std::any_of(node.bindings.begin(), node.bindings.end(),
                                   [&](auto& entry) { return entry.second.at_least_until > now; });
    // In the draft each binding has a sequence number of its own.
    node.draft = node.draft || delivered.draft;
    if (alive && !node.in_doubt && !node.draft) {
        REQUIRE(sequence_in_window(node.sequence, answer.sequence)); // never back
    }
    node.sequence = answer.sequence;
    ++changes_;
    const Promise promise{delivered.at + answer.lifetime.duration(),
                          now + answer.lifetime.duration()};
    const auto options = wire::find_options<wire::BindingIdentifier>(update.options);
    if (options.empty()) {
        node.bindings.clear();
        node.in_doubt = false;
        if (!answer.lifetime.is_zero()) {
            node.bindings[0] = promise;
        }
        return;
    }
    const auto statuses = wire::find_options<wire::BindingIdentifier>(answer.options);
    REQUIRE(statuses.size() == options.size());
    if (!update.lifetime.is_zero() && delivered.overwrite) {
        node.bindings.clear();
        node.in_doubt = false;
    }
    for (std::size_t index = 0; index < options.size(); ++index) {
        REQUIRE(statuses.at(index).bid == options.at(index).bid);
        if (statuses.at(index).status != wire::BindingStatus::Accepted) {
            continue;
        }
        if (update.lifetime.is_zero()) {
            node.bindings.erase(options.at(index).bid);
        } else {
            node.bindings[options.at(index).bid] = promise;
        }
    }
}

void Ledger::reported(TimePoint now, const Report& report) {
    if (tracing()) {
        trace(now) << report.name;
        for (const auto& [key, value] : report.fields) {
            std::cerr << ' ' << key << '=' << value.text();
        }
        std::cerr << '\n';
    }
    const bool expired = report.name == "binding-expired";
    if (!expired &&
        (report.name != "binding-removed" || field(report, "reason") != "administrative")) {
        return;
    }
    const auto home_address = wire::Ipv6Address::parse(field(report, "home-address")).value();
    const auto bid = static_cast<std::uint16_t>(std::stoul(field(report, "bid")));
    auto& node = nodes_[home_address];
    const auto known = node.bindings.find(bid);
    if (known == node.bindings.end()) {
        return;
    }
    if (expired && !node.in_doubt) {
        REQUIRE(known->second.at_least_until <= now + expiry_grace); // not before its time
    }
    node.bindings.erase(known);
}

void Ledger::forget(const wire::Ipv6Address& home_address) {
    nodes_[home_address].bindings.clear();
    nodes_[home_address].in_doubt = true;
}

void Ledger::check(TimePoint now, const HomeAgent& home_agent) const {
    std::set<wire::Ipv4Address> owned;
    const auto cache = home_agent.binding_cache(now);
    for (const auto& entry : cache) {
        for (const auto& address : entry.home_addresses4) {
            hold(owned.insert(address).second, "two owners of an address", entry.home_address, 0);
        }
    }
    for (const auto& [home_address, node] : nodes_) {
        if (node.in_doubt) {
            continue;
        }
        const auto entry = std::find_if(cache.begin(), cache.end(), [&](const KernelNode& held) {
            return held.home_address == home_address;
        });
        const std::vector<KernelBinding> none;
        const auto& bindings = entry == cache.end() ? none : entry->bindings;
        for (const auto& binding : bindings) {
            const auto promised = node.bindings.find(binding.bid);
            hold(promised != node.bindings.end(), "there and never acknowledged", home_address,
                 binding.bid);
            hold(now + binding.lifetime <= promised->second.at_most_until, "outlives its lifetime",
                 home_address, binding.bid);
        }
        for (const auto& [bid, promise] : node.bindings) {
            const bool there = std::any_of(
                bindings.begin(), bindings.end(),
                [bid = bid](const KernelBinding& binding) { return binding.bid == bid; });
            hold(there || promise.at_least_until <= now, "acknowledged and missing", home_address,
                 bid);
        }
    }
}

} // namespace dsmip::mobility::test
