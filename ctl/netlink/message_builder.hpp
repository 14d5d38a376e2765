// SPDX-License-Identifier: GPL-2.0-or-later
// Internal to the netlink library: writes one netlink message into a buffer and never past its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <libmnl/libmnl.h>

#include "wire/address.hpp"

namespace dsmip::netlink {

class MessageBuilder {
public:
    /// `buffer` must be aligned to 4. When it is too small `overflow` becomes true and everything
    /// further is ignored.
    MessageBuilder(std::span<std::byte> buffer, std::uint16_t type, std::uint16_t flags)
        : buffer_(buffer) {
        if (buffer_.size() < sizeof(nlmsghdr)) {
            overflow_ = true;
            return;
        }
        message_ = mnl_nlmsg_put_header(buffer_.data());
        message_->nlmsg_type = type;
        message_->nlmsg_flags = flags;
    }

    /// Append the fixed header of a family.
    template<class Header>
    void header(const Header& header) {
        if (!room(MNL_ALIGN(sizeof(Header)))) {
            return;
        }
        *static_cast<Header*>(mnl_nlmsg_put_extra_header(message_, sizeof(Header))) = header;
    }

    template<class Value>
    void put(std::uint16_t type, const Value& value) {
        put_octets(type, &value, sizeof(value));
    }
    void put(std::uint16_t type, const wire::IpAddress& address) {
        if (const auto* v4 = address.ipv4()) {
            put(type, v4->bytes);
        } else {
            put(type, address.ipv6()->bytes);
        }
    }
    void put_octets(std::uint16_t type, std::span<const std::byte> octets) {
        put_octets(type, octets.data(), octets.size());
    }
    /// With its NUL.
    void put_text(std::uint16_t type, std::string_view text) {
        const std::string terminated(text);
        put_octets(type, terminated.c_str(), terminated.size() + 1);
    }

    /// Write a nest; `fill()` puts its content.
    template<class Fill>
    void nest(std::uint16_t type, Fill&& fill) {
        if (!room(MNL_ATTR_HDRLEN)) {
            return;
        }
        nlattr* start = mnl_attr_nest_start(message_, type);
        fill();
        mnl_attr_nest_end(message_, start);
    }

    [[nodiscard]] bool overflow() const { return overflow_; }
    [[nodiscard]] std::size_t length() const { return overflow_ ? 0 : message_->nlmsg_len; }

    /// Take back everything behind `length`, as it was returned earlier, and the overflow with it.
    void rewind(std::size_t length) {
        message_->nlmsg_len = static_cast<std::uint32_t>(length);
        overflow_ = false;
    }

private:
    bool room(std::size_t octets) {
        overflow_ = overflow_ || message_->nlmsg_len + octets > buffer_.size();
        return !overflow_;
    }
    void put_octets(std::uint16_t type, const void* data, std::size_t size) {
        if (room(MNL_ATTR_HDRLEN + MNL_ALIGN(size))) {
            mnl_attr_put(message_, type, size, data);
        }
    }

    std::span<std::byte> buffer_;
    nlmsghdr* message_ = nullptr;
    bool overflow_ = false;
};

} // namespace dsmip::netlink
