// CSV files: a bounded window over the bytes, one record after another. A record that proves broken
// costs its first line and nothing else.
#include "fabric/drivers/csv_source.hpp"

#include <optional>
#include <span>
#include <utility>

#include "base/format.hpp"
#include "fabric/drivers/csv_parser.hpp"

namespace millwright::drivers {
namespace {

constexpr std::size_t chunk_bytes = 64 * 1024;
constexpr std::size_t fingerprint_bytes = 4096;

class PlainBytes final : public ByteSource {
 public:
  explicit PlainBytes(std::unique_ptr<engine::File> file) : file_(std::move(file)) {}
  Result<std::size_t> read(std::span<std::byte> into) override {
    auto got = file_->read_at(at_, into);
    if (got) at_ += *got;
    return got;
  }
  Result<void> seek(std::uint64_t offset) override {
    at_ = offset;
    return {};
  }

 private:
  std::unique_ptr<engine::File> file_;
  std::uint64_t at_ = 0;
};

class CsvSource final : public RecordSource {
 public:
  CsvSource(std::unique_ptr<ByteSource> bytes, FileSpec spec)
      : bytes_(std::move(bytes)), spec_(std::move(spec)), parser_(spec_.delimiter) {}

  Result<void> open();
  const std::vector<std::string>& columns() const override { return columns_; }
  Result<ReadOutcome> next(Record& record) override;
  Result<void> skip_to(std::uint64_t number, std::uint64_t offset) override;
  std::uint32_t fingerprint() const override { return fingerprint_; }
  const std::string& path() const override { return spec_.path; }

 private:
  /// Reads until the parser finds a record, which stays unconsumed; nullopt at the end.
  Result<std::optional<CsvParser::Status>> peek();
  Result<void> fill();
  void consume(std::size_t bytes, std::uint64_t lines);
  std::string_view window() const { return std::string_view(buffer_).substr(begin_); }
  Result<void> restart(std::uint64_t offset);
  Result<void> skip_long_line();
  ReadOutcome broken(Record& record, std::string what);

