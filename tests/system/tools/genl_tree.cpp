// SPDX-License-Identifier: GPL-2.0-or-later
#include "genl_tree.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <arpa/inet.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dsmip::tools {

namespace {

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "%s: %s\n", what, strerror(errno));
    std::exit(2);
}

std::uint64_t number_of(const Attribute& attribute) {
    std::uint64_t value = 0;
    std::memcpy(&value, attribute.payload.data(),
                std::min<std::size_t>(attribute.payload.size(), 8));
    return value;
}

void put(Bytes& out, std::size_t at, std::uint16_t value) {
    std::memcpy(out.data() + at, &value, sizeof value);
}

AttributeRule rule_of(const Attribute& description) {
    AttributeRule rule;
    for (const Attribute& item : description.children) {
        const std::uint64_t value = number_of(item);
        switch (item.type) {
        case NL_POLICY_TYPE_ATTR_TYPE:
            rule.kind = static_cast<std::uint32_t>(value);
            break;
        case NL_POLICY_TYPE_ATTR_MIN_VALUE_U:
        case NL_POLICY_TYPE_ATTR_MIN_VALUE_S:
            rule.min = value;
            break;
        case NL_POLICY_TYPE_ATTR_MAX_VALUE_U:
        case NL_POLICY_TYPE_ATTR_MAX_VALUE_S:
            rule.max = value;
            break;
        case NL_POLICY_TYPE_ATTR_MIN_LENGTH:
            rule.min_length = static_cast<std::uint32_t>(value);
            break;
        case NL_POLICY_TYPE_ATTR_MAX_LENGTH:
            rule.max_length = static_cast<std::uint32_t>(value);
            break;
        case NL_POLICY_TYPE_ATTR_POLICY_IDX:
            rule.policy = static_cast<std::uint32_t>(value);
            break;
        case NL_POLICY_TYPE_ATTR_BITFIELD32_MASK:
        case NL_POLICY_TYPE_ATTR_MASK:
            rule.mask = value;
            break;
        default:
            break;
        }
    }
    return rule;
}

/// Parses as if every attribute could be a nest, for messages of the kernel that leave out the
/// flag.
void open_nests(std::vector<Attribute>& attributes, int depth) {
    for (Attribute& attribute : attributes) {
        if (!attribute.nested) {
            attribute.children = parse(attribute.payload);
        }
        if (depth > 1) {
            open_nests(attribute.children, depth - 1);
        }
    }
}

} // namespace

Attribute nest(std::uint16_t type, std::vector<Attribute> children) {
    return {.type = type, .nested = true, .children = std::move(children)};
}

Attribute address(std::uint16_t type, const char* text) {
    Attribute attribute{.type = type, .payload = Bytes(16)};
    if (inet_pton(AF_INET6, text, attribute.payload.data()) == 1) {
        return attribute;
    }
    attribute.payload.resize(4);
    if (inet_pton(AF_INET, text, attribute.payload.data()) != 1) {
        std::fprintf(stderr, "not an address: %s\n", text);
        std::exit(2);
    }
    return attribute;
}

void serialise(std::span<const Attribute> attributes, Bytes& out) {
    for (const Attribute& attribute : attributes) {
        const std::size_t begin = out.size();
        out.resize(begin + NLA_HDRLEN);
        if (attribute.nested) {
            serialise(attribute.children, out);
        } else {
            out.insert(out.end(), attribute.payload.begin(), attribute.payload.end());
        }
        const auto length = static_cast<std::uint16_t>(out.size() - begin);
        put(out, begin, attribute.false_length.value_or(length));
        put(out, begin + 2,
            static_cast<std::uint16_t>(attribute.type | attribute.extra_flags |
                                       (attribute.nested ? NLA_F_NESTED : 0)));
        out.resize(begin + NLA_ALIGN(out.size() - begin));
    }
}

