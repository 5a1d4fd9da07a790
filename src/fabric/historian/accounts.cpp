#include "fabric/historian/accounts.hpp"

#include <utility>

namespace millwright::historian {

void Account::add_loss(LossEntry entry) {
  entry.range.incarnation = incarnation;
  lost += entry.range.count;
  if (losses.size() > losses_frozen) {
    LossEntry& last = losses.back();
    if (last.range.end() == entry.range.first && last.cause == entry.cause &&
        last.policy == entry.policy) {
      last.range.count += entry.range.count;
      last.from = std::min(last.from, entry.from);
      last.to = std::max(last.to, entry.to);
      return;
    }
  }
  losses.push_back(std::move(entry));
}

const Account* Accounts::find(const ProducerId& producer, Incarnation incarnation) const {
  const auto found = by_key_.find({producer, incarnation});
  return found == by_key_.end() ? nullptr : found->second;
}

Account* Accounts::find(const ProducerId& producer, Incarnation incarnation) {
  return const_cast<Account*>(std::as_const(*this).find(producer, incarnation));
}

Account* Accounts::find(std::uint32_t number) {
  return number == 0 || number > accounts_.size() ? nullptr : &accounts_[number - 1];
}

Account& Accounts::insert(const ProducerId& producer, Incarnation incarnation, Custody custody) {
  Account& account = accounts_.emplace_back();
  account.producer = producer;
  account.incarnation = incarnation;
  account.custody = custody;
  account.number = static_cast<std::uint32_t>(accounts_.size());
  by_key_.emplace(Key{producer, incarnation}, &account);
  AccountUpdate& state = sealed_state_.emplace_back();
  state.producer = account.number;
  return account;
}

Account& Accounts::add(const ProducerId& producer, Incarnation incarnation, Custody custody,
                       std::vector<ManifestRecord>& fresh) {
  Account& account = insert(producer, incarnation, custody);
  fresh.emplace_back(std::in_place_type<ProducerRecord>, account.number, producer, incarnation,
                     custody);
  return account;
}

Result<void> Accounts::take(const ProducerRecord& record) {
  if (record.number != accounts_.size() + 1) {
    return fail(Code::corrupt, "producer numbers are not dense");
  }
  insert(record.producer, record.incarnation, record.custody);
  return {};
}

void Accounts::take(const AccountUpdate& update) {
  Account* account = find(update.producer);
  if (account == nullptr) return;
  account->next = account->durable = update.next;
  account->stored = update.stored;
  account->duplicates = update.duplicates;
  for (const auto& loss : update.losses) account->add_loss(loss);
  account->losses_sealed = account->losses_frozen = account->losses.size();
  remember(update);
}

void Accounts::remember(const AccountUpdate& update) {
  AccountUpdate& state = sealed_state_[update.producer - 1];
  state.next = update.next;
  state.stored = update.stored;
  state.duplicates = update.duplicates;
  state.losses.insert(state.losses.end(), update.losses.begin(), update.losses.end());
}

void Accounts::stage(Account& account) {
  if (std::exchange(account.is_staged, true)) return;
  staged_.push_back(&account);
}

void Accounts::commit_staged() {
  for (Account* account : staged_) {
    account->durable = account->next;
    account->stored += std::exchange(account->staged_rows, 0);
    for (auto& loss : account->staged_losses) account->add_loss(std::move(loss));
    account->staged_losses.clear();
    account->is_staged = false;
    account->is_dirty = true;
  }
  staged_.clear();
}

void Accounts::roll_back() {
  for (Account* account : staged_) {
    account->next = account->durable;
    account->staged_rows = 0;
    account->staged_losses.clear();
    account->is_staged = false;
  }
  staged_.clear();
}

std::vector<AccountUpdate> Accounts::freeze() {
  std::vector<AccountUpdate> frozen;
  for (Account& account : accounts_) {
    if (!std::exchange(account.is_dirty, false)) continue;
    AccountUpdate& update = frozen.emplace_back();
    update.producer = account.number;
    update.next = account.durable;
    update.stored = account.stored;
    update.duplicates = account.duplicates;
    update.losses.assign(
        account.losses.begin() + static_cast<std::ptrdiff_t>(account.losses_sealed),
        account.losses.end());
    account.losses_frozen = account.losses.size();
  }
  return frozen;
}

void Accounts::sealed(const std::vector<AccountUpdate>& frozen) {
  for (const auto& update : frozen) {
    accounts_[update.producer - 1].losses_sealed += update.losses.size();
    remember(update);
  }
}

void Accounts::thaw(const std::vector<AccountUpdate>& frozen) {
  for (const auto& update : frozen) accounts_[update.producer - 1].is_dirty = true;
}

void Accounts::write(std::vector<ManifestRecord>& out) const {
  for (const Account& account : accounts_) {
    out.emplace_back(std::in_place_type<ProducerRecord>, account.number, account.producer,
                     account.incarnation, account.custody);
  }
}

}  // namespace millwright::historian
