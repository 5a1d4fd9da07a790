// The live terminal table of `millwright watch`, by FTXUI. A thread asks the hub; the screen's own
// loop draws what was last heard.
#include <algorithm>
#include <condition_variable>
#include <ftxui/component/component.hpp>
#include <ftxui/component/event.hpp>
#include <ftxui/component/screen_interactive.hpp>
#include <ftxui/dom/elements.hpp>
#include <ftxui/screen/terminal.hpp>
#include <mutex>
#include <thread>

#include "base/format.hpp"
#include "interfaces/client_verbs.hpp"
#include "interfaces/watch.hpp"

namespace millwright::interfaces {

namespace {

/// What the asking thread last heard, for the drawing one.
struct Heard {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::vector<Json>> rows;
  std::string now;
  std::string trouble;
  bool ends = false;
};

/// Lets the asking thread end, however the screen ended.
struct Ending {
  Heard& heard;
  ~Ending() {
    {
      const std::lock_guard lock(heard.mutex);
      heard.ends = true;
    }
    heard.changed.notify_all();
  }
};

void listen(const WatchScreen& watch, Heard& heard, ftxui::ScreenInteractive& screen) {
  while (true) {
    auto answer = watch.fetch();
    {
      std::unique_lock lock(heard.mutex);
      if (answer) {
        heard.rows = watch_rows(*answer);
        heard.now = (*answer)["now"].string();
        heard.trouble.clear();
      } else {
        heard.trouble = answer.error().message();
      }
      screen.PostEvent(ftxui::Event::Custom);
      if (heard.changed.wait_for(lock, watch.interval, [&] { return heard.ends; })) return;
    }
  }
}

ftxui::Element quality_text(const std::string& text) {
  auto element = ftxui::text(text);
  if (text.starts_with("bad")) return element | ftxui::color(ftxui::Color::Red);
  if (text.starts_with("uncertain")) return element | ftxui::color(ftxui::Color::Yellow);
  return element | ftxui::color(ftxui::Color::Green);
}

ftxui::Element draw(const WatchScreen& watch, Heard& heard, std::size_t& first) {
  const std::lock_guard lock(heard.mutex);
  const int height = std::max(1, ftxui::Terminal::Size().dimy - 4);
  const auto shown = static_cast<std::size_t>(height);
  first = std::min(first, heard.rows.size() > shown ? heard.rows.size() - shown : 0);
  std::vector<ftxui::Elements> columns(watch_headers.size());
  for (std::size_t c = 0; c < columns.size(); ++c) {
    columns[c].push_back(ftxui::text(watch_headers[c]) | ftxui::bold);
    for (std::size_t r = first; r < std::min(heard.rows.size(), first + shown); ++r) {
      const std::string text = heard.rows[r][c].text();
      auto cell = c == 3 ? quality_text(text) : ftxui::text(text);
      columns[c].push_back(c == 1 || c == 4 ? ftxui::align_right(std::move(cell))
                                            : std::move(cell));
    }
  }
  ftxui::Elements table;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    if (c > 0) table.push_back(ftxui::text("  "));
    table.push_back(ftxui::vbox(std::move(columns[c])));
  }
  auto state = heard.trouble.empty()
                   ? ftxui::text(heard.now) | ftxui::dim
                   : ftxui::text("stale since " + heard.now + ": " + heard.trouble) |
                         ftxui::color(ftxui::Color::Red);
  auto body = ftxui::hbox(std::move(table));
  if (!heard.trouble.empty()) body = body | ftxui::dim;
  return ftxui::vbox(
      {ftxui::hbox({ftxui::text(watch.title) | ftxui::bold, ftxui::filler(), std::move(state)}),
       std::move(body) | ftxui::flex,
       ftxui::text(fmt::format("{} to {} of {} series   q quits, arrows scroll",
                               heard.rows.empty() ? 0 : first + 1,
                               std::min(heard.rows.size(), first + shown), heard.rows.size())) |
           ftxui::dim});
}

bool scroll(const ftxui::Event& event, std::size_t& first) {
  constexpr std::size_t page = 20;
  if (event == ftxui::Event::ArrowDown)
    first += 1;
  else if (event == ftxui::Event::PageDown)
    first += page;
  else if (event == ftxui::Event::ArrowUp)
    first -= std::min<std::size_t>(first, 1);
  else if (event == ftxui::Event::PageUp)
    first -= std::min(first, page);
  else
    return false;
  return true;
}

}  // namespace

Result<void> watch_screen(const WatchScreen& watch) {
  try {
    auto screen = ftxui::ScreenInteractive::Fullscreen();
    Heard heard;
    std::size_t first = 0;
    auto view = ftxui::Renderer([&] { return draw(watch, heard, first); });
    auto root = ftxui::CatchEvent(view, [&](const ftxui::Event& event) {
      if (event == ftxui::Event::Character('q') || event == ftxui::Event::Escape) {
        screen.Exit();
        return true;
      }
      return scroll(event, first);
    });
    std::jthread asking([&] { listen(watch, heard, screen); });
    const Ending ending{heard};
    screen.Loop(root);
    return {};
  } catch (const std::exception& error) {
    return fail(Code::internal, fmt::format("the terminal view failed: {}", error.what()));
  }
}

}  // namespace millwright::interfaces
