// Opening a file by its name and first bytes.
#include "fabric/drivers/records.hpp"

#include <array>
#include <utility>

#include "base/format.hpp"
#include "fabric/drivers/csv_source.hpp"

namespace millwright::drivers {

Result<std::unique_ptr<RecordSource>> open_records(engine::Disk& disk, const FileSpec& spec,
                                                   const Formats& formats) {
  auto exists = disk.exists(spec.path);
  if (!exists) return pass(std::move(exists), fmt::format("looking for {}", spec.path));
  if (!*exists) {
    return fail(Code::not_found, fmt::format("there is no file {}", spec.path),
                "check the path and the data directory");
  }
  const bool parquet = spec.format == Format::parquet ||
                       (spec.format == Format::by_name && spec.path.ends_with(".parquet"));
  if (parquet) {
    if (!formats.parquet) {
      return fail(Code::unavailable,
                  fmt::format("{} is a Parquet file, which this program cannot read", spec.path),
                  "convert it to CSV (.csv or .csv.gz), or import it at the hub with `millwright "
                  "import`, which reads Parquet");
    }
    return formats.parquet(disk, spec);
  }
  auto file = disk.open_read(spec.path);
  if (!file) return pass(std::move(file), fmt::format("opening {}", spec.path));
  std::array<std::byte, 4> magic{};
  auto got = (*file)->read_at(0, magic);
  if (!got) return pass(std::move(got), fmt::format("reading {}", spec.path));
  if (*got == 4 && as_text(magic) == "PAR1") {
    return fail(Code::invalid_input, fmt::format("{} holds Parquet, not CSV", spec.path),
                "name it .parquet or declare the format");
  }
  auto bytes = open_plain(std::move(*file));
  if (!bytes) return pass(std::move(bytes));
  if (*got >= 2 && magic[0] == std::byte{0x1F} && magic[1] == std::byte{0x8B}) {
    if (!formats.gunzip) {
      return fail(Code::unavailable,
                  fmt::format("{} is packed with gzip, which this program cannot read", spec.path),
                  "unpack it with gunzip");
    }
    bytes = formats.gunzip(std::move(*bytes));
    if (!bytes) return pass(std::move(bytes), fmt::format("unpacking {}", spec.path));
  }
  return open_csv(std::move(*bytes), spec);
}

}  // namespace millwright::drivers
