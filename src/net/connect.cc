#include "net/connect.h"

#include <absl/status/status.h>
#include <absl/strings/ascii.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/strings/str_replace.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

#include "base/status.h"
#include "base/time.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "sys/resolve.h"
#include "sys/socket.h"

namespace net {
namespace {

using Ends = std::pair<sys::Fd, sys::Fd>;

bool IsNumeric(const std::string& host) {
  unsigned char bytes[sizeof(in6_addr)];
  // A zone ("fe80::1%eth0") is no name either; Resolve takes it as it is.
  return inet_pton(AF_INET, host.c_str(), bytes) == 1 ||
         host.find(':') != std::string::npos;
}

std::string Quoted(const std::string& word) {
  const bool plain =
      !word.empty() &&
      std::all_of(word.begin(), word.end(), [](unsigned char c) {
        return absl::ascii_isalnum(c) ||
               absl::string_view("_-./:=@%+,").find(static_cast<char>(c)) !=
                   absl::string_view::npos;
      });
  if (plain) return word;
  return absl::StrCat("'", absl::StrReplaceAll(word, {{"'", "'\\''"}}), "'");
}

// A look-up under way on a thread. The thread and the connector share it and
// nothing else: whichever lives longer frees it, and a loop that is gone by the
// time the name server answers is never touched.
struct LookUp {
  std::mutex mutex;
  absl::StatusOr<std::vector<std::string>> found =
      absl::UnknownError("not looked up");
  sys::Fd finished;  // closed by the thread once `found` is there
};

absl::StatusOr<sys::Fd> BeginLookUp(const std::string& host,
                                    std::shared_ptr<LookUp> look_up) {
  TRY_ASSIGN(Ends pipe, sys::Pipe());
  look_up->finished = std::move(pipe.second);
  std::thread([host, look_up = std::move(look_up)] {
    absl::StatusOr<std::vector<std::string>> found = sys::Resolve(host);
    std::lock_guard lock(look_up->mutex);
    look_up->found = std::move(found);
    look_up->finished.Reset();
  }).detach();
  return std::move(pipe.first);
}

}  // namespace

std::vector<std::string> SshCommand(const Address& address,
                                    const ConnectOptions& options) {
  // No terminal, and no questions: there may be nobody to ask.
  std::vector<std::string> words = {options.ssh_program};
  words.insert(words.end(), options.ssh_options.begin(),
               options.ssh_options.end());
  if (options.ssh_as_given) {
    words.push_back(address.user.empty()
                        ? address.host
                        : absl::StrCat(address.user, "@", address.host));
  } else {
    words.insert(words.end(), {"-T", "-oBatchMode=yes"});
    if (!address.user.empty()) {
      words.push_back("-l");
      words.push_back(address.user);
    }
    words.push_back("--");
    words.push_back(address.host);
  }
  std::vector<std::string> remote;
  for (const std::string& word : options.remote_command) {
    remote.push_back(Quoted(word));
  }
  words.push_back(absl::StrJoin(remote, " "));
  return words;
}

struct Connector::State : std::enable_shared_from_this<Connector::State> {
  State(sys::Loop& l, ConnectOptions o, Done d)
      : loop(l), options(std::move(o)), done(std::move(d)) {}

  void Begin(const Address& address);
  void BeginTcp(const Address& address);
  void TryNext();
  void GiveUpOne(const absl::Status& why);
  void Finish(absl::StatusOr<Connection> result);
  void Stop();
  absl::StatusOr<Connection> StartSsh(const Address& address);

