// SPDX-License-Identifier: GPL-2.0-or-later
// Messages that arrive at the mobile node: what is believed and what is dropped
// (RFC 6275, 9.2, 11.7.3, 11.7.4, 11.3.6; RFC 5648, 5.7 and 5.8).
#include "mobility/mobile_node_engine.hpp"

#include <algorithm>

#include "mobility/mobile_node_acknowledgement.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility {
namespace {

using Level = Report::Level;

// The home agent holds no such binding any more, or never did.
bool is_released(wire::BindingStatus status) {
    return wire::is_accepted(status) ||
           status == wire::BindingStatus::NotHomeAgentForThisMobileNode;
}

// Takes the BIDs that the answer says are gone out of the exchange and returns them; `refused` says
// why something is left.
std::vector<std::uint16_t> take_released(Exchange& exchange,
                                         const wire::BindingAcknowledgement& acknowledgement) {
    std::erase_if(exchange.sent, [&](const SentUpdate& sent) {
        return sent.sequence == acknowledgement.sequence;
    });
    exchange.refused.reset();
    const auto is_left = [&](std::optional<wire::BindingStatus> status) {
        const bool left = !status || !is_released(*status);
        if (left) {
            exchange.refused = status.value_or(wire::BindingStatus::ReasonUnspecified);
        }
        return left;
    };
    if (exchange.bids.empty()) { // of everything
        (void)is_left(acknowledgement.status);
        return {};
    }
    const auto gone =
        std::stable_partition(exchange.bids.begin(), exchange.bids.end(), [&](std::uint16_t bid) {
            return is_left(exchange.uses_bids() ? effective_status(acknowledgement, bid)
                                                : std::optional(acknowledgement.status));
        });
    const std::vector<std::uint16_t> released(gone, exchange.bids.end());
    exchange.bids.erase(gone, exchange.bids.end());
    return released;
}

} // namespace

Actions MobileNode::Impl::receive(TimePoint now, const ReceivedMessage& message) {
    const auto decoded =
        wire::decode(message.octets, message.source, message.destination, config_.dialect);
    if (!decoded) {
        drop(rule_of(decoded.error().cause, mobile_node_rules), message);
        return take();
    }
    if (finished_) {
        drop(mobile_node_rule("drop_stopped"), message);
        return take();
    }
    if (message.source != config_.home_agent6) {
        drop(mobile_node_rule("drop_not_from_home_agent"), message);
        return take();
    }
    if (const auto* acknowledgement = std::get_if<wire::BindingAcknowledgement>(&*decoded)) {
        receive_acknowledgement(now, message, *acknowledgement);
    } else if (const auto* request = std::get_if<wire::BindingRefreshRequest>(&*decoded)) {
        receive_refresh_request(now, message, *request);
    } else if (const auto* error = std::get_if<wire::BindingError>(&*decoded)) {
        receive_error(now, message, *error);
    } else if (const auto* away = std::get_if<wire::HomeAgentSwitch>(&*decoded)) {
        receive_switch(now, message, *away);
    } else {
        drop(mobile_node_rule("drop_unexpected_type"), message);
    }
    settle(now);
    return take();
}

// The answer to a Binding Update takes the same way back (RFC 5555, 4.5).
bool MobileNode::Impl::came_back(const ReceivedMessage& message, const Exchange& exchange) const {
    if (exchange.path.address.is_ipv6()) {
        return !message.path;
    }
    return message.path && config_.home_agent4 &&
           message.path->remote == wire::Endpoint{*config_.home_agent4, config_.home_agent_port};
}

void MobileNode::Impl::receive_acknowledgement(
    TimePoint now, const ReceivedMessage& message,
    const wire::BindingAcknowledgement& acknowledgement) {
    if (message.destination != config_.home_address) {
        drop(mobile_node_rule("drop_not_for_home_address"), message);
        return;
    }
    if (acknowledgement.status == wire::BindingStatus::SequenceNumberOutOfWindow) {
        correct_sequence(now, message, acknowledgement);
        return;
    }
    const auto found =
        std::find_if(exchanges_.begin(), exchanges_.end(), [&](const Exchange& exchange) {
            return exchange.find(acknowledgement.sequence) != nullptr;
        });
    if (found == exchanges_.end()) {
        drop(mobile_node_rule("drop_unknown_sequence"), message);
        return;
    }
    if (!came_back(message, *found)) {
        drop(mobile_node_rule("drop_wrong_path"), message);
        return;
    }
    counters_.add(MobileNodeCount::acknowledgements);
    if (found->kind != Exchange::Kind::registration) {
        deregistration_answered(now, found, acknowledgement);
        return;
    }
    const Exchange exchange = *found;
    const SentUpdate sent = *exchange.find(acknowledgement.sequence);
    exchanges_.erase(found);
    registration_answered(now, exchange, sent, acknowledgement);
}

