// SPDX-License-Identifier: GPL-2.0-or-later
// Complete output to a descriptor.
#include "streams/output_buffer.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace dsmip::streams {

OutputBuffer::OutputBuffer(int fd)
    : fd_(fd) {
    setp(buffer_.data(), buffer_.data() + buffer_.size());
}

bool OutputBuffer::write(const char* octets, std::size_t count) {
    while (count != 0 && error_ == 0) {
        const auto written = ::write(fd_, octets, count);
        if (written > 0) {
            octets += written;
            count -= static_cast<std::size_t>(written);
        } else if (written < 0 && errno == EAGAIN) {
            // Whoever shares the descriptor made it so.
            pollfd ready{.fd = fd_, .events = POLLOUT, .revents = 0};
            (void)::poll(&ready, 1, -1);
        } else if (written == 0) {
            error_ = EIO;
        } else if (errno != EINTR) {
            error_ = errno;
        }
    }
    return error_ == 0;
}

bool OutputBuffer::write_buffer() {
    const bool done = write(pbase(), static_cast<std::size_t>(pptr() - pbase()));
    setp(buffer_.data(), buffer_.data() + buffer_.size());
    return done;
}

OutputBuffer::int_type OutputBuffer::overflow(int_type character) {
    if (!write_buffer()) {
        return traits_type::eof();
    }
    if (!traits_type::eq_int_type(character, traits_type::eof())) {
        *pptr() = traits_type::to_char_type(character);
        pbump(1);
    }
    return traits_type::not_eof(character);
}

std::streamsize OutputBuffer::xsputn(const char* octets, std::streamsize count) {
    if (count > epptr() - pptr()) {
        // All of it, if it would not fit into an empty buffer either.
        if (!write_buffer()) {
            return 0;
        }
        if (count > epptr() - pptr()) {
            return write(octets, static_cast<std::size_t>(count)) ? count : 0;
        }
    }
    std::copy_n(octets, count, pptr());
    pbump(static_cast<int>(count));
    return count;
}

int OutputBuffer::sync() {
    return write_buffer() ? 0 : -1;
}

} // namespace dsmip::streams
