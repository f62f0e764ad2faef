#include "fanout/pool_table.h"

#include <absl/strings/str_cat.h>
#include <poll.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "base/status.h"
#include "fanout/pool_protocol.h"
#include "fanout/pool_size.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/pass_fd.h"
#include "sys/process.h"

namespace fanout {
namespace {

constexpr size_t kReadBytes = 16 << 10;
// Requests that go off together: their answers fit any socket's buffer, so that
// neither side waits for the other to read.
constexpr int kRequestsAtOnce = 256;

absl::Status Nonsense(absl::string_view what) {
  return absl::AbortedError(absl::StrCat("protocol error: ", what));
}

class Conversation {
 public:
  Conversation(sys::Fd connection, absl::Time deadline)
      : connection_(std::move(connection)), deadline_(deadline) {}

  absl::Status Send(absl::string_view bytes) {
    while (!bytes.empty()) {
      const absl::StatusOr<size_t> sent =
          sys::SendWithFd(connection_.get(), bytes, -1);
      if (!sent.ok()) return Nonsense("the pool hung up");
      bytes.remove_prefix(*sent);
      if (*sent == 0) TRY(Wait(POLLOUT));
    }
    return absl::OkStatus();
  }

  absl::StatusOr<PoolReply> Answer(PoolReply::Kind kind, size_t count = 1) {
    answers_.Expect(kind, count);
    for (;;) {
      absl::StatusOr<std::optional<PoolReply>> reply = answers_.Next();
      if (!reply.ok()) return Nonsense(reply.status().message());
      if (*reply) return **std::move(reply);
      TRY(Wait(POLLIN));
      const absl::StatusOr<sys::Received> received =
          sys::ReceiveWithFd(connection_.get(), kReadBytes);
      if (!received.ok() || received->closed) {
        return Nonsense("the pool hung up");
      }
      answers_.Feed(received->bytes);
    }
  }

  absl::StatusOr<int64_t> Number(size_t of = 1) {
    TRY_ASSIGN(const PoolReply reply, Answer(PoolReply::Kind::kNumbers, of));
    if (reply.numbers.empty()) return Nonsense("not a number");
    return reply.numbers[0];
  }

 private:
  absl::Status Wait(short events) {
    const int64_t left =
        absl::ToInt64Milliseconds(deadline_ - sys::SteadyNow());
    pollfd ready = {connection_.get(), events, 0};
    if (left <= 0 || poll(&ready, 1, static_cast<int>(left)) == 0) {
      return absl::DeadlineExceededError("no answer from the pool");
    }
    return absl::OkStatus();
  }

  const sys::Fd connection_;
  const absl::Time deadline_;
  PoolReplyReader answers_;
};

}  // namespace

absl::StatusOr<PoolTable> ReadPoolTable(sys::Fd connection, bool finish,
                                        absl::Duration longest) {
  Conversation pool(std::move(connection), sys::SteadyNow() + longest);
  TRY(pool.Send(absl::StrCat(sys::MyPid(), "\nSRU")));
  TRY_ASSIGN(const int64_t count, pool.Number(2));
  if (count < 0 || count > kMaxTokens) return Nonsense("the table's size");
  PoolTable table;
  TRY_ASSIGN(table.group, pool.Number());
  TRY_ASSIGN(PoolReply source, pool.Answer(PoolReply::Kind::kSource));
  table.from_file = source.file;
  table.source = std::move(source.text);

  TRY(pool.Send("T"));
  TRY_ASSIGN(PoolReply tokens,
             pool.Answer(PoolReply::Kind::kTexts, static_cast<size_t>(count)));
  for (int64_t begin = 0; begin < count; begin += kRequestsAtOnce) {
    const int64_t end = std::min(begin + kRequestsAtOnce, count);
    std::string requests;
    for (int64_t i = begin; i < end; i++) absl::StrAppend(&requests, i, "O");
    TRY(pool.Send(requests));
    for (int64_t i = begin; i < end; i++) {
      TRY_ASSIGN(const int64_t holder, pool.Number());
      // One that is none any more.
      if (holder < 0) continue;
      table.rows.push_back({i, std::move(tokens.texts[i]), holder, ""});
    }
  }
  if (finish) {
    TRY(pool.Send("Q"));
    TRY(pool.Answer(PoolReply::Kind::kText));
  }
  return table;
}

void FindCommands(PoolTable* table) {
  std::map<int64_t, std::string> known;
  for (PoolTable::Row& row : table->rows) {
    if (row.holder == 0) continue;
    const auto [it, first] = known.try_emplace(row.holder);
    if (first) {
      const auto line =
          sys::ReadFile(absl::StrCat("/proc/", row.holder, "/cmdline"));
      if (line.ok()) it->second = CommandLineText(*line);
    }
    row.command = it->second;
  }
}

}  // namespace fanout
