// SPDX-License-Identifier: GPL-2.0-or-later
// Output arrives as a whole, or the program knows why not.
#include <catch2/catch.hpp>

#include <cerrno>
#include <ostream>
#include <sstream>
#include <thread>

#include "pipes.hpp"
#include "streams/standard_streams.hpp"

namespace dsmip::streams {

using namespace test;

namespace {

struct End {
    int status = 0;
    std::string message;
};

End finish(OutputBuffer& output, int status = 0) {
    std::ostringstream err;
    const int result = finish_output(output, err, "program", status, 7);
    return {result, err.str()};
}

} // namespace

TEST_CASE("output that arrives leaves the status as it is", "[output]") {
    Pipe pipe;
    OutputBuffer output(pipe.writer());
    std::ostream out(&output);
    out << "one " << 2 << '\n' << std::flush;
    CHECK(pipe.read() == "one 2\n");
    out << "rest";
    CHECK(finish(output, 3).status == 3);
    CHECK(pipe.read() == "rest");
}

TEST_CASE("a full disk is an error with a message", "[output]") {
    const File full("/dev/full", O_WRONLY);
    for (const std::size_t size : {1U, 100000U}) {
        OutputBuffer output(full.fd());
        std::ostream out(&output);
        out << std::string(size, 'x');
        const auto end = finish(output);
        CHECK(end.status == 7);
        CHECK(end.message == "program: standard output: No space left on device\n");
    }
    OutputBuffer output(full.fd());
    std::ostream(&output) << "x";
    CHECK(finish(output, 3).status == 3); // why the command failed comes first
}

TEST_CASE("a reader that went away is no reason for a message", "[output]") {
    const IgnoredSigpipe ignored;
    Pipe pipe;
    pipe.close_reader();
    OutputBuffer output(pipe.writer());
    std::ostream(&output) << "x";
    const auto end = finish(output);
    CHECK(end.status == 7);
    CHECK(end.message.empty());
}

TEST_CASE("nothing follows what failed", "[output]") {
    const IgnoredSigpipe ignored;
    Pipe pipe;
    OutputBuffer output(pipe.writer());
    std::ostream out(&output);
    pipe.close_reader();
    out << "{\"half\":" << std::flush;
    CHECK(output.error() == EPIPE);
    CHECK_FALSE(out);
    out.clear();
    out << "1}" << std::flush;
    CHECK_FALSE(out);
}

TEST_CASE("a non-blocking output gets everything", "[output]") {
    Pipe pipe;
    REQUIRE(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK) == 0);
    std::string wanted;
    for (int i = 0; wanted.size() < 1'000'000; ++i) {
        wanted += std::to_string(i) + "\n";
    }
    OutputBuffer output(pipe.writer());
    std::thread writer([&] {
        std::ostream out(&output);
        out << wanted << std::flush;
    });
    std::string got;
    while (got.size() < wanted.size()) {
        got += pipe.read();
    }
    writer.join();
    CHECK(got == wanted);
    CHECK(output.error() == 0);
}

TEST_CASE("small pieces and large ones stay in order", "[output]") {
    Pipe pipe;
    OutputBuffer output(pipe.writer());
    std::ostream out(&output);
    std::string wanted;
    for (const std::size_t size : {1U, 16383U, 1U, 16384U, 20000U, 3U}) {
        const std::string piece(size, static_cast<char>('a' + size % 26));
        wanted += piece;
        out << piece;
        out.put('|');
        wanted += '|';
    }
    out << std::flush;
    CHECK(pipe.read() == wanted);
}

} // namespace dsmip::streams