  sys::Loop& loop;
  ConnectOptions options;
  Done done;
  absl::Time deadline;
  sys::Loop::Timer timer = 0;
  std::shared_ptr<LookUp> look_up;
  sys::Fd look_up_done;
  std::deque<std::string> numbers;  // not tried yet
  int port = 0;
  sys::Fd socket;  // connecting
  absl::Status last_failure;
};

std::unique_ptr<Connector> Connector::Start(sys::Loop& loop,
                                            const Address& address,
                                            ConnectOptions options, Done done) {
  std::unique_ptr<Connector> connector(new Connector);
  connector->state_ =
      std::make_shared<State>(loop, std::move(options), std::move(done));
  connector->state_->Begin(address);
  return connector;
}

Connector::Connector() = default;
Connector::~Connector() {
  state_->done = nullptr;
  state_->Stop();
}

void Connector::State::Begin(const Address& address) {
  deadline = sys::SteadyNow() + options.longest;
  switch (address.carrier) {
    case Address::Carrier::kUnix: {
      absl::StatusOr<sys::Fd> fd = sys::ConnectUnix(address.path);
      if (!fd.ok()) return Finish(fd.status());
      Connection c;
      c.fd = *std::move(fd);
      return Finish(std::move(c));
    }
    case Address::Carrier::kTcp:
      return BeginTcp(address);
    case Address::Carrier::kSsh:
      return Finish(StartSsh(address));
  }
}

void Connector::State::BeginTcp(const Address& address) {
  port = address.port;
  if (IsNumeric(address.host) || address.host == "localhost") {
    absl::StatusOr<std::vector<std::string>> found = sys::Resolve(address.host);
    if (!found.ok()) return Finish(found.status());
    numbers.assign(found->begin(), found->end());
    return TryNext();
  }
  timer = loop.At(deadline, [this, host = address.host] {
    Finish(absl::DeadlineExceededError(
        absl::StrCat("looking up '", host, "' took more than ",
                     base::FormatDuration(options.longest))));
  });
  look_up = std::make_shared<LookUp>();
  absl::StatusOr<sys::Fd> finished = BeginLookUp(address.host, look_up);
  if (!finished.ok()) return Finish(finished.status());
  look_up_done = *std::move(finished);
  const absl::Status watching =
      loop.Watch(look_up_done.get(), EPOLLIN, [this](uint32_t) {
        loop.Unwatch(look_up_done.get());
        look_up_done.Reset();
        absl::StatusOr<std::vector<std::string>> found;
        {
          std::lock_guard lock(look_up->mutex);
          found = look_up->found;
        }
        if (!found.ok()) return Finish(found.status());
        numbers.assign(found->begin(), found->end());
        TryNext();
      });
  if (!watching.ok()) Finish(watching);
}

// Tries the next address. One that does not answer gets its share of the time
// that is left, so that it does not use up the others'.
void Connector::State::TryNext() {
  loop.Cancel(std::exchange(timer, 0));
  while (!numbers.empty()) {
    const std::string number = std::move(numbers.front());
    numbers.pop_front();
    absl::StatusOr<sys::Fd> fd = sys::BeginConnectTcp(number, port);
    if (!fd.ok()) {
      last_failure = fd.status();
      continue;
    }
    socket = *std::move(fd);
    const absl::Status watching =
        loop.Watch(socket.get(), EPOLLOUT, [this](uint32_t) {
          const absl::Status failed = sys::ConnectError(socket.get());
          if (!failed.ok()) return GiveUpOne(failed);
          Connection c;
          loop.Unwatch(socket.get());
          c.fd = std::move(socket);
          Finish(std::move(c));
        });
    if (!watching.ok()) return Finish(watching);
    const absl::Duration left =
        std::max(deadline - sys::SteadyNow(), absl::ZeroDuration());
    const int sharers = static_cast<int>(numbers.size()) + 1;
    timer = loop.After(left / sharers, [this, number] {
      timer = 0;
      GiveUpOne(absl::DeadlineExceededError(
          absl::StrCat(number, ": no answer to the connection")));
    });
    return;
  }
  Finish(last_failure.ok() ? absl::NotFoundError("the name has no address")
                           : last_failure);
}

void Connector::State::GiveUpOne(const absl::Status& why) {
  last_failure = why;
  loop.Unwatch(socket.get());
  socket.Reset();
  TryNext();
}

absl::StatusOr<Connection> Connector::State::StartSsh(const Address& address) {
  TRY_ASSIGN(Ends ends, sys::SocketPair());
  TRY_ASSIGN(Ends errors, sys::Pipe());
  TRY(sys::SetNonBlocking(errors.first.get()));
  // ssh, or whatever the site puts in its place, expects a standard input that
  // blocks.
  if (fcntl(ends.second.get(), F_SETFL, 0) != 0) {
    return base::SysError("fcntl");
  }
  sys::SpawnOptions spawn;
  spawn.in = ends.second.get();
  spawn.out = ends.second.get();
  spawn.err = errors.second.get();
  // A ^C at the terminal is for us; our end ends it.
  spawn.own_group = true;
  TRY_ASSIGN(sys::Child child,
             sys::Child::Spawn(SshCommand(address, options), spawn));
  Connection c;
  c.fd = std::move(ends.first);
  c.child = std::move(child);
  c.child_errors = std::move(errors.first);
  return c;
}

void Connector::State::Stop() {
  loop.Cancel(std::exchange(timer, 0));
  loop.Unwatch(look_up_done.get());
  look_up_done.Reset();
  loop.Unwatch(socket.get());
  socket.Reset();
}

void Connector::State::Finish(absl::StatusOr<Connection> result) {
  Stop();
  // Posted even when we are on the loop: `done` may destroy us, and our callers
  // here need not know. Shared, since functions are copied and descriptors not.
  auto kept = std::make_shared<absl::StatusOr<Connection>>(std::move(result));
  loop.Post([weak = weak_from_this(), kept] {
    std::shared_ptr<State> state = weak.lock();
    if (state == nullptr || state->done == nullptr) return;
    Done d = std::exchange(state->done, nullptr);
    d(std::move(*kept));
  });
}

}  // namespace net
