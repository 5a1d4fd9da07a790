// The world as a core sees it: everything that is not computation comes in through here.
#pragma once

#include "base/log.hpp"
#include "base/time.hpp"
#include "engine/broker.hpp"
#include "engine/disk.hpp"
#include "engine/executor.hpp"

namespace millwright::engine {

/// References that outlive the core which is given them. One executor per core: a core is
/// single-threaded.
struct World {
  const Clock& clock;
  Random& random;
  Executor& executor;
  Disk& disk;
  BrokerConnector& brokers;
  Log& log;
};

}  // namespace millwright::engine
