// A thousand agents connected to one server over TCP on this host, each with a
// key and a channel of its own, all in one process: how long they take to come,
// and what they cost when there is nothing to do (mcfeely 44).
#include <absl/strings/str_cat.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "bench/bench.h"
#include "keys/allowed_signers.h"
#include "keys/openssh_key.h"
#include "net/channel.h"
#include "sys/child.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/loop.h"
#include "sys/process.h"
#include "sys/signals.h"
#include "wire/messages.pb.h"
#include "wire/parcel.h"

namespace {

constexpr int kAgents = 1000;
// The server takes so many handshakes from one address at once: 64.
constexpr int kAtOnce = 48;
constexpr absl::Duration kIdle = absl::Seconds(20);
constexpr absl::Duration kLongest = absl::Minutes(2);

[[noreturn]] void Die(const absl::Status& status) {
  fprintf(stderr, "agents_bench: %s\n", status.ToString().c_str());
  exit(1);
}
template <typename T>
T Need(absl::StatusOr<T> v) {
  if (!v.ok()) Die(v.status());
  return *std::move(v);
}
void Need(const absl::Status& s) {
  if (!s.ok()) Die(s);
}

std::string PublicLine(const std::string& principal, const std::string& file) {
  return absl::StrCat(principal, " ", Need(sys::ReadFile(file + ".pub")));
}

struct Agent {
  std::string host;
  std::unique_ptr<keys::KeyPair> key;
  std::unique_ptr<net::Channel> channel;
};

class Fleet {
 public:
  explicit Fleet(const std::string& bin)
      : folder_(Need(sys::TemporaryFolder::Make("bench-"))) {
    std::string trust;
    Need(keys::WriteKeyFiles(path("hub"), keys::NewKeyPair("hub"), false));
    trust = PublicLine("server:mcfeely", path("hub"));
    Need(sys::MakeFolders(path("keys")));
    for (int i = 0; i < kAgents; i++) {
      Agent& agent = agents_.emplace_back();
      agent.host = absl::StrCat("h", i);
      agent.key = std::make_unique<keys::KeyPair>(keys::NewKeyPair("agent"));
      const std::string file = path("keys/" + agent.host);
      Need(keys::WriteKeyFiles(file, *agent.key, false));
      absl::StrAppend(&trust, PublicLine("host:" + agent.host, file));
    }
    Need(sys::ReplaceFile(path("trust"), trust));
    Need(sys::ReplaceFile(
        path("conf"),
        absl::StrCat("queue ", path("queue"),
                     "\nlisten tcp:127.0.0.1:0\nidentity ", path("hub"),
                     "\ntrust ", path("trust"), "\n")));
    log_ = Need(sys::Open(path("log"), O_WRONLY | O_CREAT | O_CLOEXEC));
    auto [out, in] = Need(sys::Pipe());
    server_ = Need(sys::Child::Spawn(
        std::vector<std::string>{bin, "mcfeely-server", "-c", path("conf"),
                                 "--ready-fd", "1"},
        {.out = in.get(), .err = log_.get()}));
    in.Reset();
    char line[256];
    const ssize_t n = read(out.get(), line, sizeof line);
    if (n <= 1) Die(absl::InternalError("the server does not start"));
    address_ = Need(
        net::ParseAddress(absl::string_view(line, static_cast<size_t>(n) - 1)));
    trust_ = std::make_unique<keys::TrustFile>(path("trust"));
    trust_->Refresh();
  }
  ~Fleet() {
    agents_.clear();
    (void)server_->Signal(SIGTERM);
    server_->Wait();
  }

  // Seconds until all of them have announced themselves.
  double ConnectAll() {
    const absl::Time begin = sys::SteadyNow();
    while (announced_ < kAgents) {
      while (called_ < kAgents && called_ - announced_ < kAtOnce) {
        Call(agents_[called_++]);
      }
      if (sys::SteadyNow() - begin > kLongest) {
        Die(absl::DeadlineExceededError("not all agents are connected"));
      }
      loop_.Turn(absl::Milliseconds(100));
    }
    return absl::ToDoubleSeconds(sys::SteadyNow() - begin);
  }
  void Idle(absl::Duration d) {
    const absl::Time end = sys::SteadyNow() + d;
    while (sys::SteadyNow() < end) loop_.Turn(absl::Milliseconds(100));
    if (closed_ > 0) Die(absl::InternalError("channels have ended"));
  }
  double ServerSeconds() {
    const std::string stat =
        Need(sys::ReadFile(absl::StrCat("/proc/", server_->pid(), "/stat")));
    unsigned long user = 0, system = 0;
    if (sscanf(stat.c_str() + stat.rfind(')') + 1,
               " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system) != 2) {
      Die(absl::InternalError("/proc/PID/stat"));
    }
    return static_cast<double>(user + system) / sysconf(_SC_CLK_TCK);
  }
  size_t ServerBytes() {
    const std::string statm =
        Need(sys::ReadFile(absl::StrCat("/proc/", server_->pid(), "/statm")));
    return std::stoul(statm.substr(statm.find(' '))) * 4096;
  }

 private:
  std::string path(const std::string& name) const {
    return folder_.path() + "/" + name;
  }
  void Call(Agent& agent) {
    net::ChannelOptions options;
    options.signer = agent.key.get();
    options.trust = trust_.get();
    options.principal = "host:" + agent.host;
    options.expected_principal = "server:mcfeely";
    net::ChannelEvents events;
    events.opened = [this, &agent](net::Channel& channel) {
      fleetbox::wire::Announce announce;
      announce.set_host(agent.host);
      announce.set_journal(sys::RandomBytes(16));
      wire::Draft draft;
      draft.kind = fleetbox::wire::ANNOUNCE;
      draft.body = announce.SerializeAsString();
      draft.audience = "server:mcfeely";
      draft.id = base::ParcelId::From(sys::RandomBytes(16));
      draft.now = sys::WallNow();
      channel.Send(Need(wire::Seal(draft, *agent.key)));
      announced_++;
    };
    events.closed = [this](net::Channel&, const absl::Status& why) {
      closed_++;
      fprintf(stderr, "agents_bench: %s\n", why.ToString().c_str());
    };
    agent.channel =
        net::Channel::Call(loop_, address_, options, std::move(events));
  }

  sys::TemporaryFolder folder_;
  sys::Loop loop_;
  sys::Fd log_;
  std::optional<sys::Child> server_;
  net::Address address_;
  std::unique_ptr<keys::TrustFile> trust_;
  std::deque<Agent> agents_;
  int called_ = 0, announced_ = 0, closed_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  const char* bin = getenv("BIN");
  if (bin == nullptr) bin = "build/release/fleetbox";
  sys::IgnoreSigpipe();
  sys::RaiseDescriptorLimit();
  bench::Table table("agents");
  Fleet fleet(bin);
  fleet.Idle(absl::Milliseconds(200));
  const size_t before = fleet.ServerBytes();
  const double seconds = fleet.ConnectAll();
  fleet.Idle(absl::Seconds(1));
  const size_t bytes = fleet.ServerBytes() - before;
  table.Add("agents connected", "1/s", kAgents / seconds, 10'000 / 30.0,
            ">= 1");
  table.Add("memory per connected agent", "bytes",
            static_cast<double>(bytes) / kAgents, 64 << 10, "<= 1");
  const double used = fleet.ServerSeconds();
  fleet.Idle(kIdle);
  table.Add("1000 idle agents, server's CPU", "percent",
            100 * (fleet.ServerSeconds() - used) / absl::ToDoubleSeconds(kIdle),
            1, "<= 1");
  return table.Finish(argc, argv);
}
