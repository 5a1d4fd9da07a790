#include <proto/onnx_subset.pb.h>

#include <cmath>

#include "base/format.hpp"
#include "models/onnx.hpp"

namespace millwright::models {
namespace {

namespace onnx = onnx_subset;
using Attribute = onnx::AttributeProto;

constexpr int element_float = 1;  // TensorProto.DataType.FLOAT
constexpr std::int64_t ir_version = 8;
constexpr std::int64_t core_operators = 13;
constexpr std::int64_t tree_operators = 3;
constexpr const char* trees_domain = "ai.onnx.ml";
constexpr const char* rows_name = "rows";

onnx::ModelProto model_of(std::string_view name) {
  onnx::ModelProto model;
  model.set_ir_version(ir_version);
  model.set_producer_name("millwright");
  model.mutable_graph()->set_name(std::string(name));
  model.add_opset_import()->set_version(core_operators);
  return model;
}

void add_matrix(onnx::ValueInfoProto& value, const std::string& name, std::size_t columns) {
  value.set_name(name);
  auto* tensor = value.mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(element_float);
  tensor->mutable_shape()->add_dim()->set_dim_param(rows_name);
  tensor->mutable_shape()->add_dim()->set_dim_value(static_cast<std::int64_t>(columns));
}

onnx::NodeProto& add_node(onnx::GraphProto& graph, const char* type,
                          std::initializer_list<const char*> inputs, const char* output) {
  onnx::NodeProto& node = *graph.add_node();
  node.set_op_type(type);
  node.set_name(output);
  for (const char* input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

Attribute& add_attribute(onnx::NodeProto& node, const char* name, Attribute::AttributeType type) {
  Attribute& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

void add_tensor(onnx::GraphProto& graph, const char* name, std::initializer_list<std::size_t> shape,
                std::span<const float> values) {
  onnx::TensorProto& tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(element_float);
  for (const std::size_t size : shape) tensor.add_dims(static_cast<std::int64_t>(size));
  for (const float value : values) tensor.add_float_data(value);
}

/// The eleven lists of TreeEnsembleRegressor (ai.onnx.ml 3), one entry a node or a leaf.
struct TreeLists {
  explicit TreeLists(onnx::NodeProto& node)
      : tree(add_attribute(node, "nodes_treeids", Attribute::INTS)),
        id(add_attribute(node, "nodes_nodeids", Attribute::INTS)),
        feature(add_attribute(node, "nodes_featureids", Attribute::INTS)),
        mode(add_attribute(node, "nodes_modes", Attribute::STRINGS)),
        value(add_attribute(node, "nodes_values", Attribute::FLOATS)),
        yes(add_attribute(node, "nodes_truenodeids", Attribute::INTS)),
        no(add_attribute(node, "nodes_falsenodeids", Attribute::INTS)),
        nan_yes(add_attribute(node, "nodes_missing_value_tracks_true", Attribute::INTS)),
        leaf_tree(add_attribute(node, "target_treeids", Attribute::INTS)),
        leaf_node(add_attribute(node, "target_nodeids", Attribute::INTS)),
        leaf_target(add_attribute(node, "target_ids", Attribute::INTS)),
        leaf_value(add_attribute(node, "target_weights", Attribute::FLOATS)) {}

  void add(std::int64_t tree_id, std::int64_t node_id, const TreeNode& node) {
    tree.add_ints(tree_id);
    id.add_ints(node_id);
    feature.add_ints(node.leaf ? 0 : node.feature);
    mode.add_strings(node.leaf ? "LEAF" : "BRANCH_LT");
    value.add_floats(node.leaf ? 0 : node.value);
    yes.add_ints(node.leaf ? 0 : node.left);
    no.add_ints(node.leaf ? 0 : node.right);
    nan_yes.add_ints(node.nan_left ? 1 : 0);
    if (!node.leaf) return;
    leaf_tree.add_ints(tree_id);
    leaf_node.add_ints(node_id);
    leaf_target.add_ints(0);
    leaf_value.add_floats(node.value);
  }

  Attribute &tree, &id, &feature, &mode, &value, &yes, &no, &nan_yes;
  Attribute &leaf_tree, &leaf_node, &leaf_target, &leaf_value;
};

Bytes bytes_of(const onnx::ModelProto& model) {
  const std::string text = model.SerializeAsString();
  const ByteView bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Bytes onnx_of(const TreeEnsemble& ensemble, std::string_view name) {
  onnx::ModelProto model = model_of(name);
  onnx::OperatorSetIdProto& operators = *model.add_opset_import();
  operators.set_domain(trees_domain);
  operators.set_version(tree_operators);
  onnx::GraphProto& graph = *model.mutable_graph();
  add_matrix(*graph.add_input(), "features", ensemble.columns);
  add_matrix(*graph.add_output(), "prediction", 1);

  const bool logistic = ensemble.link == Link::logistic;
  onnx::NodeProto& node =
      add_node(graph, "TreeEnsembleRegressor", {"features"}, logistic ? "log_odds" : "prediction");
  node.set_domain(trees_domain);
  TreeLists lists(node);
  for (std::size_t t = 0; t < ensemble.trees(); ++t) {
    const std::span<const TreeNode> tree = ensemble.tree(t);
    for (std::size_t n = 0; n < tree.size(); ++n) {
      lists.add(static_cast<std::int64_t>(t), static_cast<std::int64_t>(n), tree[n]);
    }
  }
  add_attribute(node, "base_values", Attribute::FLOATS).add_floats(ensemble.base);
  add_attribute(node, "n_targets", Attribute::INT).set_i(1);
  add_attribute(node, "aggregate_function", Attribute::STRING).set_s("SUM");
  add_attribute(node, "post_transform", Attribute::STRING).set_s("NONE");
  if (logistic) add_node(graph, "Sigmoid", {"log_odds"}, "prediction");
  return bytes_of(model);
}

Bytes onnx_of(const PcaMonitor& monitor, std::string_view name) {
  onnx::ModelProto model = model_of(name);
  onnx::GraphProto& graph = *model.mutable_graph();
  const std::size_t n = monitor.inputs;
  const std::size_t k = monitor.components;
  add_matrix(*graph.add_input(), "features", n);
  add_matrix(*graph.add_output(), "t2", 1);
  add_matrix(*graph.add_output(), "spe", 1);

  std::vector<float> across(n * k);
  for (std::size_t c = 0; c < k; ++c) {
    for (std::size_t i = 0; i < n; ++i) across[i * k + c] = monitor.loadings[c * n + i];
  }
  std::vector<float> spread;
  for (const float variance : monitor.variance) spread.push_back(1 / std::sqrt(variance));
  add_tensor(graph, "mean", {n}, monitor.mean);
  add_tensor(graph, "scale", {n}, monitor.scale);
  add_tensor(graph, "loadings", {k, n}, monitor.loadings);
  add_tensor(graph, "loadings_across", {n, k}, across);
  add_tensor(graph, "spread", {k}, spread);

  const auto sum_of_squares = [&](const char* input, const char* output) {
    onnx::NodeProto& node = add_node(graph, "ReduceSumSquare", {input}, output);
    add_attribute(node, "axes", Attribute::INTS).add_ints(1);
    add_attribute(node, "keepdims", Attribute::INT).set_i(1);
  };
  add_node(graph, "Sub", {"features", "mean"}, "centred");
  add_node(graph, "Mul", {"centred", "scale"}, "standard");
  add_node(graph, "MatMul", {"standard", "loadings_across"}, "along");
  add_node(graph, "Mul", {"along", "spread"}, "whitened");
  sum_of_squares("whitened", "t2");
  // The residual itself, not a difference of squares, which would cancel in 32 bits.
  add_node(graph, "MatMul", {"along", "loadings"}, "inside");
  add_node(graph, "Sub", {"standard", "inside"}, "residual");
  sum_of_squares("residual", "spe");
  return bytes_of(model);
}

}  // namespace millwright::models
