// Cells to samples. Bad data is data: a cell that is not of its type is a sample without value and
// with the reason; only a row without shape, key or time is left out, counted and reported.
#include "fabric/drivers/replay_reader.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <utility>

#include "base/format.hpp"
#include "base/id.hpp"

namespace millwright::drivers {
namespace {

using ontology::Column;
using ontology::DataType;
using ontology::Quality;
using ontology::Reason;

Problem problem_at(std::string path, std::string what, std::string remedy) {
  return {{{}, 0, 0, std::move(path)}, std::move(what), {}, {}, std::move(remedy)};
}

struct IntegerRange {
  std::int64_t low;
  std::int64_t high;
};
template <typename T>
constexpr IntegerRange range_of() {
  return {std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
}
IntegerRange integer_range(DataType type) {
  switch (type) {
    case DataType::int8:
      return range_of<std::int8_t>();
    case DataType::int16:
      return range_of<std::int16_t>();
    case DataType::int32:
      return range_of<std::int32_t>();
    case DataType::uint8:
      return range_of<std::uint8_t>();
    case DataType::uint16:
      return range_of<std::uint16_t>();
    case DataType::uint32:
      return range_of<std::uint32_t>();
    case DataType::uint64:
      return {0, std::numeric_limits<std::int64_t>::max()};
    case DataType::boolean:
      return {0, 1};
    default:
      return range_of<std::int64_t>();
  }
}

std::optional<bool> parse_boolean(std::string_view text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  return std::nullopt;
}

void check_metrics(const ReplaySpec& spec, std::vector<Problem>& problems) {
  std::set<std::string_view> names;
  if (spec.metrics.empty()) {
    problems.push_back(problem_at("metrics", "no metric is declared", "name at least one column"));
  }
  for (std::size_t i = 0; i < spec.metrics.size(); ++i) {
    const auto& metric = spec.metrics[i];
    const auto path = fmt::format("metrics[{}]", i);
    if (metric.name.empty()) {
      problems.push_back(problem_at(path + ".name", "the metric has no name", "give it one"));
    } else if (!names.insert(metric.name).second) {
      problems.push_back(problem_at(path + ".name",
                                    fmt::format("metric '{}' is declared twice", metric.name),
                                    "give each metric its own name"));
    }
    if (metric.datatype == DataType::unknown || column_of(metric.datatype) == Column::blob) {
      problems.push_back(problem_at(
          path + ".datatype",
          fmt::format("a replay cannot read values of type '{}'", name_of(metric.datatype)),
          "use float64, int64, boolean, string or datetime"));
    }
  }
}

void check_keys(const ReplaySpec& spec, std::vector<Problem>& problems) {
  if (spec.keys.empty()) {
    problems.push_back(
        problem_at("keys", "no device is declared", "map at least one key to a device"));
  }
  if (spec.key_column.empty() && spec.keys.size() > 1) {
    problems.push_back(problem_at("key_column", "several devices share a file without a key column",
                                  "name the column that tells the devices apart"));
  }
  std::set<std::string_view> keys, devices;
  for (std::size_t i = 0; i < spec.keys.size(); ++i) {
    const auto& [key, device] = spec.keys[i];
    const auto path = fmt::format("keys[{}]", i);
    if (!is_valid_name(device)) {
      problems.push_back(
          problem_at(path + ".device", fmt::format("'{}' is not a valid id", device),
                     "use 1 to 63 of a-z, 0-9, '_', '.', '-', starting with a letter or digit"));
    } else if (!devices.insert(device).second) {
      problems.push_back(problem_at(path + ".device",
                                    fmt::format("device '{}' is declared twice", device),
                                    "give each key its own device"));
    }
    if (!spec.key_column.empty() && !keys.insert(key).second) {
      problems.push_back(problem_at(path + ".key", fmt::format("key '{}' is declared twice", key),
                                    "name each key once"));
    }
  }
}

}  // namespace

Result<std::unique_ptr<ReplayReader>> ReplayReader::create(const ReplaySpec& spec,
                                                           const Formats& formats,
                                                           engine::Disk& files) {
  std::vector<Problem> problems;
  check_metrics(spec, problems);
  check_keys(spec, problems);
  auto times = EventTimeReader::create(spec.time, formats, problems);
  auto source = open_records(files, spec.file, formats);
  std::unique_ptr<ReplayReader> reader(new ReplayReader(spec, std::move(times)));
  Code code = Code::invalid_input;
  if (source) {
    reader->source_ = std::move(*source);
    reader->bind_columns(problems);
  } else {
    code = source.error().code();
    problems.push_back(problem_at("file.path", source.error().message(), source.error().remedy()));
  }
  if (!problems.empty()) {
    const auto count = problems.size();
    Error error(code, fmt::format("the replay of {} has {} problem{}", spec.file.path, count,
                                  count == 1 ? "" : "s"));
    return std::unexpected(std::move(error).with_problems(std::move(problems)));
  }
  for (const auto& word : spec.missing) reader->missing_.insert(word);
  for (std::uint32_t i = 0; i < spec.keys.size(); ++i) {
    reader->device_of_key_.emplace(spec.keys[i].key, i);
  }
  if (auto checked = reader->check_first_row(); !checked) return pass(std::move(checked));
  return reader;
}

void ReplayReader::bind_columns(std::vector<Problem>& problems) {
  const auto& columns = source_->columns();
  const std::vector<std::string_view> names(columns.begin(), columns.end());
  const auto bind = [&](const std::string& name, std::string path) -> std::size_t {
    const auto found = std::ranges::find(columns, name);
    if (found != columns.end()) return static_cast<std::size_t>(found - columns.begin());
    auto expected = columns.size() <= 40
                        ? fmt::format("one of {}", fmt::join(columns, ", "))
                        : fmt::format("one of the {} columns of the file", columns.size());
    problems.push_back({{{}, 0, 0, std::move(path)},
                        fmt::format("{} has no column '{}'", spec_.file.path, name),
                        std::move(expected),
                        std::string(nearest_name(name, names)),
                        spec_.file.header ? "check the header and the delimiter"
                                          : "columns without header are named 1, 2, …"});
    return 0;
  };
  if (spec_.time.kind != TimeKind::row && !spec_.time.column.empty()) {
    time_column_ = bind(spec_.time.column, "time.column");
  }
  if (!spec_.key_column.empty()) key_column_ = bind(spec_.key_column, "key_column");
  for (std::size_t i = 0; i < spec_.metrics.size(); ++i) {
    metric_column_.push_back(bind(spec_.metrics[i].column, fmt::format("metrics[{}].column", i)));
  }
}

/// A file of local times without a declared zone is a mistake of the configuration, not of a row.
Result<void> ReplayReader::check_first_row() {
  if (spec_.time.kind != TimeKind::rfc3339 || times_.has_zone()) return {};
  auto outcome = source_->next(record_);
  if (!outcome) return pass(std::move(outcome));
  if (*outcome == ReadOutcome::record && record_.cells[time_column_].kind == CellKind::text) {
    const std::string text(record_.cells[time_column_].text);
    if (!parse_rfc3339(text) && parse_rfc3339(text + "Z")) {
      Error error(Code::invalid_input,
                  fmt::format("the replay of {} has 1 problem", spec_.file.path));
      return std::unexpected(std::move(error).with_problems(
          {{{spec_.file.path, static_cast<int>(record_.line), 0, "time.zone"},
            fmt::format("column '{}': '{}' is a local time, and its zone is not declared",
                        spec_.time.column, text),
            "a time with Z or an offset, or a declared zone",
            {},
            "declare the zone, such as zone: Europe/Berlin, zone: UTC or zone: +01:00"}}));
    }
  }
  return source_->skip_to(0, 0);
}

Result<void> ReplayReader::skip_to(std::uint64_t number, std::uint64_t offset) {
  records = records_broken = records_unselected = samples_unparsable = 0;
  rows_of_key_.clear();
  if (spec_.time.kind != TimeKind::row) return source_->skip_to(number, offset);
  // Times count rows: they must be counted from the beginning.
  if (auto rewound = source_->skip_to(0, 0); !rewound) return rewound;
  ReplayRow row;
  ontology::Batch batch;
  while (record_.number < number || number == 0) {
    if (number == 0) break;
    auto step = next(row, batch);
    if (!step) return pass(std::move(step));
    if (*step == ReplayStep::end) {
      return fail(Code::conflict, fmt::format("{} ends before record {}", spec_.file.path, number),
                  "restore the file that was being played, or begin anew under another name");
    }
  }
  records = records_broken = records_unselected = samples_unparsable = 0;
  return {};
}

std::string_view ReplayReader::key_text(const Cell& cell) {
  switch (cell.kind) {
    case CellKind::text:
      return cell.text;
    case CellKind::integer:
      scratch_ = std::to_string(cell.integer);
      return scratch_;
    case CellKind::real:
      scratch_ = fmt::format("{}", cell.real);
      return scratch_;
    default:
      return {};
  }
}

ReplayStep ReplayReader::broken(std::string what) {
  ++records_broken;
  problem_ = record_.line != 0
                 ? fmt::format("{}:{}: {}", spec_.file.path, record_.line, what)
                 : fmt::format("{}: record {}: {}", spec_.file.path, record_.number, what);
  return ReplayStep::broken;
}

Result<ReplayStep> ReplayReader::next(ReplayRow& row, ontology::Batch& batch) {
  auto outcome = source_->next(record_);
  if (!outcome) return pass(std::move(outcome));
  if (*outcome == ReadOutcome::end) return ReplayStep::end;
  ++records;
  if (*outcome == ReadOutcome::broken) return broken(record_.problem);
  std::uint64_t row_of_key = 0;
  std::optional<std::uint32_t> device = 0;
  const std::string_view key =
      spec_.key_column.empty() ? std::string_view{} : key_text(record_.cells[key_column_]);
  if (!spec_.key_column.empty()) {
    if (key.empty()) return broken("the key column is empty");
    const auto found = device_of_key_.find(key);
    device = found == device_of_key_.end() ? std::nullopt : std::optional(found->second);
  }
  if (spec_.time.kind == TimeKind::row) {
    auto counter = rows_of_key_.find(key);
    if (counter == rows_of_key_.end()) counter = rows_of_key_.emplace(std::string(key), 0).first;
    row_of_key = counter->second++;
  }
  auto time = times_.read(record_.cells[time_column_], row_of_key);
  if (!time) {
    if (!device) {
      ++records_unselected;
      return broken(time.error().message());
    }
    return broken(fmt::format("column '{}': {}; {}", spec_.time.column, time.error().message(),
                              time.error().remedy()));
  }
  row.time = time->time;
  row.number = record_.number;
  row.offset_after = record_.offset_after;
  if (!device) {
    ++records_unselected;
    return ReplayStep::unselected;
  }
  row.device = *device;
  fill(batch, *time);
  return ReplayStep::row;
}

void ReplayReader::fill(ontology::Batch& batch, const EventTime& time) {
  batch.clear();
  const Quality base =
      time.certain ? Quality::good() : Quality::uncertain(Reason::clock_unsynchronised);
  for (std::size_t i = 0; i < spec_.metrics.size(); ++i) {
    ontology::Row row;
    row.ts_us = time.time.us;
    row.slot = static_cast<std::uint32_t>(i);
    row.quality = base;
    switch (parse(record_.cells[metric_column_[i]], spec_.metrics[i], batch, row)) {
      case Parsed::value:
        break;
      case Parsed::missing:
        row.bits = 0;
        row.is_null = true;
        row.quality = Quality::bad(Reason::missing);
        break;
      case Parsed::unparsable:
        ++samples_unparsable;
        row.bits = 0;
        row.is_null = true;
        row.quality = Quality::bad(Reason::unparsable);
        break;
    }
    batch.rows.push_back(row);
  }
}

ReplayReader::Parsed ReplayReader::parse(const Cell& cell, const ReplayMetric& metric,
                                         ontology::Batch& batch, ontology::Row& row) {
  if (cell.kind == CellKind::empty) return Parsed::missing;
  if (cell.kind == CellKind::text && missing_.contains(cell.text)) return Parsed::missing;
  if (column_of(metric.datatype) != Column::text) return parse_number(cell, metric, row);
  if (cell.kind == CellKind::text) {
    batch.set_payload(row, cell.text);
  } else if (cell.kind == CellKind::instant) {
    batch.set_payload(row, to_rfc3339({cell.integer}));
  } else if (cell.kind == CellKind::boolean) {
    batch.set_payload(row, cell.integer != 0 ? "true" : "false");
  } else {
    batch.set_payload(row, key_text(cell));
  }
  return Parsed::value;
}

std::optional<double> ReplayReader::parse_real(std::string_view text) {
  if (spec_.file.decimal != '.') {
    if (text.contains('.')) return std::nullopt;
    scratch_ = text;
    std::ranges::replace(scratch_, spec_.file.decimal, '.');
    text = scratch_;
  }
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

ReplayReader::Parsed ReplayReader::parse_number(const Cell& cell, const ReplayMetric& metric,
                                                ontology::Row& row) {
  double real = cell.real;
  std::int64_t whole = cell.integer;
  bool is_whole = cell.kind == CellKind::integer || cell.kind == CellKind::boolean;
  if (cell.kind == CellKind::instant) {
    whole = Timestamp{cell.integer}.whole_ms();
    is_whole = true;
  }
  if (cell.kind == CellKind::text) {
    const char* end = cell.text.data() + cell.text.size();
    const auto parsed = std::from_chars(cell.text.data(), end, whole);
    is_whole = parsed.ec == std::errc{} && parsed.ptr == end;
    std::uint64_t bits = 0;
    if (!is_whole && metric.datatype == DataType::uint64) {
      const auto wide = std::from_chars(cell.text.data(), end, bits);
      if (wide.ec == std::errc{} && wide.ptr == end) {
        row.bits = bits;
        return Parsed::value;
      }
    }
    if (!is_whole) {
      if (const auto flag = parse_boolean(cell.text);
          flag && metric.datatype == DataType::boolean) {
        row.set_i64(*flag ? 1 : 0);
        return Parsed::value;
      }
      if (metric.datatype == DataType::datetime) {
        const auto time = times_.read(cell, 0);
        if (!time || spec_.time.kind == TimeKind::row) return Parsed::unparsable;
        row.set_i64(time->time.whole_ms());
        return Parsed::value;
      }
      const auto value = parse_real(cell.text);
      if (!value) return Parsed::unparsable;
      real = *value;
    }
  }
  if (column_of(metric.datatype) == Column::f64) {
    double value = is_whole ? static_cast<double>(whole) : real;
    if (metric.datatype == DataType::float32)
      value = static_cast<double>(static_cast<float>(value));
    if (!std::isfinite(value))
      return cell.kind == CellKind::real && std::isnan(real) ? Parsed::missing : Parsed::unparsable;
    row.set_f64(value);
    return Parsed::value;
  }
  if (!is_whole) {
    if (!(std::abs(real) < 9e15) || real != std::floor(real)) return Parsed::unparsable;
    whole = static_cast<std::int64_t>(real);
  }
  const auto range = integer_range(metric.datatype);
  if (whole < range.low || whole > range.high) return Parsed::unparsable;
  row.set_i64(whole);
  return Parsed::value;
}

}  // namespace millwright::drivers