std::vector<Attribute> parse(std::span<const std::uint8_t> data) {
    std::vector<Attribute> attributes;
    while (data.size() >= NLA_HDRLEN) {
        nlattr header{};
        std::memcpy(&header, data.data(), sizeof header);
        if (header.nla_len < NLA_HDRLEN || header.nla_len > data.size()) {
            break;
        }
        const auto payload = data.subspan(NLA_HDRLEN, header.nla_len - NLA_HDRLEN);
        Attribute& attribute = attributes.emplace_back();
        attribute.type = header.nla_type & NLA_TYPE_MASK;
        attribute.nested = header.nla_type & NLA_F_NESTED;
        if (attribute.nested) {
            attribute.children = parse(payload);
        } else {
            attribute.payload.assign(payload.begin(), payload.end());
        }
        data = data.subspan(std::min<std::size_t>(NLA_ALIGN(header.nla_len), data.size()));
    }
    return attributes;
}

const Attribute* find(std::span<const Attribute> attributes, std::uint16_t type) {
    for (const Attribute& attribute : attributes) {
        if (attribute.type == type) {
            return &attribute;
        }
    }
    return nullptr;
}

std::uint32_t u32_of(const Attribute* attribute, std::uint32_t otherwise) {
    return attribute == nullptr ? otherwise : static_cast<std::uint32_t>(number_of(*attribute));
}

GenlSocket::GenlSocket(const char* family)
    : name_(family)
    , buffer_(1 << 17) {
    fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
    sockaddr_nl local{};
    local.nl_family = AF_NETLINK;
    if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&local), sizeof local) != 0) {
        give_up("netlink socket");
    }
    const int one = 1;
    const int room = 1 << 20;
    setsockopt(fd_, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof one);
    setsockopt(fd_, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof one);
    setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (!find_again()) {
        give_up(family);
    }
}

bool GenlSocket::find_again() {
    Request request{.command = CTRL_CMD_GETFAMILY};
    request.attributes.push_back(
        {.type = CTRL_ATTR_FAMILY_NAME,
         .payload = Bytes(name_.c_str(), name_.c_str() + name_.size() + 1)});
    const Answer answer = ask_family(GENL_ID_CTRL, request);
    if (answer.error != 0 || answer.replies.empty()) {
        errno = answer.error;
        return false;
    }
    auto attributes = answer.replies.front().attributes;
    family_ = static_cast<std::uint16_t>(u32_of(find(attributes, CTRL_ATTR_FAMILY_ID)));
    open_nests(attributes, 3);
    if (const Attribute* groups = find(attributes, CTRL_ATTR_MCAST_GROUPS)) {
        for (const Attribute& group : groups->children) {
            const Attribute* name = find(group.children, CTRL_ATTR_MCAST_GRP_NAME);
            if (name != nullptr && !name->payload.empty()) {
                groups_[reinterpret_cast<const char*>(name->payload.data())] =
                    u32_of(find(group.children, CTRL_ATTR_MCAST_GRP_ID));
            }
        }
    }
    return true;
}

GenlSocket::~GenlSocket() {
    close(fd_);
}

int GenlSocket::join(const char* group) {
    const auto found = groups_.find(group);
    if (found == groups_.end()) {
        return ENOENT;
    }
    const std::uint32_t id = found->second;
    return setsockopt(fd_, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &id, sizeof id) == 0 ? 0 : errno;
}

Policies GenlSocket::policies() {
    Policies policies;
    Request request{.command = CTRL_CMD_GETPOLICY, .flags = NLM_F_DUMP};
    request.attributes.push_back(scalar<std::uint16_t>(CTRL_ATTR_FAMILY_ID, family_));
    Answer answer = ask_family(GENL_ID_CTRL, request);
    for (Reply& reply : answer.replies) {
        open_nests(reply.attributes, 4);
        if (const Attribute* operations = find(reply.attributes, CTRL_ATTR_OP_POLICY)) {
            for (const Attribute& operation : operations->children) {
                const auto command = static_cast<std::uint8_t>(operation.type);
                if (const auto* table = find(operation.children, CTRL_ATTR_POLICY_DO)) {
                    policies.requests[command] = u32_of(table);
                }
                if (const auto* table = find(operation.children, CTRL_ATTR_POLICY_DUMP)) {
                    policies.dumps[command] = u32_of(table);
                }
            }
        }
        if (const Attribute* tables = find(reply.attributes, CTRL_ATTR_POLICY)) {
            for (const Attribute& table : tables->children) {
                for (const Attribute& entry : table.children) {
                    policies.tables[table.type][entry.type] = rule_of(entry);
                }
            }
        }
    }
    return policies;
}

