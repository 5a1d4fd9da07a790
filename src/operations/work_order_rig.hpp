// Findings and work orders for tests, through events as the hub would log them.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "operations/work_order.hpp"

namespace millwright::operations {

struct WorkBench {
  Findings findings;
  WorkOrders orders;
  Timestamp now{1'767'225'600'000'000};  // 2026-01-01

  /// A finding at `at`, and its work order. Gives the finding's id.
  std::string finding(const std::string& asset, Timestamp at,
                      const std::string& model = "life@1:ab", const std::string& rule = "low") {
    const FindingKey key{asset, model, rule};
    const auto event = findings.open(key, {EpisodeChange::Kind::opened, at, 0.2}, "low", "q", now);
    EXPECT_TRUE(event) << event.error().text();
    apply(*event);
    const std::string id = finding_id(key, at);
    const auto order = orders.open(*findings.find(id), "Look at " + asset, "high", now);
    EXPECT_TRUE(order) << order.error().text();
    apply(*order);
    return id;
  }
  void clear(const std::string& asset, Timestamp at, const std::string& model = "life@1:ab",
             const std::string& rule = "low") {
    apply(*findings.clear({asset, model, rule}, {EpisodeChange::Kind::cleared, at, 1}, now));
  }
  void verdict(const std::string& finding, Outcome outcome) {
    now = now + std::chrono::minutes(1);
    const auto event =
        orders.verdict({orders.of_finding(finding)->id, outcome, "seen", "", "person/anna"}, now);
    ASSERT_TRUE(event) << event.error().text();
    apply(*event);
  }
  void apply(const governance::Event& event) {
    ASSERT_TRUE(event.check()) << event.check().error().text();
    const auto read = *governance::Event::parse(event.canonical());
    ASSERT_TRUE(findings.apply(read));
    ASSERT_TRUE(orders.apply(read));
  }
};

}  // namespace millwright::operations