// What the home agent keeps although it was asked to delete it is asked for again by the back-off,
// as if it had not answered.
void MobileNode::Impl::deregistration_answered(
    TimePoint now, std::vector<Exchange>::iterator exchange,
    const wire::BindingAcknowledgement& acknowledgement) {
    const auto kind = exchange->kind;
    const auto released = take_released(*exchange, acknowledgement);
    const bool over = !exchange->refused;
    if (over) {
        exchanges_.erase(exchange);
    } else {
        counters_.add(MobileNodeCount::deregistrations_refused);
        report(Level::warning, "deregistration-refused",
               {{"status", status_text(*exchange->refused)},
                {"attempts", exchange->back_off.attempts()}});
    }
    // To ask one again that serves this node no longer would only delay the next one.
    const bool hopeless = !over && is_about_home_agent(*exchange->refused) &&
                          exchange->refused != wire::BindingStatus::InsufficientResources;
    const auto outcome = wire::to_string(acknowledgement.status);
    deregistration_finished(released, outcome);
    if ((over || hopeless) && kind == Exchange::Kind::leave) {
        change_home_agent(now);
    } else if (over && kind == Exchange::Kind::home) {
        home_deregistered(outcome, Release::accepted);
    } else if (over && kind == Exchange::Kind::shutdown) {
        finish(outcome);
    }
}

// Status 135 carries the number the home agent accepted last, so it cannot be
// matched by number: by BID and by the way it came.
void MobileNode::Impl::correct_sequence(TimePoint now, const ReceivedMessage& message,
                                        const wire::BindingAcknowledgement& acknowledgement) {
    const auto options = wire::find_options<wire::BindingIdentifier>(acknowledgement.options);
    bool matched = false;
    for (auto& exchange : exchanges_) {
        const bool meant =
            options.empty() || exchange.is_of_everything() ||
            std::any_of(options.begin(), options.end(), [&](const wire::BindingIdentifier& option) {
                return exchange.includes(option.bid);
            });
        if (!meant || exchange.sent.empty() || !came_back(message, exchange)) {
            continue;
        }
        matched = true;
        if (!exchange.sequence_corrected) {
            // Once at once; a home agent that says it again is asked by the back-off.
            exchange.sequence_corrected = true;
            exchange.back_off = BackOff();
            exchange.next_send = now;
        }
    }
    if (!matched) {
        drop(exchanges_.empty() ? mobile_node_rule("drop_unknown_sequence")
                                : mobile_node_rule("drop_wrong_path"),
             message);
        return;
    }
    counters_.add(MobileNodeCount::acknowledgements);
    sequence_.adopt(acknowledgement.sequence);
    report(Level::info, "sequence-corrected", {{"last-accepted", acknowledgement.sequence}});
}

void MobileNode::Impl::update_soon(TimePoint now, UpdateListEntry& entry) {
    if (entry.target && exchange_of(entry.bid) == nullptr) {
        entry.update_at = now;
    }
}

void MobileNode::Impl::receive_refresh_request(TimePoint now, const ReceivedMessage& message,
                                               const wire::BindingRefreshRequest& request) {
    if (message.destination != config_.home_address) {
        drop(mobile_node_rule("drop_not_for_home_address"), message);
        return;
    }
    const auto options = wire::find_options<wire::BindingIdentifier>(request.options);
    bool known = options.empty();
    for (auto& entry : entries_) {
        const bool named =
            std::any_of(options.begin(), options.end(), [&](const wire::BindingIdentifier& option) {
                return option.bid == entry.bid && !option.malformed_length;
            });
        if (options.empty() || named) {
            known = true;
            update_soon(now, entry);
        }
    }
    if (!known) {
        drop(mobile_node_rule("drop_bid_unknown"), message);
        return;
    }
    counters_.add(MobileNodeCount::refresh_requests);
}

void MobileNode::Impl::receive_error(TimePoint now, const ReceivedMessage& message,
                                     const wire::BindingError& error) {
    if (error.home_address != config_.home_address && !error.home_address.is_unspecified()) {
        drop(mobile_node_rule("drop_foreign_home_address"), message);
        return;
    }
    switch (error.status) {
    case wire::BindingErrorStatus::UnknownBindingForHomeAddressOption:
        for (auto& entry : entries_) {
            update_soon(now, entry);
        }
        break;
    case wire::BindingErrorStatus::UnrecognizedMhType:
        // Only a Binding Update is ever waited for (RFC 6275, 11.3.6).  Anybody may have sent the
        // error, so the home agent is asked on.
        if (exchanges_.empty()) {
            drop(mobile_node_rule("drop_error_not_awaited"), message);
            return;
        }
        for (auto& entry : entries_) {
            if (exchange_of(entry.bid) != nullptr) {
                entry.last_error = "the home agent does not know Binding Updates";
            }
        }
        if (home_agents_.has_untried() && !is_registered() && !leaving_ && !stopping_) {
            change_home_agent(now);
        }
        break;
    default:
        drop(mobile_node_rule("drop_error_unknown"), message);
        return;
    }
    counters_.add(MobileNodeCount::binding_errors);
    report(Level::warning, "binding-error", {{"status", wire::to_string(error.status)}});
}

} // namespace dsmip::mobility
