// SPDX-License-Identifier: GPL-2.0-or-later
// A log never waits for its reader, and tells what it lost.
#include <catch2/catch.hpp>

#include <algorithm>

#include <sys/socket.h>

#include "pipes.hpp"
#include "streams/line_writer.hpp"

namespace dsmip::streams {

using namespace test;

namespace {

std::string line(int number) {
    return "line " + std::to_string(number) + std::string(90, '.') + "\n";
}

/// Fills what is behind the writer, has it read, and goes on.
template<class Read>
void check_stalled_reader(LineWriter& writer, Read read) {
    int written = 0;
    while (writer.lost() < 100) {
        writer.write(line(written++));
        REQUIRE(written < 1'000'000);
    }
    std::string text;
    for (std::string more = read(); !more.empty(); more = read()) {
        text += more;
    }
    writer.write("after it\n");
    writer.write("and more\n");
    for (std::string more = read(); !more.empty(); more = read()) {
        text += more;
    }
    std::string wanted;
    for (int i = 0; i < written - 100; ++i) {
        wanted += line(i);
    }
    wanted += "100 lines were lost here\nafter it\nand more\n";
    const auto place = static_cast<std::size_t>(
        std::mismatch(text.begin(), text.end(), wanted.begin(), wanted.end()).first - text.begin());
    INFO("differs at " << place << " of " << text.size() << ": " << text.substr(place, 200));
    CHECK((text == wanted));
    CHECK(writer.lost() == 100);
}

} // namespace

TEST_CASE("a pipe that nobody reads loses lines, whole ones", "[log]") {
    Pipe pipe;
    LineWriter writer(pipe.writer());
    check_stalled_reader(writer, [&] { return pipe.read(); });
    // Whoever shares the pipe finds it as it was.
    CHECK((::fcntl(pipe.writer(), F_GETFL) & O_NONBLOCK) == 0);
}

TEST_CASE("so does a socket, as the journal's is", "[log]") {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    LineWriter writer(ends[1]);
    check_stalled_reader(writer, [&] {
        std::array<char, 4096> chunk{};
        const auto count = ::recv(ends[0], chunk.data(), chunk.size(), MSG_DONTWAIT);
        return std::string(chunk.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
    });
    ::close(ends[0]);
    writer.write("nobody is there\n");
    CHECK(writer.lost() == 101);
    ::close(ends[1]);
}

TEST_CASE("a reader that went away, a full disk and a closed descriptor only cost lines", "[log]") {
    const IgnoredSigpipe ignored;
    Pipe pipe;
    LineWriter to_pipe(pipe.writer());
    to_pipe.write(line(1));
    pipe.close_reader();
    to_pipe.write(line(2));
    to_pipe.write(line(3));
    CHECK(to_pipe.lost() == 2);

    const File full("/dev/full", O_WRONLY);
    LineWriter to_full(full.fd());
    to_full.write(line(1));
    CHECK(to_full.lost() == 1);

    LineWriter to_nothing(-1);
    to_nothing.write(line(1));
    CHECK(to_nothing.lost() == 1);
}

TEST_CASE("a line longer than a pipe is written in parts", "[log]") {
    Pipe pipe;
    LineWriter writer(pipe.writer());
    const std::string longer = std::string(100'000, 'x') + "\n";
    writer.write(longer);
    std::string text = pipe.read();
    CHECK(text.size() < longer.size());
    writer.write("next\n");
    text += pipe.read();
    CHECK(text == longer + "next\n");
    CHECK(writer.lost() == 0);
}

} // namespace dsmip::streams
