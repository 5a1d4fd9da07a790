// A scorer for tests and for the simulated world: the moving sum of one signal over the last five
// scans of a device, times what the model in force says. Small enough to be computed again by hand.
#pragma once

#include <charconv>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "fabric/gateway/scorer.hpp"

namespace millwright::sim {

class ToyScorer final : public gateway::Scorer {
 public:
  static constexpr std::string_view metric = "sum5";
  static constexpr std::size_t window = 5;

  explicit ToyScorer(std::string signal) : signal_(std::move(signal)) {}
  /// Derived device of an edge's device.
  static std::string device_of(const ontology::DeviceAddress& address) {
    return address.edge + "." + address.device;
  }

  void on_schema(const ontology::DeviceSchema& schema) override {
    Device& device = devices_[schema.address.text()];
    device.slot.reset();
    for (std::uint32_t slot = 0; slot < schema.metrics.size(); ++slot) {
      if (schema.metrics[slot].name == signal_) device.slot = slot;
    }
  }

  void process(const gateway::ScorerInput& input, std::vector<gateway::DerivedScan>& out) override {
    Device& device = devices_[input.schema.address.text()];
    if (!device.slot) return;
    const auto form = form_of(input.schema.address);
    for (std::uint32_t i = 0; i < input.batch.size(); ++i) {
      const ontology::Row& row = input.batch.rows[i];
      if (row.slot != *device.slot) continue;
      device.last.push_back(row.is_null ? 0 : row.f64());
      if (device.last.size() > window) device.last.pop_front();
      double sum = 0;
      for (const double value : device.last) sum += value;
      gateway::DerivedScan scan;
      scan.form = form;
      scan.input_row = i;
      ontology::Row result;
      result.ts_us = row.ts_us;
      result.provenance = 1;
      result.set_f64(sum * gain_);
      scan.batch.rows.push_back(result);
      out.push_back(std::move(scan));
    }
  }

  void save(Bytes& out) const override {
    ByteWriter writer(out);
    writer.varint(devices_.size());
    for (const auto& [name, device] : devices_) {
      writer.text(name);
      writer.varint(device.last.size());
      for (const double value : device.last) writer.f64(value);
    }
  }
  Result<void> load(ByteView state) override {
    if (forgets) return {};
    ByteReader reader(state);
    for (auto count = reader.count(2); count > 0 && reader.ok(); --count) {
      Device& device = devices_[std::string(reader.text())];
      device.last.clear();
      for (auto values = reader.count(8); values > 0 && reader.ok(); --values)
        device.last.push_back(reader.f64());
    }
    if (reader.ok() && reader.at_end()) return {};
    for (auto& [name, device] : devices_) device.last.clear();
    return fail(Code::corrupt, "not a state of this scorer");
  }

  /// A bundle is the text of a number.
  Result<void> activate(std::string_view digest, ByteView bundle) override {
    const std::string_view text = as_text(bundle);
    int gain = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), gain);
    if (error != std::errc{} || end != text.data() + text.size())
      return fail(Code::invalid_input, "a toy model is a number");
    gain_ = gain;
    digest_ = digest;
    forms_.clear();
    return {};
  }
  std::vector<std::string> active() const override {
    return digest_.empty() ? std::vector<std::string>{} : std::vector<std::string>{digest_};
  }

  bool forgets = false;  ///< planted bug: a loaded state is ignored

 private:
  struct Device {
    std::optional<std::uint32_t> slot;
    std::deque<double> last;
  };
  std::shared_ptr<const gateway::DerivedForm> form_of(const ontology::DeviceAddress& address) {
    auto& form = forms_[address.text()];
    if (form) return form;
    ontology::Recipe recipe;
    recipe.model = digest_.empty() ? "toy@1" : "toy@2:" + digest_;
    recipe.inputs = address.text() + "/" + signal_ + "; sum of 5 scans";
    form = std::make_shared<gateway::DerivedForm>(
        gateway::DerivedForm{device_of(address),
                             {{std::string(metric), ontology::DataType::float64, "1"}},
                             {std::move(recipe)}});
    return form;
  }

  std::string signal_;
  std::map<std::string, Device> devices_;
  std::map<std::string, std::shared_ptr<const gateway::DerivedForm>> forms_;
  double gain_ = 1;
  std::string digest_;
};

}  // namespace millwright::sim
