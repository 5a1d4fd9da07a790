// Finding out whether a TCP port can be listened on, before a library that ends the process when it
// cannot is told to.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace millwright::engine {

/// Binds and releases `port` (0: any free one) on a numeric address and gives its number.
/// `already_exists`: something listens there; `invalid_input`: not an address of this machine;
/// `refused`: the port may not be used by this user. (listen_port_adapter.cpp)
Result<std::uint16_t> probe_listen_port(const std::string& host, std::uint16_t port);

}  // namespace millwright::engine
