// SPDX-License-Identifier: GPL-2.0-or-later
// Lines and JSON.
#include "cli/printer.hpp"

#include <utility>

namespace dsmip::cli {

namespace {

std::string dump(const Json& value) {
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string scalar_text(const Json& value) {
    return value.is_string() ? value.get<std::string>() : dump(value);
}

/// The members of one element of an array, on one line.
std::string element_line(const Json& element) {
    std::string line;
    for (const auto& [name, part] : element.items()) {
        line += fmt::format("{}{}{}", line.empty() ? "" : " ",
                            element.is_object() ? name + " " : "", scalar_text(part));
    }
    return line;
}

/// `value` as "key value" lines.
void append_lines(std::string& out, const Json& value, std::size_t indent) {
    const std::string margin(indent, ' ');
    if (!value.is_structured()) {
        out += margin + scalar_text(value) + "\n";
    } else if (value.is_array()) {
        for (const Json& element : value) {
            out += margin +
                   (element.is_structured() ? element_line(element) : scalar_text(element)) + "\n";
        }
    } else {
        for (const auto& [name, member] : value.items()) {
            if (member.empty()) { // also null
                continue;
            }
            if (member.is_structured()) {
                out += fmt::format("{}{}:\n", margin, name);
                append_lines(out, member, indent + 4);
            } else {
                out += fmt::format("{}{} {}\n", margin, name, scalar_text(member));
            }
        }
    }
}

} // namespace

void Printer::words(std::string_view text) {
    if (text.empty() || format_ == Format::json) {
        return;
    }
    if (!at_line_start_) {
        out_ += ' ';
    }
    out_ += text;
    at_line_start_ = false;
}

void Printer::new_line(int indent) {
    if (format_ == Format::json) {
        return;
    }
    out_ += '\n';
    out_.append(static_cast<std::size_t>(indent), ' ');
    at_line_start_ = true;
}

void Printer::end_line() {
    if (!out_.empty() && out_.back() != '\n') {
        out_ += '\n';
    }
    at_line_start_ = true;
}

void Printer::end_item(const Json& object) {
    if (format_ == Format::text) {
        end_line();
        return;
    }
    // Written at once: a dump of a million bindings is never held as a tree.
    out_ += out_.empty() ? "" : ",";
    out_ += dump(object);
}

void Printer::json_value(const Json& value) {
    if (format_ == Format::json) {
        out_ = dump(value);
        whole_ = true;
        return;
    }
    append_lines(out_, value, 0);
    at_line_start_ = true;
}

std::string Printer::finish() {
    if (format_ == Format::text) {
        end_line();
        return std::move(out_);
    }
    return whole_ ? out_ + "\n" : "[" + out_ + "]\n";
}

std::string Printer::take_item() {
    if (format_ == Format::json && !out_.empty()) {
        out_ += '\n';
    }
    at_line_start_ = true;
    return std::exchange(out_, {});
}

} // namespace dsmip::cli
