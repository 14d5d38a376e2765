// SPDX-License-Identifier: GPL-2.0-or-later
// Generic netlink without any safety: messages as trees that may be as wrong as one likes, and the
// kernel's own description of what it accepts. For fuzzers and fault injection.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace dsmip::tools {

using Bytes = std::vector<std::uint8_t>;

/// An attribute: a payload, or further attributes if `nested`.
struct Attribute {
    std::uint16_t type = 0; ///< without flags
    bool nested = false;    ///< NLA_F_NESTED is set and `children` count
    Bytes payload{};
    std::vector<Attribute> children{};
    std::optional<std::uint16_t> false_length{}; ///< what the header claims instead of the truth
    std::uint16_t extra_flags = 0;               ///< further bits of the type field
};

/// A request: what stands in its two headers, and its attributes.
struct Request {
    std::uint8_t command = 0;
    std::uint16_t flags = 0; ///< without NLM_F_REQUEST
    std::vector<Attribute> attributes{};
    std::uint8_t version = 1;
    std::uint16_t reserved = 0;
};

template<class Value>
Attribute scalar(std::uint16_t type, Value value) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&value);
    return {.type = type, .payload = Bytes(bytes, bytes + sizeof value)};
}
Attribute nest(std::uint16_t type, std::vector<Attribute> children);
/// An attribute with an address of either family in it, given as text.
Attribute address(std::uint16_t type, const char* text);

void serialise(std::span<const Attribute> attributes, Bytes& out);
/// The attributes in `data`; nests are told by their flag, garbage at the end is left out.
std::vector<Attribute> parse(std::span<const std::uint8_t> data);
/// The first attribute of this type, or null.
const Attribute* find(std::span<const Attribute> attributes, std::uint16_t type);
std::uint32_t u32_of(const Attribute* attribute, std::uint32_t otherwise = 0);

/// What the kernel says of one attribute (NL_POLICY_TYPE_ATTR_*).
struct AttributeRule {
    std::uint32_t kind = 0; ///< enum netlink_attribute_type
    std::uint64_t min = 0;
    std::uint64_t max = UINT64_MAX;
    std::uint32_t min_length = 0;
    std::uint32_t max_length = 0; ///< 0 = not said
    std::optional<std::uint64_t> mask;
    std::optional<std::uint32_t> policy; ///< of what is inside
};
using Policy = std::map<std::uint16_t, AttributeRule>;

/// The kernel's own description of a family.
struct Policies {
    std::map<std::uint32_t, Policy> tables;
    std::map<std::uint8_t, std::uint32_t> requests; ///< table of each command
    std::map<std::uint8_t, std::uint32_t> dumps;
};

/// One answer of the kernel.
struct Reply {
    std::uint32_t sequence = 0;
    std::uint16_t type = 0;
    std::uint16_t flags = 0;
    int error = 0; ///< of NLMSG_ERROR and NLMSG_DONE, positive
    /// The family has answered, or an error is about a request to it. What is none (a flag is
    /// missing, or the type is that of somebody else, behind a wrong length) it never sees.
    bool of_family = false;
    std::uint8_t command = 0;
    std::vector<Attribute> attributes;
};

/// What came of a request.
struct Answer {
    int error = 0;
    std::vector<Reply> replies;
    bool interrupted = false; ///< NLM_F_DUMP_INTR
};

/// A generic netlink socket, bound to a family.
class GenlSocket {
public:
    /// Ends the program with a message when there is no such family.
    explicit GenlSocket(const char* family);
    ~GenlSocket();
    GenlSocket(const GenlSocket&) = delete;
    GenlSocket& operator=(const GenlSocket&) = delete;

    /// Looks up the family once more, whose number changes when its module is loaded again; false
    /// when there is none just now.
    bool find_again();
    std::uint32_t next_sequence() { return ++sequence_; }
    /// 0 or the error of joining the multicast group.
    int join(const char* group);
    Policies policies();

    /// `request` as it goes over the socket.
    Bytes message(const Request& request, std::uint32_t sequence) const;
    /// 0 or the error of sending.
    int send(std::span<const std::uint8_t> data);
    /// Replies that are there already; with `wait` at least one datagram.
    std::vector<Reply> receive(bool wait);
    /// Sends and collects everything up to the acknowledgement.
    Answer ask(Request request);

private:
    Answer ask_family(std::uint16_t family, Request request);
    Bytes message(std::uint16_t family, const Request& request, std::uint32_t sequence) const;

    int fd_ = -1;
    std::string name_;
    std::uint16_t family_ = 0;
    std::uint32_t sequence_ = 0;
    std::map<std::string, std::uint32_t> groups_;
    Bytes buffer_;
};

} // namespace dsmip::tools
