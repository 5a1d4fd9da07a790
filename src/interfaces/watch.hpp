// The live screen of `millwright watch`: last values in a terminal table that renews itself.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "interfaces/json.hpp"

namespace millwright::interfaces {

struct WatchScreen {
  std::string title;  ///< pattern and hub
  Duration interval = std::chrono::seconds(1);
  std::function<Result<Json>()> fetch;  ///< answer of /api/v1/last; called on a thread of its own
};

/// Shows until `q`, Escape or Ctrl-C; arrows and page keys scroll. While the hub does not answer,
/// the old values stay, marked as stale. (watch_adapter.cpp, FTXUI)
Result<void> watch_screen(const WatchScreen& screen);

}  // namespace millwright::interfaces
