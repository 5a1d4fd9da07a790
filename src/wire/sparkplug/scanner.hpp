// The hot path of DATA messages: payload bytes to a typed, alias-resolved batch and back, without
// an allocation per metric (the output is reused from message to message). What it does not handle
// it hands to the general codec. Checked against that codec by a fuzzer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "ontology/batch.hpp"
#include "wire/sparkplug/alias_table.hpp"
#include "wire/sparkplug/codec.hpp"
#include "wire/sparkplug/payload.hpp"

namespace millwright::sparkplug {

/// What a payload carries beside its metrics. The views point into the payload's bytes.
struct DataHeader {
  std::optional<std::uint64_t> timestamp_ms;
  std::optional<std::uint64_t> seq;
  std::string_view uuid;
  ByteView body;
};

/// A metric that the births do not know. `position` counts the metrics of the payload from 0; one
/// of alias and name is given, the name as a view into the payload (both absent: the metric had
/// neither).
struct UnknownMetric {
  std::uint32_t position = 0;
  std::optional<std::uint64_t> alias;
  std::string_view name;
};

/// The samples of one DATA message. Row i is metric i of the payload as long as `unknown` and
/// `untimed` are empty.
struct DataMessage {
  DataHeader header;
  ontology::Batch batch;
  std::vector<UnknownMetric> unknown;  ///< ask for a rebirth; these are not in the batch
  std::uint32_t metric_count = 0;      ///< metrics in the payload
  std::uint32_t historical = 0;        ///< metrics flagged is_historical
  std::uint32_t payload_timed = 0;  ///< rows that took the payload's time, having none of their own
  std::uint32_t arrival_timed =
      0;  ///< rows that took the time of arrival: uncertain:clock_unsynchronised
  std::uint32_t untimed = 0;   ///< historical metrics without any time: not in the batch
  std::uint32_t mistyped = 0;  ///< rows bad:unparsable: value and declared type differ

  void clear();
};

enum class ScanOutcome : std::uint8_t {
  complete,
  general,  ///< holds something that only the general codec reads (DataSet, Template, array, other
            ///< property than Quality, metadata, compression, or is malformed); the output is empty
};

/// Reads a DATA message. The type is always the birth's; integers are truncated to its width. A
/// null is bad:missing unless the standard `Quality` property says otherwise (0 bad:foreign, 192
/// good, 500 uncertain:stale). `arrival` is the last resort for a metric without time. Bytes that
/// are no payload are `general` too: the general codec says what is wrong with them.
ScanOutcome scan(ByteView bytes, const AliasTable& table, Timestamp arrival, DataMessage& out);

/// The same from a decoded payload: the fallback of `scan`, and its oracle. A metric whose type no
/// series can hold becomes a mistyped row. Views point into `payload`.
void collect(const Payload& payload, const AliasTable& table, Timestamp arrival, DataMessage& out);

/// `scan`, and where it hands over, `decode` into `decoded` and `collect`: what a host calls for
/// each DATA message. With `general` the caller may look at `decoded` for templates and data sets.
/// Errors: those of `decode`.
Result<ScanOutcome> read_data(ByteView bytes, const AliasTable& table, Timestamp arrival,
                              DataMessage& out, Payload& decoded);

struct DataOptions {
  bool historical = false;  ///< is_historical on every metric (D9: all or none)
  bool datatype_in_data =
      false;  ///< for foreign hosts that need it; the specification advises against
  bool quality_property = false;  ///< the standard `Quality` property on rows that are not good
};

/// Appends the DATA payload of `rows`, which are rows of `batch`, to `out`: metric i is row i. A
/// metric is named by its alias, or by its name when it has none. Slots must be in the table.
void encode_data(const DataHeader& header, std::span<const ontology::Row> rows,
                 const ontology::Batch& batch, const AliasTable& table, const DataOptions& options,
                 Bytes& out);

}  // namespace millwright::sparkplug
