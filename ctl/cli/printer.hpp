// SPDX-License-Identifier: GPL-2.0-or-later
// One description of the output, two forms: lines for people or JSON for programs. Every value is
// given once, with its key and its words, so the two cannot drift apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace dsmip::cli {

using Json = nlohmann::ordered_json;

class Printer {
public:
    enum class Format { text, json };
    explicit Printer(Format format)
        : format_(format) {}
    Printer(const Printer&) = delete;
    Printer& operator=(const Printer&) = delete;

    /// JSON: everything until the end of `fill` becomes an object in the outermost array. Text:
    /// ends the line afterwards.
    template<class Fill>
    void item(Fill&& fill) {
        Json object = Json::object();
        enter(object, fill);
        end_item(object);
    }
    /// JSON: member `key`, an array of the elements that `fill` makes. Text: no trace.
    template<class Fill>
    void array(std::string_view key, Fill&& fill) {
        Json elements = Json::array();
        enter(elements, fill);
        json_field(key, std::move(elements));
    }
    /// JSON: everything until the end of `fill` becomes an element of `array`. Text: no trace.
    template<class Fill>
    void element(Fill&& fill) {
        Json object = Json::object();
        enter(object, fill);
        if (format_ == Format::json) {
            current_->push_back(std::move(object));
        }
    }
    /// JSON: member `key` with the members that `fill` writes. Text: no trace.
    template<class Fill>
    void object(std::string_view key, Fill&& fill) {
        Json members = Json::object();
        enter(members, fill);
        json_field(key, std::move(members));
    }

    /// JSON: member `key`. Text: the words `pattern`, with one {} for the value.
    template<class Value>
    void field(std::string_view key, std::string_view pattern, const Value& value) {
        field(key, pattern, value, value);
    }
    /// The same where people and programs get the value in different units.
    template<class Value, class Shown>
    void field(std::string_view key, std::string_view pattern, const Value& value,
               const Shown& shown) {
        json_field(key, value);
        words(fmt::format(fmt::runtime(pattern), shown));
    }
    /// Only in JSON.
    template<class Value>
    void json_field(std::string_view key, Value&& value) {
        if (format_ == Format::json) {
            (*current_)[std::string(key)] = std::forward<Value>(value);
        }
    }
    /// Only in text: words, set off by a blank.
    void words(std::string_view text);
    /// Only in text: a new line, set in by `indent` blanks.
    void new_line(int indent);

    /// A whole value of unknown shape, e.g. from the daemon. JSON: that value. Text: its members
    /// become "key value" lines.
    void json_value(const Json& value);

    /// Everything, with a newline at the end; empty if text and nothing was printed. No item is
    /// "[]".
    [[nodiscard]] std::string finish();
    /// The item on a line of its own, for a stream of events; forgets it.
    [[nodiscard]] std::string take_item();

private:
    template<class Fill>
    void enter(Json& value, Fill&& fill) {
        Json* const outer = std::exchange(current_, &value);
        fill();
        current_ = outer;
    }
    void end_item(const Json& object);
    void end_line();

    Format format_;
    Json* current_ = nullptr; // what members go to
    std::string out_;         // lines, or items that are done with commas between
    bool at_line_start_ = true;
    bool whole_ = false; // out_ is one JSON value, not items of an array
};

} // namespace dsmip::cli