  std::unique_ptr<ByteSource> bytes_;
  FileSpec spec_;
  CsvParser parser_;
  std::vector<std::string> columns_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool exhausted_ = false;
  std::uint64_t offset_ = 0;  ///< of the window's first byte
  std::uint64_t line_ = 1;    ///< of the window's first byte; 0: unknown
  std::uint64_t number_ = 0;  ///< of the last record
  std::uint64_t first_offset_ = 0;
  std::uint64_t first_line_ = 1;
  std::uint32_t fingerprint_ = 0;
};

void CsvSource::consume(std::size_t bytes, std::uint64_t lines) {
  begin_ += bytes;
  offset_ += bytes;
  if (line_ != 0) line_ += lines;
}

Result<void> CsvSource::fill() {
  if (begin_ > 0) {
    buffer_.erase(0, begin_);
    begin_ = 0;
  }
  const std::size_t old = buffer_.size();
  buffer_.resize(old + chunk_bytes);
  auto got = bytes_->read(std::as_writable_bytes(std::span(buffer_)).subspan(old));
  if (!got) {
    buffer_.resize(old);
    return pass(std::move(got), fmt::format("reading {}", spec_.path));
  }
  buffer_.resize(old + *got);
  exhausted_ = *got == 0;
  return {};
}

Result<std::optional<CsvParser::Status>> CsvSource::peek() {
  while (true) {
    const auto status = parser_.parse(window(), exhausted_);
    if (status == CsvParser::Status::blank) {
      consume(parser_.consumed(), parser_.lines());
    } else if (status != CsvParser::Status::need_more) {
      return status;
    } else if (exhausted_) {
      return std::nullopt;
    } else if (window().size() > csv_record_bytes_max) {
      return status;
    } else if (auto filled = fill(); !filled) {
      return pass(std::move(filled));
    }
  }
}

Result<void> CsvSource::skip_long_line() {
  while (true) {
    const auto newline = window().find('\n');
    if (newline != std::string_view::npos) {
      consume(newline + 1, 1);
      return {};
    }
    consume(window().size(), 0);
    if (exhausted_) return {};
    if (auto filled = fill(); !filled) return filled;
  }
}

Result<void> CsvSource::open() {
  if (auto filled = fill(); !filled) return filled;
  // The gzip reader may give less than a chunk at a time.
  while (window().size() < fingerprint_bytes && !exhausted_) {
    if (auto filled = fill(); !filled) return filled;
  }
  exhausted_ = false;
  fingerprint_ = crc32c(as_bytes(window().substr(0, fingerprint_bytes)));
  if (fingerprint_ == 0) fingerprint_ = 1;
  if (window().starts_with("\xEF\xBB\xBF")) consume(3, 0);
  for (std::uint32_t i = 0; i < spec_.skip_lines; ++i) {
    if (auto skipped = skip_long_line(); !skipped) return skipped;
  }
  auto first = peek();
  if (!first) return pass(std::move(first));
  if (!first->has_value()) {
    return fail(Code::invalid_input, fmt::format("{} holds no record", spec_.path),
                "give a file with at least one row");
  }
  if (**first != CsvParser::Status::record) {
    return fail(
        Code::invalid_input,
        fmt::format("{}:{}: the first record is broken: {}", spec_.path, line_, parser_.problem()),
        "check the delimiter and the quotes");
  }
  if (spec_.header) {
    for (const auto& cell : parser_.cells()) columns_.emplace_back(cell.text);
    consume(parser_.consumed(), parser_.lines());
  } else {
    const std::size_t width = spec_.columns != 0 ? spec_.columns : parser_.cells().size();
    for (std::size_t i = 1; i <= width; ++i) columns_.push_back(std::to_string(i));
  }
  first_offset_ = offset_;
  first_line_ = line_;
  return {};
}

ReadOutcome CsvSource::broken(Record& record, std::string what) {
  record.cells.clear();
  record.problem = std::move(what);
  record.offset_after = offset_;
  return ReadOutcome::broken;
}

Result<ReadOutcome> CsvSource::next(Record& record) {
  auto found = peek();
  if (!found) return pass(std::move(found));
  if (!found->has_value()) return ReadOutcome::end;
  record.number = ++number_;
  record.line = line_;
  const auto status = **found;
  if (status == CsvParser::Status::need_more) {
    // Longer than the bound: an endless line, or a quote without end. One line is given up.
    if (auto skipped = skip_long_line(); !skipped) return pass(std::move(skipped));
    return broken(record, "the record is longer than 256 KiB, or a quoted cell has no end");
  }
  if (status == CsvParser::Status::broken) {
    consume(parser_.consumed(), parser_.lines());
    return broken(record, parser_.problem());
  }
  if (const auto width = parser_.cells().size(); width != columns_.size()) {
    consume(parser_.first_line(), 1);
    return broken(record, fmt::format("{} columns where {} are expected", width, columns_.size()));
  }
  record.cells = parser_.cells();
  consume(parser_.consumed(), parser_.lines());
  record.offset_after = offset_;
  record.problem.clear();
  return ReadOutcome::record;
}

Result<void> CsvSource::restart(std::uint64_t offset) {
  if (auto sought = bytes_->seek(offset); !sought) {
    return pass(std::move(sought), fmt::format("reading {}", spec_.path));
  }
  buffer_.clear();
  begin_ = 0;
  exhausted_ = false;
  offset_ = offset;
  return {};
}

Result<void> CsvSource::skip_to(std::uint64_t number, std::uint64_t offset) {
  const bool jump = offset > first_offset_ && number > 0;
  if (auto restarted = restart(jump ? offset : first_offset_); !restarted) return restarted;
  line_ = jump ? 0 : first_line_;
  number_ = jump ? number : 0;
  Record record;
  while (number_ < number) {
    auto outcome = next(record);
    if (!outcome) return pass(std::move(outcome));
    if (*outcome == ReadOutcome::end) {
      return fail(Code::conflict, fmt::format("{} ends before record {}", spec_.path, number),
                  "restore the file that was being read, or begin anew under another name");
    }
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ByteSource>> open_plain(std::unique_ptr<engine::File> file) {
  return std::make_unique<PlainBytes>(std::move(file));
}

Result<std::unique_ptr<RecordSource>> open_csv(std::unique_ptr<ByteSource> bytes,
                                               const FileSpec& spec) {
  auto source = std::make_unique<CsvSource>(std::move(bytes), spec);
  if (auto opened = source->open(); !opened) return pass(std::move(opened));
  return source;
}

}  // namespace millwright::drivers
