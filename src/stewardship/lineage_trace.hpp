// One value on its way back to its sources. Internal to the explainer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stewardship/explainer_core.hpp"
#include "stewardship/lineage.hpp"
#include "stewardship/value_window.hpp"

namespace millwright::stewardship {

/// Reads on the historian's lane, one step after the other, on the hub's executor.
class LineageTrace : public std::enable_shared_from_this<LineageTrace> {
 public:
  LineageTrace(Office& office, historian::Historian& historian, ValuePlace place,
               Reply<catalog::Node> reply)
      : office_(office),
        historian_(historian),
        series_(historian),
        place_(std::move(place)),
        reply_(std::move(reply)) {}

  /// Reads several ranges; the answers in their order.
  using Read =
      std::function<void(std::vector<historian::RangeQuery>, Reply<std::vector<historian::Range>>)>;
  void start(Read read);

 private:
  using Definition = const historian::SeriesDefinition*;
  using Rows = std::vector<historian::StoredSample>;

  Definition resolve(std::string_view series) const;
  void choose(const historian::Range& rows);
  void follow();
  void follow_pipeline();
  void follow_edge();
  void follow_gateway();
  void take_gateway_rows(std::vector<historian::Range> ranges, bool has_life,
                         std::vector<Definition> through);
  std::optional<ontology::Recipe> recipe_of(historian::ProvenanceNumber number) const;
  bool find_leaves(const std::vector<std::string>& names, const std::string& device);
  void load_bundle(const std::string& model);
  void read_window(std::size_t attempt);
  bool reaches_back(const std::vector<historian::Range>& ranges) const;
  StretchStart start_of(const std::vector<historian::Range>& ranges) const;
  void take_window(std::vector<historian::Range> ranges, bool is_whole);
  void compare(std::span<const ScanRows> scans);
  std::optional<double> recomputed_over(std::span<const ScanRows> scans, std::uint64_t age) const;
  /// Reads the model's other verdicts on the window and says which row does not fit.
  void name_suspect(double recomputed, double stored);
  void take_witnesses(const historian::Range& verdicts);
  Duration step() const;
  void problem(std::string what) { problems_.push_back(std::move(what)); }
  void fail_with(Error error);
  void finish();
  catalog::Node value_node() const;

  Office& office_;
  historian::Historian& historian_;
  SeriesByName series_;
  ValuePlace place_;
  Reply<catalog::Node> reply_;
  Read read_;

  Definition definition_ = nullptr;
  historian::StoredSample sample_;
  std::size_t revisions_ = 0;  ///< of that time
  bool is_current_ = true;
  std::optional<ontology::Recipe> recipe_;
  RecipeInputs inputs_;

  // Of a verdict.
  Seen seen_;
  std::vector<std::string> leaf_names_;
  std::vector<std::vector<Definition>> leaves_;  ///< by input: the series of that name
  std::vector<Definition> states_;               ///< what the scope of the bundle asks
  std::optional<models::Bundle> bundle_;
  std::uint32_t longest_ = 1;
  std::string judged_metric_;  ///< what is recomputed: the value, or the life a health rests on
  historian::StoredSample judged_;
  Definition judged_series_ = nullptr;
  std::vector<ScanRows> compared_;  ///< the window and as many scans before it
  Recomputation what_;
  std::vector<ScanRows> scans_;  ///< of the window
  std::vector<std::pair<Definition, historian::StoredSample>> sources_;
  std::vector<std::pair<Definition, historian::StoredSample>> through_;
  std::vector<std::string> problems_;
  catalog::Node window_, recomputed_;
};

}  // namespace millwright::stewardship
