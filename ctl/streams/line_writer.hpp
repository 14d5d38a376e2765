// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of a log to whatever reads them, without ever waiting for it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dsmip::streams {

/// Writes whole lines to a descriptor that it does not own. A line that the far end has no room
/// for, or that cannot be written, is lost and counted; the next one that is written follows a
/// line that tells how many were.
///
/// A process that writes to a pipe, a terminal or a socket stands still when nobody reads
/// (a stopped logger, Ctrl-S); a daemon must not. Needs ignore_write_signals().
class LineWriter {
public:
    explicit LineWriter(int fd);
    LineWriter(const LineWriter&) = delete;
    LineWriter& operator=(const LineWriter&) = delete;
    ~LineWriter();

    /// `line` ends with its newline.
    void write(std::string_view line);

    /// Lines lost since the start.
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

private:
    enum class Kind : std::uint8_t {
        file,         ///< never waits
        socket,       ///< is asked not to
        non_blocking, ///< a pipe or terminal, opened anew
        polled,       ///< one that could not be opened anew
    };

    /// False: nothing of it could be written. What does not fit after its beginning is kept.
    bool put(std::string_view text);
    std::size_t write_some(std::string_view text);

    int fd_;
    int own_ = -1; ///< opened by this object
    Kind kind_ = Kind::file;
    std::string rest_; ///< of a line that was written in part
    std::uint64_t lost_ = 0;
    std::uint64_t told_ = 0;
};

} // namespace dsmip::streams
