// A Sparkplug B payload as types (specification 3.0, chapter 6.4). Not for the hot path of known
// DATA messages, which goes from bytes to a batch without these (scanner.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "ontology/value.hpp"

namespace millwright::sparkplug {

/// Datatype codes of the wire (6.4.16). A peer may send any other number, so fields that carry a
/// code are plain integers; 0 stands for "not said".
enum class TypeCode : std::uint32_t {
  unknown = 0,
  int8 = 1,
  int16 = 2,
  int32 = 3,
  int64 = 4,
  uint8 = 5,
  uint16 = 6,
  uint32 = 7,
  uint64 = 8,
  float32 = 9,
  float64 = 10,
  boolean = 11,
  string = 12,
  datetime = 13,
  text = 14,
  uuid = 15,
  dataset = 16,
  bytes = 17,
  file = 18,
  template_ = 19,
  property_set = 20,
  property_set_list = 21,
  int8_array = 22,
  int16_array = 23,
  int32_array = 24,
  int64_array = 25,
  uint8_array = 26,
  uint16_array = 27,
  uint32_array = 28,
  uint64_array = 29,
  float_array = 30,
  double_array = 31,
  boolean_array = 32,
  string_array = 33,
  datetime_array = 34,
};
constexpr std::uint32_t code_of(TypeCode type) {
  return static_cast<std::uint32_t>(type);
}
/// The series type for a wire code; `unknown` for what no series can hold (DataSet, Template,
/// arrays, files, unassigned codes).
ontology::DataType data_type_of(std::uint32_t code);
/// The wire code of a series type; a waveform travels as Bytes.
TypeCode code_for(ontology::DataType type);

/// A value on the heap that is copied and compared as the value itself; may be absent.
template <typename T>
class Boxed {
 public:
  Boxed() = default;
  explicit Boxed(T value) : value_(std::make_unique<T>(std::move(value))) {}
  Boxed(const Boxed& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Boxed(Boxed&&) noexcept = default;
  Boxed& operator=(const Boxed& other) {
    if (this != &other) value_ = other.value_ ? std::make_unique<T>(*other.value_) : nullptr;
    return *this;
  }
  Boxed& operator=(Boxed&&) noexcept = default;
  ~Boxed() = default;

  explicit operator bool() const { return value_ != nullptr; }
  T& operator*() const { return *value_; }
  T* operator->() const { return value_.get(); }
  /// The value, made when absent.
  T& make() {
    if (!value_) value_ = std::make_unique<T>();
    return *value_;
  }
  bool operator==(const Boxed& other) const {
    return value_ && other.value_ ? *value_ == *other.value_ : !value_ && !other.value_;
  }

 private:
  std::unique_ptr<T> value_;
};

/// A scalar of a DataSet cell, Template parameter or property. Integers of a declared signed type
/// are std::int64_t, truncated to their width; every other integer is std::uint64_t: unsigned
/// types, DateTime, and those whose type is not known yet (raw bits; see resolve_type).
using Scalar =
    std::variant<std::monostate, std::int64_t, std::uint64_t, float, double, bool, std::string>;

struct DataSet {
  std::uint64_t column_count = 0;    ///< num_of_columns as sent
  std::vector<std::string> columns;  ///< headers
  std::vector<std::uint32_t> types;  ///< one code a column
  std::vector<std::vector<Scalar>> rows;

  bool operator==(const DataSet&) const = default;
};

struct Parameter {
  std::string name;
  std::uint32_t type = 0;
  Scalar value;

  bool operator==(const Parameter&) const = default;
};

struct Metric;

struct Template {
  std::string version;
  std::string template_ref;  ///< name of the definition; empty in a definition
  bool is_definition = false;
  std::vector<Metric> metrics;
  std::vector<Parameter> parameters;

  bool operator==(const Template&) const;
};

struct Property;
/// In the order of the wire. A peer that sends more keys than values (or the reverse) loses the
/// surplus (tck-id-payloads-propertyset-keys-array-size).
using PropertySet = std::vector<Property>;
using PropertySetList = std::vector<PropertySet>;

struct PropertyValue {
  std::uint32_t type = 0;
  bool is_null = false;
  std::variant<std::monostate, std::int64_t, std::uint64_t, float, double, bool, std::string,
               PropertySet, PropertySetList>
      value;

  bool operator==(const PropertyValue&) const;
};

struct Property {
  std::string key;
  PropertyValue value;

  bool operator==(const Property&) const = default;
};

struct MetaData {
  std::optional<bool> is_multi_part;
  std::string content_type;
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> seq;
  std::string file_name;
  std::string file_type;
  std::string md5;
  std::string description;

  bool operator==(const MetaData&) const = default;
};

/// The value of a metric. Integers as in Scalar. Bytes also hold files, and arrays as long as their
/// type is not known; the vectors are the array types, signed, unsigned (and DateTime), and so on.
using Value = std::variant<std::monostate, std::int64_t, std::uint64_t, float, double, bool,
                           std::string, Bytes, DataSet, Template, std::vector<std::int64_t>,
                           std::vector<std::uint64_t>, std::vector<float>, std::vector<double>,
                           std::vector<bool>, std::vector<std::string>>;

struct Metric {
  std::string name;  ///< empty: by alias only
  std::optional<std::uint64_t> alias;
  std::optional<std::uint64_t> timestamp_ms;
  std::uint32_t datatype = 0;  ///< raw code as sent; 0 = not said, as in DATA
  bool is_historical = false;
  bool is_transient = false;
  bool is_null = false;
  /// The value is not of the kind that the datatype wants (or an array with a wrong length); it
  /// stands there as it came. Never written.
  bool is_mistyped = false;
  Boxed<MetaData> metadata;
  PropertySet properties;
  Value value;

  bool operator==(const Metric&) const = default;
};

/// How a payload is or was wrapped (Tahu's convention, not part of 3.0): uuid
/// `SPBV1.0_COMPRESSED`, metric `algorithm`, body = the deflated payload.
enum class Compression : std::uint8_t { none, deflate, gzip };

struct Payload {
  std::optional<std::uint64_t> timestamp_ms;
  std::optional<std::uint64_t> seq;
  std::string uuid;
  Bytes body;
  std::vector<Metric> metrics;

  bool operator==(const Payload&) const = default;
};

/// Gives a metric the type that its birth declared: integers are truncated to the declared width,
/// array bytes become arrays, at every depth that the code covers. Sets `datatype` and
/// `is_mistyped`. Template members keep their own datatype (from the definition, by the caller).
void resolve_type(Metric& metric, std::uint32_t datatype);

}  // namespace millwright::sparkplug
