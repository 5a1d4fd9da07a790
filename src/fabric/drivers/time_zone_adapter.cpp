// The system's time zone database through std::chrono, which throws when a zone is unknown or the
// database is not installed.
#include <chrono>
#include <memory>
#include <stdexcept>

#include "base/format.hpp"
#include "fabric/drivers/records.hpp"

namespace millwright::drivers {
namespace {

class NamedZone final : public TimeZone {
 public:
  explicit NamedZone(const std::chrono::time_zone& zone) : zone_(&zone) {}

  Instant to_utc(std::int64_t local_us) const override {
    using namespace std::chrono;
    const auto info = zone_->get_info(local_time<microseconds>(microseconds(local_us)));
    const auto offset = duration_cast<microseconds>(info.first.offset).count();
    switch (info.result) {
      case local_info::nonexistent:
        return {Timestamp{local_us - offset}, Certainty::nonexistent};
      case local_info::ambiguous:
        return {Timestamp{local_us - offset}, Certainty::ambiguous};
      default:
        return {Timestamp{local_us - offset}, Certainty::unique};
    }
  }

 private:
  const std::chrono::time_zone* zone_;
};

}  // namespace

Result<std::unique_ptr<TimeZone>> open_time_zone(std::string_view name) {
  try {
    return std::make_unique<NamedZone>(*std::chrono::locate_zone(name));
  } catch (const std::runtime_error&) {
    return fail(Code::not_found, fmt::format("time zone '{}' is not known here", name),
                "use an IANA name such as Europe/Berlin, UTC, or an offset such as +01:00; named "
                "zones need the package tzdata");
  }
}

}  // namespace millwright::drivers
