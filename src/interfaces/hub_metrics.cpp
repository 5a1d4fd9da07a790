// The hub's numbers in the text format of Prometheus (exposition format 0.0.4).
#include "base/format.hpp"
#include "interfaces/hub_api_core.hpp"

namespace millwright::interfaces {

namespace {

class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void value(double number) { out_ += fmt::format("{} {}\n", name_, number); }
  void value(std::uint64_t number) { out_ += fmt::format("{} {}\n", name_, number); }
  /// One sample with labels; their values are escaped here.
  template <typename T>
  void value(std::initializer_list<std::pair<std::string_view, std::string_view>> labels,
             T number) {
    std::string text;
    for (const auto& [label, content] : labels) {
      text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, escaped(content));
    }
    out_ += fmt::format("{}{{{}}} {}\n", name_, text, number);
  }
  template <typename T>
  void one(std::string_view name, std::string_view type, std::string_view help, T number) {
    family(name, type, help);
    value(number);
  }
  std::string take() { return std::move(out_); }

 private:
  static std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
      if (c == '\n')
        out += "\\n";
      else if (c == '\\' || c == '"')
        (out += '\\') += c;
      else
        out += c;
    }
    return out;
  }
  std::string name_;
  std::string out_;
};

void producer_metrics(Exposition& out, const std::vector<ProducerView>& views) {
  const auto each = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto number) {
    out.family(name, type, help);
    for (const auto& view : views) {
      out.value({{"site", view.status.id.site}, {"edge", view.status.id.edge}}, number(view));
    }
  };
  each("millwright_producer_online", "gauge", "1 when known to be online.",
       [](const auto& v) { return v.presence == Presence::online ? 1 : 0; });
  each("millwright_producer_waiting_samples", "gauge",
       "Samples in the producer's buffer, not yet acknowledged.",
       [](const auto& v) { return v.status.samples_waiting; });
  each("millwright_producer_waiting_bytes", "gauge", "Bytes in the producer's buffer.",
       [](const auto& v) { return v.status.bytes_waiting; });
  each("millwright_producer_stored_samples_total", "counter", "Durable samples.",
       [](const auto& v) { return v.stored; });
  each("millwright_producer_lost_samples_total", "counter", "Declared losses.",
       [](const auto& v) { return v.lost; });
  each("millwright_producer_gaps_total", "counter",
       "Runs refused because something before them was missing.",
       [](const auto& v) { return v.status.gaps; });
}

}  // namespace

HttpResponse HubApi::Core::metrics() const {
  const auto status = hub_.status();
  const auto all = views(status);
  const auto stats = historian_.stats();
  std::uint64_t unexplained = 0, duplicates = 0;
  for (const auto& view : all) unexplained += view.unexplained, duplicates += view.duplicates;
  Exposition out;
  out.one("millwright_hub_online", "gauge", "1 when the link to the broker is up.",
          std::uint64_t{status.online});
  out.one("millwright_hub_messages_total", "counter", "Messages taken from the broker.",
          status.messages);
  out.one("millwright_hub_samples_total", "counter", "Samples taken by this process.",
          status.samples);
  out.one("millwright_hub_undecodable_total", "counter", "Envelopes that did not decode.",
          status.undecodable);
  out.one("millwright_ledger_unexplained_samples", "gauge",
          "Samples neither stored nor declared lost.", unexplained);
  out.one("millwright_ledger_duplicates_total", "counter", "Samples that arrived again.",
          duplicates);
  out.one("millwright_historian_commits_total", "counter", "Group commits.", stats.commits);
  out.one("millwright_historian_rows_committed_total", "counter", "Rows made durable since start.",
          stats.rows_committed);
  out.one("millwright_historian_rows_hot", "gauge", "Rows not yet sealed.", stats.rows_hot);
  out.one("millwright_historian_rows_sealed", "gauge", "Rows in segments.", stats.rows_sealed);
  out.one("millwright_historian_segments", "gauge", "Segments.", stats.segments);
  out.one("millwright_historian_segment_bytes", "gauge", "Bytes of segments.", stats.segment_bytes);
  out.one("millwright_historian_log_bytes", "gauge", "Bytes of log not yet sealed.",
          stats.log_bytes);
  out.one("millwright_historian_series", "gauge", "Known series.", stats.series);
  out.one("millwright_historian_rows_hot_max", "gauge",
          "Rows not yet sealed above which no more are taken.", stats.rows_hot_max);
  out.one("millwright_historian_damages", "gauge", "Damage found.",
          std::uint64_t{historian_.damages().size()});
  if (options_.resident_bytes) {
    out.one("process_resident_memory_bytes", "gauge", "Resident memory of this process.",
            options_.resident_bytes());
  }
  out.family("millwright_sparkplug_problems_total", "counter",
             "What the host session found wrong, by kind.");
  for (const auto& [name, count] : status.problems) out.value({{"problem", name}}, count);
  producer_metrics(out, all);
  return {200, "text/plain; version=0.0.4; charset=utf-8", out.take(), {}};
}

}  // namespace millwright::interfaces