Bytes GenlSocket::message(std::uint16_t family, const Request& request,
                          std::uint32_t sequence) const {
    Bytes out(NLMSG_HDRLEN + GENL_HDRLEN);
    genlmsghdr generic{
        .cmd = request.command, .version = request.version, .reserved = request.reserved};
    std::memcpy(out.data() + NLMSG_HDRLEN, &generic, sizeof generic);
    serialise(request.attributes, out);
    nlmsghdr header{};
    header.nlmsg_len = static_cast<std::uint32_t>(out.size());
    header.nlmsg_type = family;
    header.nlmsg_flags = static_cast<std::uint16_t>(request.flags | NLM_F_REQUEST);
    header.nlmsg_seq = sequence;
    std::memcpy(out.data(), &header, sizeof header);
    return out;
}

Bytes GenlSocket::message(const Request& request, std::uint32_t sequence) const {
    return message(family_, request, sequence);
}

int GenlSocket::send(std::span<const std::uint8_t> data) {
    while (::send(fd_, data.data(), data.size(), 0) < 0) {
        if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

std::vector<Reply> GenlSocket::receive(bool wait) {
    std::vector<Reply> replies;
    for (;;) {
        const ssize_t size = recv(fd_, buffer_.data(), buffer_.size(), wait ? 0 : MSG_DONTWAIT);
        if (size < 0 && (errno == EINTR || errno == ENOBUFS)) {
            continue;
        }
        if (size <= 0) {
            return replies;
        }
        std::span<const std::uint8_t> data(buffer_.data(), static_cast<std::size_t>(size));
        while (data.size() >= NLMSG_HDRLEN) {
            nlmsghdr header{};
            std::memcpy(&header, data.data(), sizeof header);
            if (header.nlmsg_len < NLMSG_HDRLEN || header.nlmsg_len > data.size()) {
                break;
            }
            Reply& reply = replies.emplace_back();
            reply.sequence = header.nlmsg_seq;
            reply.type = header.nlmsg_type;
            reply.flags = header.nlmsg_flags;
            const auto body = data.subspan(NLMSG_HDRLEN, header.nlmsg_len - NLMSG_HDRLEN);
            if (header.nlmsg_type == NLMSG_ERROR || header.nlmsg_type == NLMSG_DONE) {
                if (body.size() >= sizeof(int)) {
                    std::memcpy(&reply.error, body.data(), sizeof(int));
                    reply.error = reply.error < 0 ? -reply.error : 0;
                }
                if (header.nlmsg_type == NLMSG_ERROR && body.size() >= sizeof(nlmsgerr)) {
                    nlmsgerr about{};
                    std::memcpy(&about, body.data(), sizeof about);
                    reply.of_family = about.msg.nlmsg_type == family_ &&
                                      (about.msg.nlmsg_flags & NLM_F_REQUEST) != 0;
                }
            } else if (body.size() >= GENL_HDRLEN) {
                reply.of_family = header.nlmsg_type == family_;
                reply.command = body[0];
                reply.attributes = parse(body.subspan(GENL_HDRLEN));
            }
            data = data.subspan(std::min<std::size_t>(NLMSG_ALIGN(header.nlmsg_len), data.size()));
        }
        if (wait) {
            return replies;
        }
    }
}

Answer GenlSocket::ask_family(std::uint16_t family, Request request) {
    Answer answer;
    if ((request.flags & NLM_F_DUMP) != NLM_F_DUMP) {
        request.flags |= NLM_F_ACK;
    }
    const std::uint32_t sequence = next_sequence();
    answer.error = send(message(family, request, sequence));
    while (answer.error == 0) {
        for (Reply& reply : receive(true)) {
            if (reply.sequence != sequence) {
                continue;
            }
            answer.interrupted |= (reply.flags & NLM_F_DUMP_INTR) != 0;
            if (reply.type == NLMSG_ERROR || reply.type == NLMSG_DONE) {
                answer.error = reply.error;
                return answer;
            }
            answer.replies.push_back(std::move(reply));
        }
    }
    return answer;
}

Answer GenlSocket::ask(Request request) {
    return ask_family(family_, std::move(request));
}

} // namespace dsmip::tools
