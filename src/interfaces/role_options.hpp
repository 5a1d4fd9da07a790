// Options of the verbs that start roles, as the command line hands them to the composition roots.
// Passwords come from a file or the environment and are read by then.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "base/time.hpp"
#include "engine/broker.hpp"
#include "fabric/drivers/pace.hpp"

namespace millwright::interfaces {

enum class OutputFormat : std::uint8_t { table, json, yaml, csv };

struct EdgeRoleOptions {
  std::string site;
  std::string edge;
  engine::BrokerEndpoint broker;  ///< client_id empty: made from site and edge by the role
  std::string primary_host;       ///< host id whose STATE decides; empty: none
  std::string data_dir;
  std::vector<std::string> resources;            ///< files or directories
  std::map<std::string, std::string> variables;  ///< values of `${name}` in resources
  std::optional<drivers::Pace> pace;             ///< empty: as each Device says
  std::uint64_t buffer_bytes_max = 256ull << 20;
  bool buffer_drops_oldest = false;  ///< else sources wait, or declare their loss
  std::uint64_t window_bytes = 256 * 1024;
  bool datatype_in_data = false;
  bool quality_in_data = false;
  std::string hub_url;     ///< of the hub's API, where artifacts are fetched; empty: no releases
  std::string trust_file;  ///< keys that may sign releases
  bool waits_for_models = false;  ///< sources begin when every stage that scores has a model
  bool until_drained = false;     ///< ends when every source has ended and the hub has everything
  Severity log_level = Severity::info;
};

struct GatewayRoleOptions {
  std::string site;
  std::string gateway;
  std::string host_id;       ///< as primary host of the site; empty: the gateway's id
  std::string primary_host;  ///< the hub's host id
  engine::BrokerEndpoint site_broker;
  engine::BrokerEndpoint hub_broker;
  std::string data_dir;
  std::string hub_url;     ///< of the hub's API, where artifacts are fetched; empty: no releases
  std::string trust_file;  ///< keys that may sign releases
  Severity log_level = Severity::info;
};

struct HubRoleOptions {
  std::string host_id = "hub";
  engine::BrokerEndpoint broker;
  std::string data_dir;
  std::string store;                   ///< catalog; empty: `<data_dir>/catalog.db`
  std::vector<std::string> resources;  ///< files or directories; empty: no office
  std::string group;                   ///< takes this site only; empty: every site
  std::string http_host = "127.0.0.1";
  std::uint16_t http_port = 8080;  ///< 0: a free one, printed at start
  Duration commit_interval = std::chrono::milliseconds(20);
  Duration seal_interval = std::chrono::minutes(5);
  bool simulated = false;
  Severity log_level = Severity::info;
};

struct DemoOptions {
  bool once = false;  ///< plays `plant_time` as fast as accepted, checks the ledger, ends
  Duration plant_time = std::chrono::minutes(5);  ///< of --once
  Duration history = std::chrono::minutes(90);    ///< of the plant, played first; not of --once
  bool is_bare = false;         ///< nobody trains, releases or repairs by themselves
  std::string data_dir;         ///< empty: a new temporary directory, removed at the end
  std::uint16_t http_port = 0;  ///< 0: a free one
  std::uint64_t seed = 1;
  OutputFormat output = OutputFormat::table;
  Severity log_level = Severity::warning;
};

struct RunOptions {
  std::string example;                ///< directory of resources and `run.yaml`
  std::string data;                   ///< directory with the recorded data
  std::optional<drivers::Pace> pace;  ///< empty: as the example says
  std::string keep_dir;               ///< data directory that stays; empty: temporary
  std::string faults;                 ///< script of kills and stalls; empty: none
  OutputFormat output = OutputFormat::table;
  std::uint16_t http_port = 0;  ///< 0: a free one
  Severity log_level = Severity::warning;
};

struct SimOptions {
  std::uint64_t seed = 1;
  std::uint64_t seeds = 1;  ///< so many seeds, one after another
  std::uint32_t edges = 10;
  std::uint32_t signals = 20;  ///< per edge
  double hours = 1;
  bool faults = true;
  std::string planted_bug;  ///< name of a bug to plant; empty: none
  OutputFormat output = OutputFormat::table;
};

}  // namespace millwright::interfaces
