// What a Model resource says: how versions of it are trained and what they read.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/document.hpp"
#include "ontology/state_track.hpp"

namespace millwright::catalog {

enum class Tier : std::uint8_t { edge, gateway };
enum class Algorithm : std::uint8_t { gradient_boosting, pca };
enum class Feature : std::uint8_t { last, mean, slope, standard_deviation, least, greatest };

struct FeatureSpec {
  std::vector<std::uint32_t> windows{1};  ///< scans, the present one included; rising
  std::vector<Feature> functions{Feature::last};
  bool age = false;
};

/// Time to the end of the record of a device that ran to failure; with a scope, of each stretch.
struct RemainingLife {
  std::string unit;  ///< UCUM, of time
  std::optional<double> clip;
  std::vector<std::string> becomes = {};  ///< states whose beginning is an end; empty: any end
};

/// What cross-validation chooses from; empty: the trainer's default.
struct TrainingGrid {
  std::vector<std::uint32_t> rounds;
  std::vector<std::uint32_t> depth;
  std::vector<double> eta;
  std::vector<double> subsample;
  std::vector<double> columns;
  std::vector<double> min_child_weight;
};

struct TrainingSpec {
  std::map<std::string, std::string> labels;  ///< that a Device resource carries
  std::uint64_t seed = 1;
  std::uint32_t folds = 5;
  std::optional<std::uint32_t> healthy_scans;
  TrainingGrid grid;
};

struct ModelSpec {
  std::string resource;  ///< metadata.name
  std::string title;
  Tier tier = Tier::edge;
  Algorithm algorithm = Algorithm::pca;
  std::string asset_type;
  std::vector<std::string> inputs;
  FeatureSpec features;
  std::optional<ontology::StateScope> scope;  ///< `while`
  std::optional<RemainingLife> target;
  TrainingSpec training;
  double alpha = 0.001;
  double variance = 0.9;
};

/// Reads the `spec` of a Model; shapes that are wrong count as absent.
ModelSpec parse_model_spec(std::string_view name, const Node& spec);

std::string_view name_of(Tier tier);
std::string_view name_of(Algorithm algorithm);
std::string_view name_of(Feature feature);

}  // namespace millwright::catalog
