// Two small bundles for tests and for the seeds of the fuzzer.
#pragma once

#include "models/bundle.hpp"

namespace millwright::models {

inline Training some_training() {
  Training training;
  training.at = {1'790'000'000'000'000};
  training.data = sha256(as_bytes("rows"));
  training.rows = 1200;
  training.groups = 12;
  training.seed = 7;
  training.parameters = TreeParameters{}.node();
  training.metrics = {{"cv_rmse", 12.5}, {"cv_bias", -0.25}};
  training.trained_by = "millwright 0.1.0";
  return training;
}

inline Bundle rul_bundle() {
  Bundle out;
  out.name = "remaining-life";
  out.version = 3;
  out.kind = ModelKind::rul;
  out.features = {.inputs = {"T30", "P30"},
                  .windows = {5},
                  .functions = {WindowFunction::last, WindowFunction::slope},
                  .add_age = false};
  out.units = {"[degR]", "[psi]"};
  out.target = "remaining life";
  out.target_unit = "h";
  out.target_max = 125;
  out.training = some_training();
  out.intended_use = "plans inspections of turbofans; \"never\" the only reason to stop one";
  out.limits = "one operating condition, one kind of fault";
  out.intervals = IntervalTable{.coverage = 0.9,
                                .low_end = 0,
                                .high_end = 125,
                                .edges = {40, 80.5},
                                .below = {5, 10, 20},
                                .above = {7, 12, 25.25}};
  out.trees = TreeEnsemble{
      .columns = 4,
      .base = 60,
      .link = Link::identity,
      .starts = {0},
      .nodes = {
          {.value = 0.5F, .feature = 3, .leaf = false, .nan_left = true, .left = 1, .right = 2},
          {.value = -10},
          {.value = 10}}};
  out.onnx = Bytes(5, std::byte{1});
  return out;
}

inline Bundle pca_bundle() {
  Bundle out;
  out.name = "turbofan-monitor";
  out.version = 1;
  out.kind = ModelKind::pca;
  out.features = {.inputs = {"T30", "P30"},
                  .windows = {1},
                  .functions = {WindowFunction::last},
                  .add_age = false};
  out.units = {"[degR]", "[psi]"};
  out.training = some_training();
  out.training.parameters = catalog::Node::make_map();
  out.pca = PcaMonitor{.inputs = 2,
                       .components = 1,
                       .mean = {1580, 553},
                       .scale = {0.1F, 1},
                       .loadings = {0.6F, 0.8F},
                       .variance = {1.5F},
                       .t2_limit = 10,
                       .spe_limit = 2.5,
                       .alpha = 0.001,
                       .fitted_rows = 400};
  return out;
}

}  // namespace millwright::models
