#include "fanout/token_groups.h"

#include <absl/strings/str_cat.h>

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "fanout/readings.h"
#include "sys/file.h"

namespace fanout {
namespace {

absl::Status TooFew(int each, int count) {
  return absl::InvalidArgumentError(absl::StrCat(
      "ptbw cannot provide ", each, " tokens (only ", count, " available)"));
}

// As ptbw(1) sizes a pool that nobody gives a size for.
int UsualSize() { return 1 + 7 * Processors() / 4; }

}  // namespace

absl::StatusOr<std::unique_ptr<TokenGroups>> TokenGroups::Make(
    sys::Loop& loop, const TokenGroupsOptions& options, Calls calls,
    sys::Environment* environment) {
  std::unique_ptr<TokenGroups> groups(
      new TokenGroups(loop, options, std::move(calls)));
  if (!options.source) {
    const int tasks = options.tasks.value_or(options.groups);
    const int count =
        tasks == 0 ? UsualSize() : tasks * std::max(options.each, 1);
    TRY(groups->MakeOwn(IntegerTokens(count), environment));
    return groups;
  }
  const std::string& source = *options.source;
  if (source == "-") {
    TRY_ASSIGN(const Stack stack, ReadStack("ptbw", *environment));
    absl::StatusOr<std::string> path = stack.Target();
    if (!path.ok()) {
      return absl::InvalidArgumentError("$ptbw_link: no enclosing ptbw");
    }
    TRY(groups->Connect(*path));
    return groups;
  }
  const absl::StatusOr<sys::FileInfo> info = sys::Stat(source);
  if (info.ok() && info->exists && !info->regular && !info->folder) {
    TRY(groups->Connect(source));
    return groups;
  }
  TRY_ASSIGN(const std::string text, sys::ReadFile(source));
  absl::StatusOr<TokenTable> table = ParseTokens(text, source);
  if (!table.ok()) return base::Context(table.status(), source);
  TRY(groups->MakeOwn(*std::move(table), environment));
  return groups;
}

TokenGroups::~TokenGroups() = default;

absl::Status TokenGroups::MakeOwn(TokenTable table,
                                  sys::Environment* environment) {
  const int each = options_.each;
  const int count = static_cast<int>(table.tokens.size());
  if (count < each) return TooFew(each, count);
  if (!table.source.empty()) source_ = table.source;
  TRY_ASSIGN(const Stack stack, ReadStack("ptbw", *environment));
  TRY_ASSIGN(Place place, Place::Make(stack, false, *environment));
  place_.emplace(std::move(place));
  Announce(stack, place_->path(), false, "PTBW", environment);
  lender_ = std::make_unique<Lender>(
      loop_, std::move(table),
      LenderOptions{.group = each, .changed = nullptr});
  TRY(lender_->Listen(place_->listener()));
  const int groups =
      each == 0 ? options_.groups : std::min(options_.groups, count / each);
  for (int i = 0; i < groups; i++) {
    TRY_ASSIGN(const Lender::Holder holder,
               lender_->Ask(each, each, [this](std::vector<int> tokens) {
                 std::vector<std::string> texts;
                 for (int token : tokens) {
                   texts.push_back(lender_->tokens().text(token));
                 }
                 calls_.granted(std::move(texts));
               }));
    holders_.push_back(holder);
  }
  return absl::OkStatus();
}

absl::Status TokenGroups::Connect(const std::string& path) {
  absl::StatusOr<sys::Fd> connection = ConnectManager(path);
  if (!connection.ok()) {
    return absl::NotFoundError(connection.status().message());
  }
  PoolClient::Calls calls;
  calls.ready = [this](PoolClient::Info info) { Ready(std::move(info)); };
  calls.granted = [this](std::vector<int> tokens) {
    Granted(std::move(tokens));
  };
  calls.lost = calls_.lost;
  TRY_ASSIGN(client_, PoolClient::Start(loop_, *std::move(connection),
                                        std::move(calls)));
  return absl::OkStatus();
}

// What is free now comes at once, so that no task of ours takes the same tokens
// twice while others lie idle. For the rest we wait, group by group: the first
// task need not wait until there is room for all.
void TokenGroups::Ready(PoolClient::Info info) {
  source_ = info.source;
  count_ = info.count;
  const int each = options_.each;
  if (count_ < each) return calls_.lost(TooFew(each, count_));
  if (each == 0) {
    for (int i = 0; i < options_.groups; i++) calls_.granted({});
    return;
  }
  missing_ = std::min(options_.groups, count_ / each);
  asked_free_ = true;
  client_->AskFree(missing_ * each);
}

void TokenGroups::Granted(std::vector<int> tokens) {
  const auto each = static_cast<size_t>(options_.each);
  if (std::exchange(asked_free_, false)) {
    size_t at = 0;
    for (; at + each <= tokens.size(); at += each) {
      AddGroup({tokens.begin() + at, tokens.begin() + at + each});
    }
    for (; at < tokens.size(); at++) client_->GiveBack(tokens[at]);
    for (int i = 0; i < missing_; i++) client_->Ask(options_.each);
    return;
  }
  if (tokens.empty()) return calls_.lost(TooFew(options_.each, count_));
  AddGroup(std::move(tokens));
}

void TokenGroups::AddGroup(std::vector<int> tokens) {
  missing_--;
  std::vector<std::string> texts;
  for (int token : tokens) texts.push_back(client_->text(token));
  held_.push_back(std::move(tokens));
  calls_.granted(std::move(texts));
}

void TokenGroups::Release(size_t n) {
  if (lender_ != nullptr && n < holders_.size()) lender_->Release(holders_[n]);
  if (client_ != nullptr && n < held_.size()) {
    for (int token : std::exchange(held_[n], {})) client_->GiveBack(token);
  }
}

}  // namespace fanout
