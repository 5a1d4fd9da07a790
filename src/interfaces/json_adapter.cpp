// Reading JSON by nlohmann's event parser into our own value type.
#include <nlohmann/json.hpp>

#include "base/format.hpp"
#include "interfaces/json.hpp"

namespace millwright::interfaces {

namespace {

class Builder final : public nlohmann::json::json_sax_t {
 public:
  Result<Json> take() {
    if (failure_) return std::unexpected(std::move(*failure_));
    return std::move(root_);
  }

  bool null() override { return add({}); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(std::int64_t value) override { return add(value); }
  bool number_unsigned(std::uint64_t value) override { return add(value); }
  bool number_float(double value, const std::string&) override { return add(value); }
  bool string(std::string& value) override { return add(std::move(value)); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool key(std::string& name) override {
    names_.back() = std::move(name);
    return true;
  }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&,
                   const nlohmann::json::exception& error) override {
    failure_.emplace(Code::invalid_input, fmt::format("not JSON: {}", error.what()));
    return false;
  }

 private:
  bool open(Json value) {
    if (open_.size() >= 256) {
      failure_.emplace(Code::invalid_input, "JSON is nested deeper than 256 levels");
      return false;
    }
    open_.push_back(std::move(value));
    names_.emplace_back();
    return true;
  }
  bool close() {
    Json value = std::move(open_.back());
    open_.pop_back();
    names_.pop_back();
    return add(std::move(value));
  }
  bool add(Json value) {
    if (open_.empty())
      root_ = std::move(value);
    else if (open_.back().is_array())
      open_.back().push(std::move(value));
    else
      open_.back().set(names_.back(), std::move(value));
    return true;
  }

  Json root_;
  std::vector<Json> open_;
  std::vector<std::string> names_;
  std::optional<Error> failure_;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  Builder builder;
  nlohmann::json::sax_parse(text, &builder);
  return builder.take();
}

}  // namespace millwright::interfaces
