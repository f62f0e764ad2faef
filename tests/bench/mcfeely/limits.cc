#include "bench/mcfeely/limits.h"

#include <absl/strings/numbers.h>
#include <poll.h>
#include <sodium.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "base/limits.h"
#include "bench/fanout/timed_command.h"
#include "bench/need.h"
#include "bench/store_probe.h"
#include "sys/child.h"
#include "sys/socket.h"

namespace bench {
namespace {

double SecondsSince(absl::Time begin) {
  return absl::ToDoubleSeconds(sys::SteadyNow() - begin);
}

// Both ends of one: ephemeral keys, session keys, a signed hello each, and the
// signed parcel with which an agent says who it is.
void ComputeHandshakes(int count) {
  unsigned char secret[crypto_sign_SECRETKEYBYTES],
      key[crypto_sign_PUBLICKEYBYTES], mine[2][crypto_kx_PUBLICKEYBYTES],
      hidden[2][crypto_kx_SECRETKEYBYTES], in[crypto_kx_SESSIONKEYBYTES],
      out[crypto_kx_SESSIONKEYBYTES], signature[crypto_sign_BYTES];
  const unsigned char hello[200] = {};
  crypto_sign_keypair(key, secret);
  for (int i = 0; i < count; i++) {
    for (int end = 0; end < 2; end++) crypto_kx_keypair(mine[end], hidden[end]);
    Must(crypto_kx_client_session_keys(in, out, mine[0], hidden[0], mine[1]) ==
                 0 &&
             crypto_kx_server_session_keys(in, out, mine[1], hidden[1],
                                           mine[0]) == 0,
         "key exchange");
    for (int signed_ = 0; signed_ < 3; signed_++) {
      crypto_sign_detached(signature, nullptr, hello, sizeof hello, secret);
      Must(
          crypto_sign_verify_detached(signature, hello, sizeof hello, key) == 0,
          "signature");
    }
  }
}

void Connect(int count) {
  const sys::Fd listening = Need(sys::ListenTcp("127.0.0.1", 0));
  const int port = Need(sys::LocalPort(listening.get()));
  std::vector<sys::Fd> ends;
  for (int i = 0; i < count; i++) {
    // As many as a process may have open on most hosts.
    if (ends.size() >= 1000) ends.clear();
    ends.push_back(Need(sys::BeginConnectTcp("127.0.0.1", port)));
    pollfd p = {listening.get(), POLLIN, 0};
    poll(&p, 1, 10'000);
    ends.push_back(Need(sys::Accept(listening.get(), nullptr)));
    Must(static_cast<bool>(ends.back()), "accept");
  }
}

}  // namespace

double SpawnsPerSecond(const std::string& program, int count) {
  TimedCommand limit;
  limit.parallel = 2;
  limit.items = count;
  limit.program = program;
  const Sample sample = SpawnOnTwoThreads(limit);
  Must(sample.code == 0, program);
  return count / sample.seconds;
}

double ChainSeconds(const std::string& program, int count, int writes) {
  const sys::TemporaryFolder folder =
      Need(sys::TemporaryFolder::Make("probe-"));
  AppendProbe disk(folder.path());
  const std::string record(kValueBytes, 'x');
  char* argv[] = {const_cast<char*>(program.c_str()), nullptr};
  char* none[] = {nullptr};
  const absl::Time begin = sys::SteadyNow();
  for (int i = 0; i < count; i++) {
    for (int w = 0; w < writes; w++) {
      disk.Begin();
      disk.Put("", record);
      disk.Commit();
    }
    int status = 0;
    waitpid(Execute(argv, none), &status, 0);
    Must(status == 0, program);
  }
  return SecondsSince(begin);
}

std::vector<double> StartLatencies(const std::string& clock, int count) {
  const sys::TemporaryFolder folder =
      Need(sys::TemporaryFolder::Make("probe-"));
  AppendProbe disk(folder.path());
  const std::string record(kValueBytes, 'x');
  std::vector<double> all;
  for (int i = 0; i < count; i++) {
    auto pipe = Need(sys::Pipe());
    const absl::Time begin = sys::WallNow();
    for (int w = 0; w < 2; w++) {
      disk.Begin();
      disk.Put("", record);
      disk.Commit();
    }
    sys::Child child =
        Need(sys::Child::Spawn({clock}, {.out = pipe.second.get()}));
    pipe.second.Reset();
    char text[32];
    const ssize_t n = read(pipe.first.get(), text, sizeof text);
    child.Wait();
    int64_t ns = 0;
    Must(n > 0 && absl::SimpleAtoi(
                      absl::string_view(text, static_cast<size_t>(n)), &ns),
         clock);
    all.push_back(absl::ToDoubleMilliseconds(absl::FromUnixNanos(ns) - begin));
  }
  return all;
}

double CommitSeconds(size_t bytes) {
  const sys::TemporaryFolder folder =
      Need(sys::TemporaryFolder::Make("probe-"));
  SqliteProbe probe(folder.path());
  const std::string piece(base::kMaxStoreValueBytes, 'x');
  const absl::Time begin = sys::SteadyNow();
  probe.Begin();
  for (size_t at = 0; at < bytes; at += piece.size()) {
    probe.Put(Key("t", 0, static_cast<int64_t>(at)),
              piece.substr(0, bytes - at));
  }
  probe.Commit();
  return SecondsSince(begin);
}

double RecordsPerSecond(int count) {
  constexpr int kInOne = 100;
  const sys::TemporaryFolder folder =
      Need(sys::TemporaryFolder::Make("probe-"));
  SqliteProbe probe(folder.path());
  const std::string record(kValueBytes, 'x');
  const absl::Time begin = sys::SteadyNow();
  for (int i = 0; i < count; i += kInOne) {
    probe.Begin();
    for (int k = 0; k < kInOne; k++) probe.Put(Key("t", 0, i + k), record);
    probe.Commit();
  }
  return count / SecondsSince(begin);
}

double ReadSeconds(const std::string& store) {
  sqlite3* db = nullptr;
  sqlite3_stmt* all = nullptr;
  const absl::Time begin = sys::SteadyNow();
  Must(sqlite3_open_v2(store.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) ==
               SQLITE_OK &&
           sqlite3_prepare_v2(db, "select k, v from kv order by k", -1, &all,
                              nullptr) == SQLITE_OK,
       store);
  int step;
  std::string key, value;
  while ((step = sqlite3_step(all)) == SQLITE_ROW) {
    key.assign(static_cast<const char*>(sqlite3_column_blob(all, 0)),
               sqlite3_column_bytes(all, 0));
    value.assign(static_cast<const char*>(sqlite3_column_blob(all, 1)),
                 sqlite3_column_bytes(all, 1));
  }
  Must(step == SQLITE_DONE, sqlite3_errmsg(db));
  sqlite3_finalize(all);
  sqlite3_close(db);
  return SecondsSince(begin);
}

double HandshakesSeconds(int count) {
  Must(sodium_init() >= 0, "libsodium");
  const absl::Time begin = sys::SteadyNow();
  Connect(count);
  std::thread other(ComputeHandshakes, count / 2);
  ComputeHandshakes(count - count / 2);
  other.join();
  return SecondsSince(begin);
}

}  // namespace bench
