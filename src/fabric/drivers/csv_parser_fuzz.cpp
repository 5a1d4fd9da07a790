// Arbitrary bytes as CSV: no read out of bounds, progress at every step, and the same records
// whether the bytes come at once or through the bounded window.
#include "fabric/drivers/csv_parser.hpp"

#include <cstdlib>

#include "fabric/drivers/csv_source.hpp"
#include "fabric/drivers/testing.hpp"

namespace {

using namespace millwright::drivers;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string content(reinterpret_cast<const char*>(data + 1), size - 1);
  FileSpec spec;
  spec.path = "fuzz.csv";
  spec.delimiter = static_cast<Delimiter>(data[0] & 3);
  spec.header = (data[0] & 4) != 0;

  CsvParser parser(spec.delimiter);
  std::string_view rest = content;
  while (!rest.empty()) {
    const auto status = parser.parse(rest, true);
    if (status == CsvParser::Status::need_more) break;
    require(parser.consumed() > 0 && parser.consumed() <= rest.size());
    require(parser.first_line() <= rest.size());
    std::size_t total = 0;
    for (const auto& cell : parser.cells()) total += cell.text.size();
    require(total <= parser.consumed());
    rest.remove_prefix(parser.consumed());
  }

  auto bytes = open_plain(std::make_unique<millwright::drivers::testing::MemoryFile>(
      std::make_shared<std::string>(content)));
  auto source = open_csv(std::move(*bytes), spec);
  if (!source) return 0;
  Record record;
  std::uint64_t number = 0;
  std::uint64_t offset = 0;
  while (true) {
    const auto outcome = (*source)->next(record);
    require(outcome.has_value());
    if (*outcome == ReadOutcome::end) break;
    require(record.number == ++number);
    require(record.offset_after > offset || number == 1);
    offset = record.offset_after;
    if (*outcome == ReadOutcome::record) {
      require(record.cells.size() == (*source)->columns().size());
    }
  }
  require((*source)->skip_to(number / 2, 0).has_value());
  return 0;
}
