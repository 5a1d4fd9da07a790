// CSV files behind the record source port.
#pragma once

#include <memory>

#include "fabric/drivers/records.hpp"

namespace millwright::drivers {

/// A record longer than this is broken.
inline constexpr std::size_t csv_record_bytes_max = std::size_t{1} << 18;

/// Reads the header, or the first record when there is none.
Result<std::unique_ptr<RecordSource>> open_csv(std::unique_ptr<ByteSource> bytes,
                                               const FileSpec& spec);
/// Plain bytes of a file.
Result<std::unique_ptr<ByteSource>> open_plain(std::unique_ptr<engine::File> file);

}  // namespace millwright::drivers
