// SPDX-License-Identifier: GPL-2.0-or-later
// Binding Acknowledgements: contents and the way they take (RFC 6275, 9.5.4;
// RFC 5555, 4.5; RFC 5648, 6.3).
#pragma once

#include <optional>

#include <tl/expected.hpp>

#include "mobility/binding_cache.hpp"
#include "mobility/home_agent.hpp"
#include "mobility/home_agent_registration.hpp"
#include "mobility/home_agent_request.hpp"
#include "wire/codec.hpp"

namespace dsmip::mobility {

// The answer to a Binding Update that was judged.  `current` is the registration before it.
[[nodiscard]] tl::expected<SendMessage, wire::EncodeError>
acknowledge(const RegistrationRequest& request, const RegistrationOutcome& outcome,
            const Registration& current, const HomeAgentConfig& config);

// The answer to one that is refused as a whole; `sequence` is the last accepted number with
// status 135, else that of the Binding Update.
[[nodiscard]] tl::expected<SendMessage, wire::EncodeError>
refuse(const RegistrationRequest& request, RuleRef refused_by, std::uint16_t sequence,
       const Registration& current, const HomeAgentConfig& config);

// The same, to be sent later or never.
[[nodiscard]] Answer refusal(const RegistrationRequest& request, RuleRef refused_by,
                             std::uint16_t sequence, const Registration& current,
                             const HomeAgentConfig& config);
[[nodiscard]] tl::expected<SendMessage, wire::EncodeError> to_message(Answer answer);

// The answer to a message over plain IPv6 that was not read.
[[nodiscard]] tl::expected<SendMessage, wire::EncodeError>
refuse_unread(const ReceivedMessage& message, RuleRef refused_by, std::uint16_t sequence);

// Binding Error to where a message came from (RFC 6275, 9.2 and 9.3.3).
// Nothing if that address is not unicast.
[[nodiscard]] std::optional<SendMessage> binding_error(const ReceivedMessage& message,
                                                       wire::BindingErrorStatus status);

// A message that is no answer: to the home address, through whatever tunnel leads there, without
// a type 2 routing header (RFC 6275, 6.4: that is for Binding Acknowledgements).
[[nodiscard]] tl::expected<SendMessage, wire::EncodeError>
to_node(const wire::MobilityMessage& message, const wire::Ipv6Address& home_address,
        wire::Dialect dialect, const HomeAgentConfig& config);

} // namespace dsmip::mobility
