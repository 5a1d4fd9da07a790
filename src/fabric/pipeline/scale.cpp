// Stage `scale`: gain and offset.
#include "fabric/pipeline/stages.hpp"

namespace millwright::pipeline {
namespace {

class Scale final : public Stage {
 public:
  Scale(const ScaleSpec& spec, Selection selection)
      : gain_(spec.gain), offset_(spec.offset), selection_(std::move(selection)) {}

  void process(const std::vector<ontology::Row>& in, std::vector<ontology::Row>& out) override {
    for (ontology::Row row : in) {
      if (selection_.takes(row.slot) && !row.is_null) {
        const auto value = selection_.value(row);
        const double scaled = value ? *value * gain_ + offset_ : 0;
        if (value && std::isfinite(scaled)) {
          row.set_f64(scaled);
        } else {
          row.bits = 0;
          row.is_null = true;
          row.quality = worse(row.quality, ontology::Quality::bad(ontology::Reason::out_of_range));
        }
      }
      out.push_back(row);
    }
  }

 private:
  double gain_;
  double offset_;
  Selection selection_;
};

}  // namespace

std::unique_ptr<Stage> make_scale(const ScaleSpec& spec, Selection selection) {
  return std::make_unique<Scale>(spec, std::move(selection));
}

}  // namespace millwright::pipeline
