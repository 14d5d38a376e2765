// SPDX-License-Identifier: GPL-2.0-or-later
// Output of a command: all of it arrives, or it is known why not.
#pragma once

#include <array>
#include <cstddef>
#include <streambuf>

namespace dsmip::streams {

/// Writes to a descriptor that it does not own; unlike those of the standard library it remembers
/// the first error and waits where the descriptor is non-blocking. After an error nothing more is
/// written, so that what arrived is a beginning of the output.
class OutputBuffer final : public std::streambuf {
public:
    explicit OutputBuffer(int fd);

    /// The errno of the first write that failed; 0 = none did. What is still in the buffer may
    /// fail later.
    [[nodiscard]] int error() const { return error_; }

protected:
    int_type overflow(int_type character) override;
    std::streamsize xsputn(const char* octets, std::streamsize count) override;
    int sync() override;

private:
    bool write(const char* octets, std::size_t count);
    bool write_buffer();

    int fd_;
    int error_ = 0;
    std::array<char, 16384> buffer_{};
};

} // namespace dsmip::streams
