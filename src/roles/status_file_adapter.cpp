#include <nlohmann/json.hpp>

#include "roles/status_file.hpp"

namespace millwright::roles {

std::uint64_t Status::number(std::string_view name) const {
  const auto it = values_.find(name);
  if (it == values_.end()) return 0;
  const auto* value = std::get_if<std::uint64_t>(&it->second);
  return value == nullptr ? 0 : *value;
}

std::string Status::to_json() const {
  nlohmann::json out = nlohmann::json::object();
  for (const auto& [name, value] : values_) {
    std::visit([&](const auto& v) { out[name] = v; }, value);
  }
  return out.dump(2) + "\n";
}

Result<Status> Status::parse(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return fail(Code::corrupt, "a status file does not hold a JSON object");
  Status status;
  for (const auto& [name, value] : parsed.items()) {
    if (value.is_number_unsigned())
      status.set(name, value.get<std::uint64_t>());
    else if (value.is_string())
      status.set(name, value.get<std::string>());
    else
      return fail(Code::corrupt, "'" + name + "' in a status file is neither a count nor a text");
  }
  return status;
}

void StatusFile::write(const Status& status) {
  // Renamed into place so that a reader never sees half of it; a failure is seen by its age.
  const std::string temporary = std::string(name) + ".new";
  (void)disk_.remove(temporary);
  auto file = disk_.open_append(temporary);
  if (!file) return;
  if (!(*file)->append(as_bytes(status.to_json()))) return;
  (void)disk_.rename(temporary, name);
}

}  // namespace millwright::roles
