#include "models/matrix.hpp"

#include <algorithm>
#include <cmath>

#include "base/format.hpp"

namespace millwright::models {
namespace {

Problem problem(std::string path, std::string what, std::string expected) {
  return {.place = {.file = {}, .line = 0, .column = 0, .path = std::move(path)},
          .what = std::move(what),
          .expected = std::move(expected),
          .nearest = {},
          .remedy = {}};
}

void check_finite(std::span<const float> values, std::string_view name, std::vector<Problem>& out) {
  const auto bad = std::ranges::find_if(values, [](float v) { return !std::isfinite(v); });
  if (bad != values.end()) {
    out.push_back(problem(fmt::format("{}[{}]", name, bad - values.begin()), "not a finite number",
                          "a finite number"));
  }
}

/// End of the run of rows of one record that starts at `first`.
std::size_t record_end(const FeatureMatrix& matrix, std::size_t first) {
  const auto same = [&](const std::vector<std::uint32_t>& of, std::size_t row) {
    return of.empty() || of[row] == of[first];
  };
  std::size_t end = first + 1;
  while (end < matrix.rows() && same(matrix.group, end) && same(matrix.record, end)) ++end;
  return end;
}

}  // namespace

std::vector<Problem> FeatureMatrix::problems() const {
  std::vector<Problem> out;
  if (columns == 0 || values.empty() || values.size() % columns != 0) {
    out.push_back(problem("values", fmt::format("{} values for {} columns", values.size(), columns),
                          "whole rows, at least one"));
    return out;
  }
  if (group.size() != rows()) {
    out.push_back(problem("group", fmt::format("{} groups", group.size()),
                          fmt::format("{}, one a row", rows())));
  }
  if (!record.empty() && record.size() != rows()) {
    out.push_back(problem("record", fmt::format("{} records", record.size()),
                          fmt::format("{}, one a row", rows())));
  }
  if (!target.empty() && target.size() != rows()) {
    out.push_back(problem("target", fmt::format("{} targets", target.size()),
                          fmt::format("{}, one a row", rows())));
  }
  check_finite(values, "values", out);
  check_finite(target, "target", out);
  return out;
}

Digest FeatureMatrix::digest() const {
  Bytes bytes;
  bytes.reserve(16 + 4 * (values.size() + target.size() + group.size()));
  ByteWriter writer(bytes);
  writer.u64(columns);
  writer.u64(rows());
  for (const float value : values) writer.u32(std::bit_cast<std::uint32_t>(value));
  writer.u64(target.size());
  for (const float value : target) writer.u32(std::bit_cast<std::uint32_t>(value));
  for (const std::uint32_t id : group) writer.u32(id);
  return sha256(bytes);
}

void FeatureMatrix::append(std::span<const float> row, float target_value, std::uint32_t group_id) {
  MILLWRIGHT_ASSERT(row.size() == columns);
  values.insert(values.end(), row.begin(), row.end());
  target.push_back(target_value);
  group.push_back(group_id);
}

Result<FeatureMatrix> matrix_of(const FeatureSpec& spec, std::span<const Record> records) {
  if (auto problems = spec.problems(); !problems.empty()) {
    return std::unexpected(Error(Code::invalid_input, "the feature specification cannot be used")
                               .with_problems(std::move(problems)));
  }
  const std::size_t inputs = spec.inputs.size();
  FeatureMatrix matrix;
  matrix.columns = spec.width();
  for (std::uint32_t number = 0; number < records.size(); ++number) {
    const Record& record = records[number];
    if (record.values.size() != record.at.size() * inputs) {
      return fail(Code::invalid_input,
                  fmt::format("group {} has {} values for {} scans of {} inputs", record.group,
                              record.values.size(), record.at.size(), inputs));
    }
    FeatureWindow window(spec);
    for (std::size_t i = 0; i < record.at.size(); ++i) {
      const Scan scan{.at = record.at[i],
                      .values = std::span(record.values).subspan(i * inputs, inputs),
                      .quality = record.quality.empty()
                                     ? std::span<const ontology::Quality>()
                                     : std::span(record.quality).subspan(i * inputs, inputs)};
      auto pushed = window.push(scan);
      if (!pushed) return pass(std::move(pushed), fmt::format("group {}", record.group));
      if (pushed->taken != Taken::appended) {
        return fail(Code::invalid_input,
                    fmt::format("scan {} of group {} is not in order of time", i, record.group));
      }
      for (const FeatureRow& row : pushed->rows) {
        matrix.values.insert(matrix.values.end(), row.values.begin(), row.values.end());
        matrix.group.push_back(record.group);
        matrix.record.push_back(number);
      }
    }
  }
  return matrix;
}

void set_remaining_scans(FeatureMatrix& matrix, double target_max) {
  matrix.target.assign(matrix.rows(), 0);
  for (std::size_t first = 0; first < matrix.rows();) {
    const std::size_t end = record_end(matrix, first);
    for (std::size_t i = first; i < end; ++i) {
      matrix.target[i] = static_cast<float>(std::min(static_cast<double>(end - 1 - i), target_max));
    }
    first = end;
  }
}

std::vector<std::size_t> healthy_rows(const FeatureMatrix& matrix, const HealthyRule& rule) {
  std::vector<std::size_t> out;
  for (std::size_t first = 0; first < matrix.rows();) {
    const std::size_t end = record_end(matrix, first);
    const double wanted = rule.share * static_cast<double>(end - first);
    const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(std::max(wanted, 1.0)), 1,
                                               std::max<std::uint32_t>(rule.rows_max, 1));
    for (std::size_t i = first; i < std::min(first + count, end); ++i) out.push_back(i);
    first = end;
  }
  return out;
}

}  // namespace millwright::models
