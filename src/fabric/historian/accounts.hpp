// The account of every (producer, incarnation): what was numbered, stored, lost. Staged and durable
// states are kept apart, so that a failed commit rolls back.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "fabric/historian/historian.hpp"
#include "fabric/historian/manifest_record.hpp"

namespace millwright::historian {

struct Account {
  ProducerId producer;
  Incarnation incarnation = 0;
  std::uint32_t number = 0;
  Custody custody = Custody::acknowledged;

  Sequence next = 0;  ///< staged included
  Sequence durable = 0;
  std::uint64_t stored = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::vector<LossEntry> losses;  ///< durable, in sequence order

  std::vector<LossEntry> staged_losses;
  std::uint64_t staged_rows = 0;
  bool is_staged = false;         ///< in Accounts::staged()
  bool is_dirty = false;          ///< changed since the last freeze
  std::size_t losses_sealed = 0;  ///< in the manifest
  std::size_t losses_frozen = 0;  ///< may not be merged any more

  /// Adds a durable loss; joins it with the last one when it continues it.
  void add_loss(LossEntry entry);
};

class Accounts {
 public:
  const Account* find(const ProducerId& producer, Incarnation incarnation) const;
  Account* find(const ProducerId& producer, Incarnation incarnation);
  Account* find(std::uint32_t number);
  /// Adds an account; its producer record is appended to `fresh`.
  Account& add(const ProducerId& producer, Incarnation incarnation, Custody custody,
               std::vector<ManifestRecord>& fresh);
  Result<void> take(const ProducerRecord& record);
  void take(const AccountUpdate& update);

  /// Notes that an account has something staged.
  void stage(Account& account);
  const std::vector<Account*>& staged() const { return staged_; }
  /// Staged becomes durable.
  void commit_staged();
  /// Staged is forgotten.
  void roll_back();

  /// What changed since the last freeze, for an edition of the manifest. `sealed` or `thaw`
  /// follows.
  std::vector<AccountUpdate> freeze();
  void sealed(const std::vector<AccountUpdate>& frozen);
  void thaw(const std::vector<AccountUpdate>& frozen);

  const std::deque<Account>& all() const { return accounts_; }
  /// Every producer record, and every account as of the last seal.
  void write(std::vector<ManifestRecord>& out) const;
  /// Accounts as of the last seal, kept for `write`.
  const std::vector<AccountUpdate>& sealed_state() const { return sealed_state_; }

 private:
  struct Key {
    ProducerId producer;
    Incarnation incarnation;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept {
      return std::hash<ProducerId>{}(key.producer) ^ (key.incarnation * 0x9E3779B97F4A7C15ull);
    }
  };
  Account& insert(const ProducerId& producer, Incarnation incarnation, Custody custody);
  void remember(const AccountUpdate& update);

  std::deque<Account> accounts_;  ///< by number - 1; addresses stay valid
  std::unordered_map<Key, Account*, KeyHash> by_key_;
  std::vector<Account*> staged_;
  std::vector<AccountUpdate> sealed_state_;  ///< by number - 1; with all sealed losses
};

}  // namespace millwright::historian
